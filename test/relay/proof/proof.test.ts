import { createHmac, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { looksLikeProof, opens, verifyProof } from '../../../relay/proof/verify.ts';
import { generateSeed, signerFromSeed } from '../../../src/keys/node.ts';
import { makeProof, type ProofFor } from '../../../src/keys/proof.ts';

const now = 1_790_000_000_500;
const signer = signerFromSeed(generateSeed());
const listener = signerFromSeed(generateSeed()).publicKey;
const at = { audience: listener, workspace: 'ourworkspace', now };
const wanted: ProofFor = { audience: listener, workspace: 'ourworkspace', now, random: randomBytes };

const encoded = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const second = Math.floor(now / 1000);
const head = { alg: 'EdDSA', typ: 'coterie+jwt' };
const claims = {
  iss: signer.publicKey,
  aud: listener,
  ws: 'ourworkspace',
  doc: '',
  iat: second,
  exp: second + 240,
  jti: 'once',
};

/** A token that says whatever it is told to, signed all the same. */
async function made(header: unknown, payload: unknown, by = signer): Promise<string> {
  const text = `${encoded(header)}.${encoded(payload)}`;
  return `${text}.${await by.sign(Buffer.from(text))}`;
}

const refusal = async (token: string | Promise<string>): Promise<string | undefined> => {
  const answer = await verifyProof(await token, at);
  return 'refused' in answer ? answer.refused : undefined;
};

describe('a proof of key', () => {
  it('RLY-21: what is made is verified, whoever looks, until it is over', async () => {
    const token = await makeProof(signer, { ...wanted, documents: 'pad/plan', member: 'kai' });
    const proven = { key: signer.publicKey, documents: 'pad/plan', member: 'kai' };
    expect(await verifyProof(token, at)).toEqual({ ...proven, expires: (second + 240) * 1000 });
    expect(await verifyProof(token, { ...at, now: now + 239_000 })).toMatchObject(proven);
    expect(await verifyProof(token, { ...at, now: now + 240_000 })).toEqual({ refused: 'expired' });
    expect(await refusal(makeProof(signer, wanted))).toBeUndefined();
    expect(looksLikeProof(token)).toBe(true);
    expect(looksLikeProof(randomBytes(32).toString('base64url'))).toBe(false);
  });

  it('RLY-21: no two are the same, and none is made for more than five minutes', async () => {
    expect(await makeProof(signer, wanted)).not.toBe(await makeProof(signer, wanted));
    await expect(makeProof(signer, { ...wanted, seconds: 301 })).rejects.toMatchObject({ code: 'invalid' });
    await expect(makeProof(signer, { ...wanted, seconds: 0 })).rejects.toMatchObject({ code: 'invalid' });
  });

  it.each([
    ['is of a clock that is a minute ahead', { iat: second + 60, exp: second + 300 }, undefined],
    ['is not yet valid', { iat: second + 62, exp: second + 300 }, 'expired'],
    ['names a beginning that is still to come', { nbf: second + 10 }, 'expired'],
    ['is of a clock that is four minutes behind', { iat: second - 239, exp: second + 1 }, undefined],
    ['is over', { iat: second - 240, exp: second }, 'expired'],
    ['lasts longer than five minutes', { exp: second + 301 }, 'expired'],
    ['began long ago and lasts long', { iat: second - 3600, exp: second + 60 }, 'expired'],
    ['lasts for ever', { exp: undefined }, 'malformed'],
    ['has a time that is no number', { exp: `${second + 60}` }, 'malformed'],
    ['has a time that is none', { exp: null }, 'malformed'],
    ['began never', { iat: undefined }, 'malformed'],
    ['is for another listener', { aud: signer.publicKey }, 'audience'],
    ['is for several listeners', { aud: [listener, signer.publicKey] }, 'malformed'],
    ['is for nobody', { aud: undefined }, 'malformed'],
    ['is for another workspace', { ws: 'otherworkspace' }, 'workspace'],
    ['is for any workspace', { ws: undefined }, 'malformed'],
    ['is for a list of workspaces', { ws: ['ourworkspace'] }, 'malformed'],
    ['names no documents', { doc: undefined }, 'malformed'],
    ['names documents that are none', { doc: { '': true } }, 'malformed'],
    ['names a member that is none', { mbr: 7 }, 'malformed'],
    ['has no number of its own', { jti: undefined }, 'malformed'],
    ['names no key', { iss: undefined }, 'malformed'],
    ['names a key that is too short', { iss: signer.publicKey.slice(1) }, 'malformed'],
    ['names a key in another spelling', { iss: `${signer.publicKey}=` }, 'malformed'],
    ['names the key of another', { iss: listener }, 'forged'],
    ['says more than this protocol knows', { later: 'words' }, undefined],
  ])('RLY-21: one that %s', async (_what, change, wants) => {
    expect(await refusal(made(head, { ...claims, ...change }))).toBe(wants);
  });

  const keyed = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' }) as Buffer;

  it.each([
    ['alg none, no signature', { alg: 'none' }, () => ''],
    ['alg none, with one', { alg: 'none' }, () => encoded('sig')],
    [
      'HS256 with the public key as secret',
      { alg: 'HS256' },
      (text: string) =>
        createHmac('sha256', Buffer.from(signer.publicKey, 'base64url')).update(text).digest('base64url'),
    ],
    [
      'HS256 with the text of the public key',
      { alg: 'HS256' },
      (text: string) => createHmac('sha256', signer.publicKey).update(text).digest('base64url'),
    ],
    [
      'ES256 of a key of its own',
      { alg: 'ES256' },
      (text: string) => {
        const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        return sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString(
          'base64url',
        );
      },
    ],
    [
      'Ed448',
      { alg: 'EdDSA' },
      (text: string) => {
        const { privateKey } = generateKeyPairSync('ed448');
        return sign(null, Buffer.from(text), privateKey).toString('base64url');
      },
    ],
    ['a signature of zeros', {}, () => Buffer.alloc(64).toString('base64url')],
    ['a signature that is cut', {}, () => Buffer.alloc(63).toString('base64url')],
    [
      'a key that it brings along',
      { jwk: { kty: 'OKP', crv: 'Ed25519', x: listener }, kid: '../../key', jku: 'http://127.0.0.1:1/' },
      () => Buffer.alloc(64, 1).toString('base64url'),
    ],
  ])('RLY-21: forged by %s', async (_what, header, signature) => {
    const text = `${encoded({ ...head, ...header })}.${encoded(claims)}`;
    const refused = await refusal(`${text}.${signature(text)}`);
    expect(['forged', 'malformed']).toContain(refused);
    expect(refused === 'malformed').toBe(signature(text) === '');
  });

  it('RLY-21: a key of another curve is none, whatever the token says it is', async () => {
    const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    const x25519 = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' }).x;
    expect(await refusal(made(head, { ...claims, iss: keyed(p256).toString('base64url') }))).toBe(
      'malformed',
    );
    expect(await refusal(made(head, { ...claims, iss: x25519 }))).toBe('forged');
  });

  it('RLY-21: no bit of it may change', async () => {
    const token = await makeProof(signer, wanted);
    const [header = '', payload = '', signature = ''] = token.split('.');
    const swap = (text: string): string => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
    for (const other of [
      [swap(header), payload, signature],
      [header, swap(payload), signature],
      [header, payload, swap(signature)],
    ])
      expect(['forged', 'malformed']).toContain(await refusal(other.join('.')));
    const later = encoded({ ...claims, exp: second + 299 });
    expect(await refusal([header, later, signature].join('.'))).toBe('forged');
  });

  it.each([
    ['of another kind of JWT', made({ alg: 'EdDSA', typ: 'JWT' }, claims)],
    ['without a kind', made({ alg: 'EdDSA' }, claims)],
    ['with a critical header that nobody knows', made({ ...head, crit: ['x'], x: 1 }, claims)],
    ['whose payload is not encoded', made({ ...head, crit: ['b64'], b64: false }, claims)],
    ['with claims that are a list', made(head, [claims])],
    ['with claims that are null', made(head, null)],
    ['with claims that are no JSON', made(head, '{"iss"')],
    ['with a header that is no JSON', made('{', claims)],
    ['of 100 KB', made(head, { ...claims, doc: 'x'.repeat(100_000) })],
    ['of nothing', Promise.resolve('')],
    ['of dots', Promise.resolve('..')],
    ['of five parts', Promise.resolve('a.b.c.d.e')],
    ['of letters that are none of base64url', Promise.resolve('a+b.c/d.e=f')],
    ['of three words', Promise.resolve('one.two.three')],
    ['with a line break', makeProof(signer, wanted).then((token) => `${token}\n`)],
  ])('RLY-21: garbage %s is malformed', async (_what, token) => {
    expect(await refusal(token)).toBe('malformed');
  });

  it('RLY-21: claims that stand twice cannot say two things', async () => {
    const twice = JSON.stringify(claims).replace('"aud"', `"aud":"another","aud"`);
    // JSON's last value counts, in jose as everywhere: who signs it says that.
    expect(await refusal(made(head, twice))).toBeUndefined();
    const other = JSON.stringify({ ...claims }).replace(/}$/, ',"aud":"another"}');
    expect(await refusal(made(head, other))).toBe('audience');
  });

  it('RLY-21: a prefix opens a document and what is below it, not what begins alike', () => {
    expect(opens('', 'log/members/1')).toBe(true);
    expect(opens('pad/plan', 'pad/plan')).toBe(true);
    expect(opens('pad/plan', 'pad/plan/a')).toBe(true);
    expect(opens('pad/', 'pad/plan')).toBe(true);
    expect(opens('pad/plan', 'pad/planning')).toBe(false);
    expect(opens('pad/plan', 'pad')).toBe(false);
    expect(opens('pad/plan', 'log/messages/1')).toBe(false);
  });
});
