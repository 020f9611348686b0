import { type Body, CoterieError, type Entry, type Hash, type Header, limits } from '../../schemas/index.ts';
import type { Crypto } from './crypto.ts';
import { toBase32, utf8 } from './encoding/bytes.ts';
import { canonical } from './encoding/canonical.ts';
import { strictCopy } from './encoding/strict.ts';
import { hash16 } from './hash.ts';

/** All fields of a header but those that follow from the others, and the text. */
export type HeaderInput = Omit<Header, 'v' | 'bodyHash'> & {
  /** Text that can be removed, without salt; fields that are `undefined` are left out, and no field means no body. */
  readonly body?: Readonly<Record<string, string | undefined>> | undefined;
  /** Source of random bytes, for the salt. */
  readonly random: (bytes: number) => Uint8Array;
};

export interface MadeHeader {
  readonly header: Header;
  /** Names the operation. */
  readonly hash: Hash;
  readonly body?: Body | undefined;
  /** What is to be signed: the UTF-8 of the header's canonical JSON. */
  readonly signedBytes: Uint8Array;
}

/** Bytes of `{"body":,"header":,"sig":"…"}` around canonical body and header; a redacted form is never larger. */
const frameBytes = '{"body":,"header":,"sig":""}'.length + 86;

function makeBody(input: HeaderInput): Body | undefined {
  if (input.body === undefined) return undefined;
  const body: Record<string, string> & { salt: string } = { salt: '' };
  let fields = 0;
  for (const [field, text] of Object.entries(input.body)) {
    if (text === undefined) continue;
    if (typeof text !== 'string') throw new CoterieError('invalid', `body.${field} is not text`);
    if (field === 'salt') throw new CoterieError('invalid', 'body.salt is not a text field');
    body[field] = text;
    fields++;
  }
  if (fields === 0) return undefined;
  body.salt = toBase32(input.random(16));
  return body;
}

/**
 * Makes a header and its hash, and the body with a fresh salt. Nothing is kept of the input's objects.
 * Throws `invalid` for values that aren't strict JSON, `too_large` for a header over 8 KiB or an entry over 128 KiB.
 * It doesn't look at types and their fields: `checkShape` does.
 */
export function makeHeader(crypto: Pick<Crypto, 'sha256'>, input: HeaderInput): MadeHeader {
  const body = makeBody(input);
  const bodyBytes = body && utf8(canonical(body));
  // In the order of canonical JSON, which spares the sorting.
  const header: Header = {
    after: [...input.after],
    ...(bodyBytes === undefined ? {} : { bodyHash: hash16(crypto, bodyBytes) }),
    data: strictCopy(input.data),
    ...(input.imported === undefined ? {} : { imported: withoutUndefined(input.imported) }),
    ...(input.key === undefined ? {} : { key: input.key }),
    log: input.log,
    ...(input.member === undefined ? {} : { member: input.member }),
    ...(input.members === undefined ? {} : { members: [...input.members] }),
    prev: input.prev,
    replica: input.replica,
    seq: input.seq,
    stamp: input.stamp,
    subject: input.subject,
    type: input.type,
    v: limits.operationVersion,
    workspace: input.workspace,
  };
  const signedBytes = utf8(canonical(header));
  if (signedBytes.length > limits.headerBytes)
    throw new CoterieError(
      'too_large',
      `the operation without its text is ${signedBytes.length} bytes, more than ${limits.headerBytes}`,
    );
  const entryBytes = frameBytes + signedBytes.length + (bodyBytes?.length ?? 0);
  if (entryBytes > limits.entryBytes)
    throw new CoterieError(
      'too_large',
      `the operation is ${entryBytes} bytes, more than ${limits.entryBytes}`,
    );
  return { header, hash: hash16(crypto, signedBytes), body, signedBytes };
}

function withoutUndefined(imported: NonNullable<Header['imported']>): NonNullable<Header['imported']> {
  const { at, author, source } = imported;
  return author === undefined ? { at, source } : { at, author, source };
}

/** Puts an entry together. */
export const sealEntry = (header: Header, body: Body | undefined, sig: string): Entry =>
  body === undefined ? { header, sig } : { header, body, sig };
