import { encodeStateVector } from 'yjs';
import { type Cursor, type NoNumber, readUint } from '../../../src/sync/varuint.ts';

/** Message types of a plain session: those of y-websocket, then ours. */
const type = { sync: 0, awareness: 1, auth: 2, queryAwareness: 3, stored: 120 } as const;
const sync = { step1: 0, step2: 1, update: 2 } as const;

/** One message of a plain session, read. */
export type PlainMessage =
  | { readonly kind: 'vector'; readonly bytes: Uint8Array }
  /** `whole`: the second step, all that the sender has beyond what it was asked. */
  | { readonly kind: 'update'; readonly bytes: Uint8Array; readonly whole: boolean }
  | { readonly kind: 'awareness'; readonly bytes: Uint8Array }
  | { readonly kind: 'query' }
  /** A type that we do not speak: ignored, as y-websocket does. */
  | { readonly kind: 'other' };

const noNumber = (why: NoNumber): never => {
  throw new RangeError(why === 'short' ? 'a number is cut off' : 'a number is too large');
};

/** Throws `RangeError` for a number that is cut off, or above 2^53. */
export const readNumber = (reader: Cursor): number => readUint(reader, noNumber);

/**
 * A copy in memory of its own: Yjs reads as far as a length says, and beyond a view there may lie the bytes of another
 * connection. Throws `RangeError` when there are fewer bytes than announced.
 */
function readBytes(reader: Cursor): Uint8Array {
  const length = readNumber(reader);
  const end = reader.at + length;
  if (end > reader.bytes.length) throw new RangeError('bytes are missing');
  const copy = new Uint8Array(length);
  copy.set(reader.bytes.subarray(reader.at, end));
  reader.at = end;
  return copy;
}

/** Reads a message; throws `RangeError` for one that is cut off. */
export function readMessage(bytes: Uint8Array): PlainMessage {
  const reader: Cursor = { bytes, at: 0 };
  switch (readNumber(reader)) {
    case type.sync: {
      const step = readNumber(reader);
      if (step === sync.step1) return { kind: 'vector', bytes: readBytes(reader) };
      if (step === sync.step2 || step === sync.update)
        return { kind: 'update', bytes: readBytes(reader), whole: step === sync.step2 };
      throw new RangeError(`no sync message has type ${step}`);
    }
    case type.awareness:
      return { kind: 'awareness', bytes: readBytes(reader) };
    case type.queryAwareness:
      return { kind: 'query' };
    default:
      return { kind: 'other' };
  }
}

function sizeOf(number: number): number {
  let size = 1;
  for (let rest = number; rest >= 128; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

function writeNumber(bytes: Uint8Array, start: number, number: number): number {
  let at = start;
  let rest = number;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 0x80;
  bytes[at++] = rest;
  return at;
}

function message(head: readonly number[], content: Uint8Array): Uint8Array {
  const written = new Uint8Array(head.length + sizeOf(content.length) + content.length);
  written.set(head);
  written.set(content, writeNumber(written, head.length, content.length));
  return written;
}

/** Asks for everything beyond a state vector. */
export const step1 = (vector: Uint8Array): Uint8Array => message([type.sync, sync.step1], vector);
/** Answers that. */
export const step2 = (update: Uint8Array): Uint8Array => message([type.sync, sync.step2], update);
export const update = (bytes: Uint8Array): Uint8Array => message([type.sync, sync.update], bytes);
export const awareness = (bytes: Uint8Array): Uint8Array => message([type.awareness], bytes);
/** Says nothing: clients of y-websocket hang up when they hear nothing for 30 s. */
export const keepAlive: Uint8Array = awareness(new Uint8Array([0]));

/** So many updates of this socket are settled: durable here, or nothing new. */
export function stored(count: number): Uint8Array {
  const written = new Uint8Array(1 + sizeOf(count));
  written[0] = type.stored;
  writeNumber(written, 1, count);
  return written;
}

/** One entry of an awareness update. */
export interface AwarenessEntry {
  readonly client: number;
  readonly clock: number;
  /** JSON text; `null` for a client that left. */
  readonly state: string;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Throws `RangeError` for what is cut off or has more than `most` entries, `TypeError` for text that is no UTF-8. */
export function readAwareness(bytes: Uint8Array, most: number): AwarenessEntry[] {
  const reader: Cursor = { bytes, at: 0 };
  const count = readNumber(reader);
  if (count > most) throw new RangeError(`${count} clients in one awareness update`);
  const entries: AwarenessEntry[] = [];
  for (let at = 0; at < count; at += 1) {
    const client = readNumber(reader);
    const clock = readNumber(reader);
    entries.push({ client, clock, state: utf8.decode(readBytes(reader)) });
  }
  return entries;
}

export function writeAwareness(entries: readonly AwarenessEntry[]): Uint8Array {
  const texts = entries.map(({ state }) => Buffer.from(state));
  let size = sizeOf(entries.length);
  entries.forEach(({ client, clock }, at) => {
    const length = texts[at]?.length ?? 0;
    size += sizeOf(client) + sizeOf(clock) + sizeOf(length) + length;
  });
  const written = new Uint8Array(size);
  let at = writeNumber(written, 0, entries.length);
  entries.forEach(({ client, clock }, index) => {
    const text = texts[index] ?? Buffer.alloc(0);
    at = writeNumber(written, at, client);
    at = writeNumber(written, at, clock);
    at = writeNumber(written, at, text.length);
    written.set(text, at);
    at += text.length;
  });
  return written;
}

/** A state vector of clients and clocks. */
export const writeVector = (clocks: Map<number, number>): Uint8Array => encodeStateVector(clocks);
