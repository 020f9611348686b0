import { type Cursor, type NoNumber, readUint } from '../../varuint.ts';
import { Refusal } from '../types.ts';

const short = (): never => {
  throw new Refusal('malformed', 'it ends in the middle');
};

export const left = (cursor: Cursor): number => cursor.bytes.length - cursor.at;

export function byte(cursor: Cursor): number {
  return cursor.bytes[cursor.at++] ?? short();
}

const noNumber = (why: NoNumber): never => {
  if (why === 'short') return short();
  throw new Refusal('malformed', 'a number is beyond 2^53');
};

export const uint = (cursor: Cursor): number => readUint(cursor, noNumber);

/** A number of things that take at least `size` bytes each; more than are left is refused before anything is made. */
export function count(cursor: Cursor, size: number): number {
  const value = uint(cursor);
  return value * size > left(cursor) ? short() : value;
}

export function skip(cursor: Cursor, bytes: number): void {
  if (bytes > left(cursor)) short();
  cursor.at += bytes;
}

// Types of lib0's `any` encoding.
const integer = 125;
const string = 119;
const object = 118;
const array = 117;
const octets = 116;
/** Bytes that follow a type of fixed size: undefined, null, false, true, float32, float64, bigint. */
const fixed: ReadonlyMap<number, number> = new Map([
  [127, 0],
  [126, 0],
  [121, 0],
  [120, 0],
  [124, 4],
  [123, 8],
  [122, 8],
]);

function skipInteger(cursor: Cursor): void {
  for (let i = 0; byte(cursor) > 127; i++) if (i > 8) throw new Refusal('malformed', 'a number is too long');
}

/** Steps over a value in lib0's `any` encoding without making it. */
export function skipAny(cursor: Cursor, depth: number): void {
  const type = byte(cursor);
  const size = fixed.get(type);
  if (size !== undefined) skip(cursor, size);
  else if (type === integer) skipInteger(cursor);
  else if (type === string || type === octets) skip(cursor, uint(cursor));
  else if (type === object || type === array) {
    if (depth === 0) throw new Refusal('entry', 'a value is nested too deep');
    for (let items = count(cursor, type === object ? 2 : 1); items > 0; items--) {
      if (type === object) skip(cursor, uint(cursor));
      skipAny(cursor, depth - 1);
    }
  } else throw new Refusal('malformed', 'a value of unknown type');
}
