import { StorageError, type Write } from '../port.ts';
import { crc32 } from './crc32.ts';

/** Bytes that a frame adds in front of each stored value. */
const FRAME_BYTES = 4;

/** Node gives pieces of a pool, which is several times as fast as an array of its own. */
const allocate: (bytes: number) => Uint8Array =
  typeof Buffer === 'function' ? Buffer.allocUnsafe : (bytes) => new Uint8Array(bytes);

/** Little endian. */
function putUint32(bytes: Uint8Array, value: number, at: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

/** Everything below this key belongs to the store itself (commit rows). */
const FIRST_KEY = '\u0001';

/** Sorts after every key that a caller may use: the open end of a range over everything. */
export const LAST_KEY = '\u{10ffff}';

/**
 * A value as it is stored: CRC-32 over key and value (4 bytes, little endian), then the value. The key is part of
 * the sum, so a row that a damaged table moved under another key is found too.
 */
export const frame = (key: string, value: Uint8Array): Uint8Array => frameWith(writeSum(key, value), value);

/** The same with a sum that is known already: `writeSum` of the row. */
export function frameWith(sum: number, value: Uint8Array): Uint8Array {
  const framed = allocate(FRAME_BYTES + value.length);
  putUint32(framed, sum, 0);
  framed.set(value, FRAME_BYTES);
  return framed;
}

/** The value in a stored frame, a view of its bytes. Throws `storage_corrupt` when key and value do not agree. */
export function unframe(key: string, framed: Uint8Array): Uint8Array {
  const value = new Uint8Array(
    framed.buffer,
    framed.byteOffset + FRAME_BYTES,
    Math.max(0, framed.length - FRAME_BYTES),
  );
  if (framed.length < FRAME_BYTES || readUint32(framed) !== crc32(value, crc32(key))) {
    throw new StorageError(
      'storage_corrupt',
      `The stored row ${JSON.stringify(key)} is damaged: its checksum does not match.`,
    );
  }
  return value;
}

/** The first four bytes of a frame as the number that they encode. */
export function readUint32(bytes: Uint8Array, at = 0): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
}

/** Sum of one write. A deletion is told from an empty value by its complement. */
function writeSum(key: string, value: Uint8Array | undefined): number {
  return value === undefined ? ~crc32(key) >>> 0 : crc32(value, crc32(key));
}

/** Sum of each write of a batch. */
export const writeSums = (writes: readonly Write[]): Uint32Array =>
  Uint32Array.from(writes, ([key, value]) => writeSum(key, value));

/** What `checksumOf` answers for the commit that wrote this batch. */
export const batchChecksum = (writes: readonly Write[]): number => sumOfSums(writeSums(writes));

/** CRC-32 over the sums of a batch, in order. */
export function sumOfSums(sums: Uint32Array): number {
  const bytes = new Uint8Array(sums.length * 4);
  sums.forEach((sum, at) => {
    putUint32(bytes, sum, at * 4);
  });
  return crc32(bytes);
}

/** Throws a `TypeError` for a key that the store does not take. */
export function checkKey(key: string): void {
  if (key.length === 0 || key.charCodeAt(0) === 0)
    throw new TypeError('A key is not empty and does not begin with U+0000.');
  if (!key.isWellFormed()) throw new TypeError(`A key is well-formed text: ${JSON.stringify(key)}`);
}

/** Moves surrogates above the rest of the basic plane, where the code points that they stand for belong. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/**
 * Orders two keys by their UTF-8 bytes, which is the order of their code points. JavaScript compares UTF-16 units,
 * which differs where a surrogate meets a unit above it.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const x = a.charCodeAt(at);
    const y = b.charCodeAt(at);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** The lower bound of a caller's range with the store's own rows cut off. */
export function outside(gte: string): string {
  return gte < FIRST_KEY ? FIRST_KEY : gte;
}
