import { Refusal } from './types.ts';

/** A place in bytes that are read once, from the front. */
export interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

const short = (): never => {
  throw new Refusal('malformed', 'it ends in the middle');
};

export const left = (cursor: Cursor): number => cursor.bytes.length - cursor.at;

export function byte(cursor: Cursor): number {
  return cursor.bytes[cursor.at++] ?? short();
}

/** A whole number in lib0's encoding: seven bits a byte, the lowest first, up to 2^53 - 1. */
export function uint(cursor: Cursor): number {
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const next = byte(cursor);
    value += (next & 127) * scale;
    if (value > Number.MAX_SAFE_INTEGER) throw new Refusal('malformed', 'a number is beyond 2^53');
    if (next < 128) return value;
    if (scale > 2 ** 49) throw new Refusal('malformed', 'a number is too long');
  }
}

/** A number of things that take at least `size` bytes each; more than are left is refused before anything is made. */
export function count(cursor: Cursor, size: number): number {
  const value = uint(cursor);
  return value * size > left(cursor) ? short() : value;
}

export function skip(cursor: Cursor, bytes: number): void {
  if (bytes > left(cursor)) short();
  cursor.at += bytes;
}

/** Steps over a value in lib0's `any` encoding without making it. */
export function skipAny(cursor: Cursor, depth: number): void {
  const type = byte(cursor);
  switch (type) {
    case 127: // undefined
    case 126: // null
    case 121: // false
    case 120: // true
      return;
    case 125: // integer
      for (let i = 0; byte(cursor) > 127; i++) {
        if (i > 8) throw new Refusal('malformed', 'a number is too long');
      }
      return;
    case 124: // float32
      return skip(cursor, 4);
    case 123: // float64
    case 122: // bigint
      return skip(cursor, 8);
    case 119: // string
    case 116: // bytes
      return skip(cursor, uint(cursor));
    case 118: // object
    case 117: {
      // array
      if (depth === 0) throw new Refusal('entry', 'a value is nested too deep');
      for (let items = count(cursor, type === 118 ? 2 : 1); items > 0; items--) {
        if (type === 118) skip(cursor, uint(cursor));
        skipAny(cursor, depth - 1);
      }
      return;
    }
    default:
      throw new Refusal('malformed', 'a value of unknown type');
  }
}
