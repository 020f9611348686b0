import {
  type Entry,
  type Hash,
  type Header,
  limits,
  type OperationState,
  type RejectedReason,
} from '../../../schemas/index.ts';
import type { Crypto } from '../crypto.ts';
import { fromBase64url, utf8 } from '../encoding/bytes.ts';
import { canonical } from '../encoding/canonical.ts';
import { entryKey, hash16, keyId } from '../hash.ts';
import { judgeHeader } from './header.ts';
import { checkShape } from './shape.ts';

/** An entry whose form holds, or why it doesn't. */
export type ReadEntry =
  | {
      readonly ok: true;
      /** The value itself, not a copy. */
      readonly entry: Entry;
      readonly hash: Hash;
      /** Its key in the log document. */
      readonly key: Hash;
      /** What the signature is over. */
      readonly signedBytes: Uint8Array;
    }
  | { readonly ok: false; readonly reason: RejectedReason; readonly message: string };

const refuse = (message: string): ReadEntry => ({ ok: false, reason: 'schema', message });

const entryFields = new Set(['header', 'body', 'sig', 'redacted']);
const hashPattern = /^[a-z2-7]{25}[aeimquy4]$/;
const frameBytes = '{"body":,"header":,"sig":""}'.length + 86;

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** What is wrong with the fields around the header, if anything. */
function outerProblem(value: Readonly<Record<string, unknown>>): string | undefined {
  for (const field of Object.keys(value)) {
    if (!entryFields.has(field)) return `unknown field ${field}`;
    // Yjs would carry it, JSON would not.
    if (value[field] === undefined) return `${field} is undefined`;
  }
  if (typeof value['sig'] !== 'string' || !fromBase64url(value['sig'], 64))
    return 'sig is not 86 base64url characters';
  const { body, redacted } = value;
  if (redacted !== undefined && (typeof redacted !== 'string' || !hashPattern.test(redacted)))
    return 'redacted is not a hash';
  if (body === undefined) return undefined;
  if (redacted !== undefined) return 'redacted, but its body is there';
  if (!isPlain(body) || !Object.values(body).every((text) => typeof text === 'string'))
    return 'body is not a record of texts';
  return undefined;
}

/** What is wrong with the body against the header's `bodyHash`, if anything. */
function bodyProblem(
  crypto: Pick<Crypto, 'sha256'>,
  header: Header,
  body: unknown,
  headerBytes: number,
): string | undefined {
  if (body === undefined) return undefined;
  if (header.bodyHash === undefined) return 'a body without bodyHash';
  const bytes = utf8(canonical(body));
  if (frameBytes + headerBytes + bytes.length > limits.entryBytes)
    return `the entry is over ${limits.entryBytes} bytes`;
  return hash16(crypto, bytes) === header.bodyHash ? undefined : 'the body does not match bodyHash';
}

/**
 * Reads any value as an entry: strict JSON, the header schema (fields unknown to this version are let through), sizes,
 * a body that matches its hash, no body where one was redacted. With `key`, that the value belongs under it.
 * Never throws. A refusal is of this form of the entry: the operation itself may stand elsewhere unharmed.
 */
export function readEntry(crypto: Pick<Crypto, 'sha256'>, value: unknown, key?: string): ReadEntry {
  try {
    if (!isPlain(value)) return refuse('an entry is an object');
    const outer = outerProblem(value);
    if (outer !== undefined) return refuse(outer);
    const { header, sig } = value;
    const signedBytes = utf8(canonical(header));
    if (signedBytes.length > limits.headerBytes)
      return refuse(`the header is over ${limits.headerBytes} bytes`);
    const verdict = judgeHeader(header);
    if (typeof verdict !== 'string') return refuse(`${verdict.field} is missing or wrong`);
    const body = bodyProblem(crypto, header as Header, value['body'], signedBytes.length);
    if (body !== undefined) return refuse(body);
    const hash = hash16(crypto, signedBytes);
    const own = entryKey(crypto, hash, sig as string);
    if (key !== undefined && key !== own) return refuse('the entry stands under another key');
    return { ok: true, entry: value as unknown as Entry, hash, key: own, signedBytes };
  } catch (error) {
    return refuse(error instanceof Error ? error.message : 'not strict JSON');
  }
}

/**
 * Everything that can be said of an entry without membership and without other operations: `readEntry`, then
 * `checkShape`, then that it stands where it says. `counted` means: nothing wrong so far; the signature is separate.
 */
export function checkEntry(
  crypto: Pick<Crypto, 'sha256'>,
  value: unknown,
  expected: { key?: string; workspace?: Hash; log?: string } = {},
): OperationState {
  const read = readEntry(crypto, value, expected.key);
  if (!read.ok) return { state: 'rejected', reason: read.reason, message: read.message };
  const { header } = read.entry;
  if (expected.log !== undefined && header.log !== expected.log)
    return { state: 'rejected', reason: 'schema', message: `it is of the log ${header.log}` };
  const workspace = header.workspace === '' ? read.hash : header.workspace;
  if (expected.workspace !== undefined && workspace !== expected.workspace)
    return { state: 'rejected', reason: 'schema', message: 'it is of another workspace' };
  return checkShape(crypto, read.entry);
}

/**
 * True when `publicKey` is the key that `header.replica` names and the signature over the header holds.
 * `signedBytes` from `readEntry` or `makeHeader` spares writing them again. Never rejects.
 */
export async function verifySignature(
  crypto: Crypto,
  entry: Pick<Entry, 'header' | 'sig'>,
  publicKey: string,
  signedBytes?: Uint8Array,
): Promise<boolean> {
  try {
    if (keyId(crypto, publicKey) !== entry.header.replica) return false;
    return await crypto.verify(publicKey, signedBytes ?? utf8(canonical(entry.header)), entry.sig);
  } catch {
    return false;
  }
}
