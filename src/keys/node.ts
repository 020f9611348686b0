import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hash,
  hkdfSync,
  type KeyObject,
  randomBytes,
  verify,
} from 'node:crypto';
import { CoterieError } from '../../schemas/index.ts';
import { type Crypto, fromBase64url, hash16, type Signer } from '../op/index.ts';
import { createSigning } from './signing.ts';

/** PKCS#8 around a raw 32-byte private key (RFC 8410). */
const pkcs8 = { ed25519: '302e020100300506032b657004220420', x25519: '302e020100300506032b656e04220420' };

function privateKey(kind: keyof typeof pkcs8, seed: Uint8Array): KeyObject {
  if (seed.length !== 32) throw new CoterieError('internal', `a seed is 32 bytes, not ${seed.length}`);
  const der = Buffer.concat([Buffer.from(pkcs8[kind], 'hex'), seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  der.fill(0);
  return key;
}

/** The raw public key in base64url. */
function publicKeyOf(key: KeyObject): string {
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  if (x === undefined) throw new CoterieError('internal', 'the key has no public part');
  return x;
}

const maxKeys = 1024;
const publicKeys = new Map<string, KeyObject>();

/** Parsing a key costs as much as half a check; a workspace has few keys. */
function publicKeyObject(publicKey: string): KeyObject | undefined {
  const known = publicKeys.get(publicKey);
  if (known) return known;
  if (!fromBase64url(publicKey, 32)) return undefined;
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
  if (publicKeys.size >= maxKeys) publicKeys.clear();
  publicKeys.set(publicKey, key);
  return key;
}

/** SHA-256 and Ed25519 of node:crypto; signatures are checked on the thread pool. */
export const nodeCrypto: Crypto = {
  sha256(bytes) {
    // One shot with a string out runs at twice the speed of a Hash object.
    const text = hash('sha256', bytes, 'binary');
    const digest = new Uint8Array(32);
    for (let i = 0; i < 32; i++) digest[i] = text.charCodeAt(i);
    return digest;
  },
  verify: (publicKey, bytes, sig) =>
    new Promise((resolve) => {
      const raw = fromBase64url(sig, 64);
      try {
        const key = raw && publicKeyObject(publicKey);
        if (!raw || !key) resolve(false);
        else verify(null, bytes, key, raw, (error, holds) => resolve(!error && holds));
      } catch {
        resolve(false);
      }
    }),
};

/** 32 random bytes for a new Ed25519 key. `random` gives as many bytes as it is asked for. */
export const generateSeed = (random: (bytes: number) => Uint8Array = randomBytes): Uint8Array => random(32);

/** The Ed25519 key of a raw 32-byte seed (RFC 8032). Many are signed at a time, by a thread. */
export function signerFromSeed(seed: Uint8Array): Signer {
  const key = privateKey('ed25519', seed);
  const publicKey = publicKeyOf(key);
  const raw = fromBase64url(publicKey, 32) as Uint8Array;
  return {
    publicKey,
    id: hash16(nodeCrypto, raw),
    sign: createSigning(key),
  };
}

/**
 * The X25519 key pair that belongs to a replica's seed: HKDF-SHA256 of the seed, no salt, info `coterie x25519 1`, so
 * that neither key tells of the other. `publicKey` in base64url; `secret` the raw 32 bytes.
 */
export function x25519FromSeed(seed: Uint8Array): {
  readonly publicKey: string;
  readonly secret: Uint8Array;
} {
  if (seed.length !== 32) throw new CoterieError('internal', `a seed is 32 bytes, not ${seed.length}`);
  const secret = hkdf(seed, new Uint8Array(0), 'coterie x25519 1', 32);
  return { publicKey: publicKeyOf(privateKey('x25519', secret)), secret };
}

/** The raw public key of a secret of X25519. */
export const x25519PublicOf = (secret: Uint8Array): Uint8Array =>
  fromBase64url(publicKeyOf(privateKey('x25519', secret)), 32) as Uint8Array;

/** What both sides share: one's own secret with the other's public key, in base64url. Undefined for a key that is none. */
export function x25519Shared(secret: Uint8Array, publicKey: string): Uint8Array | undefined {
  if (!fromBase64url(publicKey, 32)) return undefined;
  try {
    const other = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: publicKey }, format: 'jwk' });
    return diffieHellman({ privateKey: privateKey('x25519', secret), publicKey: other });
  } catch {
    // A point of small order: OpenSSL refuses the all-zero secret.
    return undefined;
  }
}

/** HKDF-SHA256 (RFC 5869). */
export const hkdf = (secret: Uint8Array, salt: Uint8Array, info: string, length: number): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, salt, info, length));
