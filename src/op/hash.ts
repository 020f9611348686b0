import { CoterieError, type Hash } from '../../schemas/index.ts';
import type { Crypto } from './crypto.ts';
import { fromBase32, fromBase64url, toBase32, utf8 } from './encoding/bytes.ts';
import { canonical } from './encoding/canonical.ts';

type Sha256 = Pick<Crypto, 'sha256'>;

/** First 16 bytes of SHA-256, as 26 lower-case base32 characters. */
export const hash16 = (crypto: Sha256, bytes: Uint8Array): Hash => toBase32(crypto.sha256(bytes));

/** Hash of a value's canonical JSON. Throws `invalid` where that is not defined. */
export const hashOf = (crypto: Sha256, value: unknown): Hash => hash16(crypto, utf8(canonical(value)));

/** The id of a public key (base64url of 32 raw bytes): the hash of its bytes. Throws `invalid` for another string. */
export function keyId(crypto: Sha256, publicKey: string): Hash {
  const raw = fromBase64url(publicKey, 32);
  if (!raw) throw new CoterieError('invalid', 'a public key is 43 base64url characters');
  return hash16(crypto, raw);
}

/**
 * The key of an entry in its log document: the hash of the 16 bytes of the operation's hash joined with the 64 bytes
 * of the signature. Throws `invalid` for a hash or signature that is none.
 */
export function entryKey(crypto: Sha256, hash: Hash, sig: string): Hash {
  const raw = fromBase64url(sig, 64);
  if (!raw) throw new CoterieError('invalid', 'a signature is 86 base64url characters');
  const joined = new Uint8Array(80);
  joined.set(fromBase32(hash));
  joined.set(raw, 16);
  return hash16(crypto, joined);
}
