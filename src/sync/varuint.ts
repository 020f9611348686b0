/** A place in bytes that are read once, from the front. */
export interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

/** Why there is no number: the bytes end in it, or it is longer than 2^53 - 1 is ever written. */
export type NoNumber = 'short' | 'large';

/**
 * A whole number in lib0's encoding: seven bits a byte, the lowest first, up to 2^53 - 1. Whoever reads says by `fail` what
 * is thrown: lib0's own reader throws plain errors, and takes any number of bytes that say nothing.
 */
export function readUint(cursor: Cursor, fail: (why: NoNumber) => never): number {
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const next = cursor.bytes[cursor.at++];
    if (next === undefined) return fail('short');
    value += (next & 127) * scale;
    if (value > Number.MAX_SAFE_INTEGER) return fail('large');
    if (next < 128) return value;
    if (scale > 2 ** 49) return fail('large');
  }
}
