import { createPrivateKey, createPublicKey, diffieHellman, webcrypto } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { generateSeed, nodeCrypto, signerFromSeed, x25519FromSeed } from '../../src/keys/node.ts';
import { webCrypto, webSigner } from '../../src/keys/web.ts';
import { fromBase64url, hash16, utf8 } from '../../src/op/index.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const base64url = (text: string): string => Buffer.from(text, 'hex').toString('base64url');

/** RFC 8032, 7.1, tests 1 to 3. */
const vectors = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    text: '',
    sig: 'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    text: '72',
    sig: '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
  {
    seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    text: 'af82',
    sig: '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
];

const web = webCrypto(nodeCrypto.sha256);

describe.each([
  ['node', nodeCrypto, async (seed: Uint8Array) => signerFromSeed(seed)],
  ['web', web, (seed: Uint8Array) => webSigner(nodeCrypto, seed)],
] as const)('the %s adapter', (_name, crypto, signerOf) => {
  test.each(vectors)('OP-5 RFC 8032 vector %#', async (vector) => {
    const signer = await signerOf(hex(vector.seed));
    expect(signer.publicKey).toBe(base64url(vector.publicKey));
    expect(signer.id).toBe(hash16(crypto, hex(vector.publicKey)));
    expect(await signer.sign(hex(vector.text))).toBe(base64url(vector.sig));
    expect(await crypto.verify(signer.publicKey, hex(vector.text), base64url(vector.sig))).toBe(true);
    expect(await crypto.verify(signer.publicKey, utf8('other'), base64url(vector.sig))).toBe(false);
  });

  test('OP-5 keys and signatures that are none are false, never an error', async () => {
    const { publicKey } = await signerOf(hex(vectors[0]?.seed ?? ''));
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), fc.uint8Array(), async (key, sig, bytes) => {
        expect(await crypto.verify(key, bytes, sig)).toBe(false);
        expect(await crypto.verify(publicKey, bytes, sig)).toBe(false);
        expect(await crypto.verify(key, bytes, base64url(vectors[0]?.sig ?? ''))).toBe(false);
      }),
      { numRuns: 30 },
    );
    // 32 bytes that are no point of the curve.
    const point = Buffer.from(new Uint8Array(32).fill(255)).toString('base64url');
    expect(await crypto.verify(point, utf8('x'), base64url(vectors[0]?.sig ?? ''))).toBe(false);
  });

  test('OP-26 a seed is 32 bytes', async () => {
    await expect((async () => signerOf(new Uint8Array(31)))()).rejects.toThrow('a seed is 32 bytes, not 31');
  });
});

test('OP-5 both adapters make the same signature', async () => {
  const seed = generateSeed();
  expect(seed).toHaveLength(32);
  expect(Buffer.from(generateSeed())).not.toEqual(Buffer.from(seed));
  const text = utf8('one text');
  const ours = await signerFromSeed(seed).sign(text);
  const theirs = await webSigner(nodeCrypto, seed);
  expect(await theirs.sign(text)).toBe(ours);
  expect(await web.verify(theirs.publicKey, text, ours)).toBe(true);
});

test('OP-5 many texts of several keys at a time: each gets its own signature, whoever signs it', async () => {
  const seeds = [1, 2, 3].map((fill) => new Uint8Array(32).fill(fill));
  for (const count of [1, 2, 3, 31, 32, 33, 200]) {
    const texts = Array.from({ length: count }, (_, at) => utf8(`text ${at} ${'é'.repeat(at)}`));
    const made = seeds.flatMap((seed) => {
      const signer = signerFromSeed(seed);
      return texts.map(async (text) => ({ signer, text, sig: await signer.sign(text) }));
    });
    const sigs = await Promise.all(made);
    expect(new Set(sigs.map(({ sig }) => sig)).size).toBe(count * seeds.length);
    for (const { signer, text, sig } of sigs)
      expect(await nodeCrypto.verify(signer.publicKey, text, sig)).toBe(true);
  }
});

test('OP-26 the X25519 key follows from the seed, and its two halves belong together', async () => {
  const seed = hex(vectors[0]?.seed ?? '');
  const { publicKey, secret } = x25519FromSeed(seed);
  expect(x25519FromSeed(seed).publicKey).toBe(publicKey);
  expect(publicKey).not.toBe(x25519FromSeed(hex(vectors[1]?.seed ?? '')).publicKey);

  // The derivation, once more through WebCrypto.
  const material = await webcrypto.subtle.importKey('raw', seed, 'HKDF', false, ['deriveBits']);
  const info = utf8('coterie x25519 1');
  const bits = await webcrypto.subtle.deriveBits(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info },
    material,
    256,
  );
  expect(new Uint8Array(bits)).toEqual(secret);

  const keyOf = (raw: Uint8Array) =>
    createPrivateKey({
      key: Buffer.concat([hex('302e020100300506032b656e04220420'), raw]),
      format: 'der',
      type: 'pkcs8',
    });
  const other = x25519FromSeed(hex(vectors[1]?.seed ?? ''));
  const publicOf = (x: string) => createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' });
  expect(fromBase64url(publicKey, 32)).toBeDefined();
  expect(diffieHellman({ privateKey: keyOf(secret), publicKey: publicOf(other.publicKey) })).toEqual(
    diffieHellman({ privateKey: keyOf(other.secret), publicKey: publicOf(publicKey) }),
  );
  expect(() => x25519FromSeed(new Uint8Array(33))).toThrow('a seed is 32 bytes, not 33');
});
