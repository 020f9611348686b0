import { createEncoder, toUint8Array, writeUint8Array, writeVarString, writeVarUint } from 'lib0/encoding';
import { CoterieError, type Hash } from '../../schemas/index.ts';
import { sealedProtocol } from '../../schemas/sealed.ts';
import { fromBase32, utf8 } from '../op/index.ts';
import { createReader, type Reader } from '../sync/wire-reader.ts';
import { createWriter, uintBytes } from './bytes.ts';
import { type Random, seal, sealedOverhead, unseal } from './cipher.ts';

/** What everybody sees of a record, the relay too. Names, keys and hashes are 32 bytes in base64url. */
export interface RecordHead {
  /** The mark of its epoch. */
  readonly epoch: string;
  /** Ed25519 key of the replica that made it. */
  readonly author: string;
  /** How many records of this document its author made, with this one. */
  readonly seq: number;
  /** SHA-256 of the author's record before it in this document; zeros for the first. */
  readonly prev: string;
  /** Of a snapshot: it stands for all records up to this offset; and the chain there. */
  readonly snapshot: { readonly to: number; readonly chain: string } | undefined;
}

/** What a record holds. */
export type Payload =
  /** A Yjs update, format v1. */
  | { readonly kind: 'update'; readonly update: Uint8Array }
  /** Entries by key, as JSON: of a document whose Yjs structures are broken at its author. */
  | { readonly kind: 'entries'; readonly entries: readonly (readonly [key: Hash, entry: string])[] }
  /** All of the document, and each author's last record among those that it stands for. */
  | {
      readonly kind: 'snapshot';
      readonly update: Uint8Array;
      readonly authors: readonly (readonly [author: string, seq: number, hash: string])[];
    };

/** Where a record stands. */
export interface RecordPlace {
  readonly mailbox: string;
  /** Its name at the relay. */
  readonly document: string;
}

const kinds = ['update', 'entries', 'snapshot'] as const;
const version = 1;

/** `prev` of an author's first record in a document. */
export const noRecord = 'A'.repeat(43);

function headBytes(head: RecordHead, kind: Payload['kind']): Uint8Array {
  const to = createWriter(6 * 32 + 4 * uintBytes);
  to.uint(version);
  to.uint(kinds.indexOf(kind));
  to.raw(head.epoch);
  to.raw(head.author);
  to.uint(head.seq);
  to.raw(head.prev);
  if (head.snapshot) {
    to.uint(head.snapshot.to);
    to.raw(head.snapshot.chain);
  }
  return to.done();
}

const label = utf8('coterie record 1\n');

function additional({ mailbox, document }: RecordPlace, head: Uint8Array): Uint8Array {
  const to = createWriter(label.length + 64 + head.length);
  to.put(label);
  to.raw(mailbox);
  to.raw(document);
  to.put(head);
  return to.done();
}

function plaintextOf(name: string, payload: Payload): Uint8Array {
  if (payload.kind === 'entries') return plainEntries(name, payload.entries);
  const called = utf8(name);
  const authors = payload.kind === 'snapshot' ? payload.authors : [];
  const size = called.length + payload.update.length + authors.length * (64 + uintBytes);
  const to = createWriter(size + 3 * uintBytes);
  to.uint(called.length);
  to.put(called);
  to.uint(payload.update.length);
  to.put(payload.update);
  if (payload.kind === 'snapshot') to.uint(authors.length);
  for (const [author, seq, hash] of authors) {
    to.raw(author);
    to.uint(seq);
    to.raw(hash);
  }
  return to.done();
}

function plainEntries(
  name: string,
  entries: Extract<Payload, { readonly kind: 'entries' }>['entries'],
): Uint8Array {
  const to = createEncoder();
  writeVarString(to, name);
  writeVarUint(to, entries.length);
  for (const [key, entry] of entries) {
    writeUint8Array(to, fromBase32(key));
    writeVarString(to, entry);
  }
  return toUint8Array(to);
}

export interface WriteRecord {
  readonly place: RecordPlace;
  readonly head: RecordHead;
  /** Of the document in the epoch, 32 bytes. */
  readonly key: Uint8Array;
  /** The document's name in clear: it is sealed with the rest, and must agree. */
  readonly name: string;
  readonly payload: Payload;
  readonly random: Random;
}

/** A record: its head, then what it holds, sealed. Throws `too_large` beyond what a relay takes. */
export function writeRecord({ place, head, key, name, payload, random }: WriteRecord): Uint8Array {
  if ((payload.kind === 'snapshot') !== (head.snapshot !== undefined))
    throw new CoterieError('internal', 'a snapshot, and it alone, names what it stands for');
  const front = headBytes(head, payload.kind);
  const sealed = seal(key, plaintextOf(name, payload), additional(place, front), random);
  const record = new Uint8Array(front.length + sealed.length);
  if (record.length > sealedProtocol.recordBytes)
    throw new CoterieError('too_large', `a record of ${record.length} bytes is more than a relay takes`);
  record.set(front);
  record.set(sealed, front.length);
  return record;
}

function headOf(from: Reader): { readonly head: RecordHead; readonly kind: Payload['kind'] } | undefined {
  if (from.uint() !== version) return undefined;
  const kind = kinds[from.uint()];
  if (kind === undefined) return undefined;
  const [epoch, author, seq, prev] = [
    from.base64url(32),
    from.base64url(32),
    from.uint(),
    from.base64url(32),
  ];
  const snapshot = kind === 'snapshot' ? { to: from.uint(), chain: from.base64url(32) } : undefined;
  return seq === 0 ? undefined : { kind, head: { epoch, author, seq, prev, snapshot } };
}

/** The head of a record; undefined for what has not the form of one. */
export function readHead(record: Uint8Array): RecordHead | undefined {
  return parted(record)?.head;
}

interface Parted {
  readonly head: RecordHead;
  readonly kind: Payload['kind'];
  readonly front: Uint8Array;
  readonly sealed: Uint8Array;
}

function parted(record: Uint8Array): Parted | undefined {
  if (record.length > sealedProtocol.recordBytes) return undefined;
  try {
    const from = createReader(record);
    const read = headOf(from);
    if (!read) return undefined;
    const front = record.subarray(0, from.read());
    const sealed = record.subarray(front.length);
    return sealed.length < sealedOverhead ? undefined : { ...read, front, sealed };
  } catch {
    return undefined;
  }
}

/** What is in a record. */
export interface Unsealed {
  readonly head: RecordHead;
  /** The document's name, as its author wrote it. */
  readonly name: string;
  readonly payload: Payload;
}

/**
 * Opens a record with the key of its document in its epoch. Undefined where it is no record, is not as it was made, or
 * was made for another document or mailbox.
 */
export function readRecord(place: RecordPlace, record: Uint8Array, key: Uint8Array): Unsealed | undefined {
  const parts = parted(record);
  const plaintext = parts && unseal(key, parts.sealed, additional(place, parts.front));
  if (!parts || !plaintext) return undefined;
  try {
    const from = createReader(plaintext);
    const name = from.text(256);
    const payload = payloadOf(from, parts.kind);
    return from.done() ? { head: parts.head, name, payload } : undefined;
  } catch {
    return undefined;
  }
}

function payloadOf(from: Reader, kind: Payload['kind']): Payload {
  if (kind === 'update') return { kind, update: from.block() };
  if (kind === 'snapshot') {
    const update = from.block();
    const author = (): readonly [string, number, string] => [
      from.base64url(32),
      from.uint(),
      from.base64url(32),
    ];
    return { kind, update, authors: from.list(sealedProtocol.keys, 65, author) };
  }
  const entries = from.list(sealedProtocol.recordBytes, 17, (): readonly [Hash, string] => [
    from.hash(),
    from.text(sealedProtocol.recordBytes),
  ]);
  return { kind, entries };
}
