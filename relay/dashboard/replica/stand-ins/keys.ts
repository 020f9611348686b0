import { x25519 } from '@noble/curves/ed25519.js';
import { hkdf as expanded } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type * as Original from '../../../../src/keys/node.ts';
import { webCrypto } from '../../../../src/keys/web.ts';
import { fromBase64url, toBase64url, utf8 } from '../../../../src/op/index.ts';

/** SHA-256 in JavaScript, for WebCrypto has none that answers at once; Ed25519 of WebCrypto. */
export const nodeCrypto: typeof Original.nodeCrypto = webCrypto(sha256);

export const generateSeed: typeof Original.generateSeed = (
  random = (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
) => random(32);

/** The key of a replica in a browser can't be made of a seed: it never leaves WebCrypto. */
export const signerFromSeed: typeof Original.signerFromSeed = () => {
  throw new TypeError('a browser keeps no seeds of signing keys');
};

export const hkdf: typeof Original.hkdf = (secret, salt, info, length) =>
  expanded(sha256, secret, salt, utf8(info), length);

export const x25519PublicOf: typeof Original.x25519PublicOf = (secret) => x25519.getPublicKey(secret);

export const x25519FromSeed: typeof Original.x25519FromSeed = (seed) => {
  const secret = hkdf(seed, new Uint8Array(0), 'coterie x25519 1', 32);
  return { publicKey: toBase64url(x25519PublicOf(secret)), secret };
};

export const x25519Shared: typeof Original.x25519Shared = (secret, publicKey) => {
  const other = fromBase64url(publicKey, 32);
  try {
    return other && x25519.getSharedSecret(secret, other);
  } catch {
    // A point of small order.
    return undefined;
  }
};
