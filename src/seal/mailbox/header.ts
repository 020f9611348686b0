import { type Crypto, toBase64url, utf8 } from '../../op/index.ts';
import { createReader } from '../../sync/wire-reader.ts';

type Sha256 = Pick<Crypto, 'sha256'>;

/** What a relay reads of a record. */
export interface RecordHead {
  readonly author: string;
  /** Of a snapshot: the offset up to which it stands for all records, and the chain there. */
  readonly snapshot: { readonly to: number; readonly chain: string } | undefined;
}

const kinds = { update: 0, entries: 1, snapshot: 2 };

/** Undefined for what has not the form of a record. */
export function readHead(record: Uint8Array): RecordHead | undefined {
  try {
    const from = createReader(record);
    const version = from.uint();
    const kind = from.uint();
    if (version !== 1 || kind > kinds.snapshot) return undefined;
    from.bytes(32);
    const author = from.base64url(32);
    from.uint();
    from.bytes(32);
    const snapshot = kind === kinds.snapshot ? { to: from.uint(), chain: from.base64url(32) } : undefined;
    from.bytes(24);
    return from.done() ? undefined : { author, snapshot };
  } catch {
    return undefined;
  }
}

const raw = (id: string): Uint8Array => new Uint8Array(Buffer.from(id, 'base64url'));

/** The chain of a document without records. */
export function chainStart(
  crypto: Sha256,
  at: { readonly mailbox: string; readonly incarnation: string; readonly document: string },
): string {
  const parts = [utf8('coterie chain 1\n'), raw(at.mailbox), raw(at.incarnation), raw(at.document)];
  return toBase64url(crypto.sha256(Buffer.concat(parts)));
}

export const recordHash = (crypto: Sha256, record: Uint8Array): string => toBase64url(crypto.sha256(record));

/** The chain after one more record. */
export const chainNext = (crypto: Sha256, chain: string, record: Uint8Array): string =>
  toBase64url(crypto.sha256(Buffer.concat([raw(chain), crypto.sha256(record)])));
