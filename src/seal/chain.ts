import { type Crypto, fromBase64url, toBase64url, utf8 } from '../op/index.ts';

type Sha256 = Pick<Crypto, 'sha256'>;

function hashed(crypto: Sha256, parts: readonly Uint8Array[]): string {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return toBase64url(crypto.sha256(bytes));
}

const raw = (id: string): Uint8Array => fromBase64url(id, 32) ?? new Uint8Array(0);

/** A document of a mailbox; 32 bytes each, base64url. */
export interface ChainOf {
  readonly mailbox: string;
  readonly incarnation: string;
  readonly document: string;
}

/** The chain of a document without records. */
export const chainStart = (crypto: Sha256, { mailbox, incarnation, document }: ChainOf): string =>
  hashed(crypto, [utf8('coterie chain 1\n'), raw(mailbox), raw(incarnation), raw(document)]);

/** SHA-256 of a record. */
export const recordHash = (crypto: Sha256, record: Uint8Array): string => toBase64url(crypto.sha256(record));

/** The chain after one more record, whose hash this is. */
export const chainNext = (crypto: Sha256, chain: string, hash: string): string =>
  hashed(crypto, [raw(chain), raw(hash)]);
