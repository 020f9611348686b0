import { CoterieError } from '../../schemas/index.ts';
import { type Crypto, fromBase64url, hash16, type Signer, toBase64url } from '../op/index.ts';

const { subtle } = globalThis.crypto;
const algorithm = 'Ed25519';
const maxKeys = 1024;

type Key = Awaited<ReturnType<typeof subtle.importKey>>;

/**
 * Ed25519 of WebCrypto (browsers and Node alike). WebCrypto has no synchronous SHA-256, so one is passed in: it gives
 * the 32 bytes.
 */
export function webCrypto(sha256: (bytes: Uint8Array) => Uint8Array): Crypto {
  const keys = new Map<string, Promise<Key>>();
  const keyOf = (publicKey: string, raw: Uint8Array): Promise<Key> => {
    const known = keys.get(publicKey);
    if (known) return known;
    if (keys.size >= maxKeys) keys.clear();
    const key = subtle.importKey('raw', raw, algorithm, false, ['verify']);
    keys.set(publicKey, key);
    return key;
  };
  return {
    sha256,
    async verify(publicKey, bytes, sig) {
      const raw = fromBase64url(publicKey, 32);
      const rawSig = fromBase64url(sig, 64);
      if (!raw || !rawSig) return false;
      try {
        return await subtle.verify(algorithm, await keyOf(publicKey, raw), rawSig, bytes);
      } catch {
        return false;
      }
    },
  };
}

/** PKCS#8 around a raw 32-byte Ed25519 key (RFC 8410). */
const pkcs8 = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/** The Ed25519 key of a raw 32-byte seed; the key that signs can't be read out again. */
export async function webSigner(crypto: Pick<Crypto, 'sha256'>, seed: Uint8Array): Promise<Signer> {
  if (seed.length !== 32) throw new CoterieError('internal', `a seed is 32 bytes, not ${seed.length}`);
  const der = new Uint8Array([...pkcs8, ...seed]);
  const readable = await subtle.importKey('pkcs8', der, algorithm, true, ['sign']);
  const { x: publicKey } = await subtle.exportKey('jwk', readable);
  const raw = publicKey === undefined ? undefined : fromBase64url(publicKey, 32);
  if (publicKey === undefined || !raw) throw new CoterieError('internal', 'the key has no public part');
  const key = await subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
  der.fill(0);
  return {
    publicKey,
    id: hash16(crypto, raw),
    sign: async (bytes) => toBase64url(new Uint8Array(await subtle.sign(algorithm, key, bytes))),
  };
}
