import { CoterieError } from '../../schemas/index.ts';
import { fromBase64url } from '../op/index.ts';

/** Bytes of a varuint at most. */
export const uintBytes = 8;

/** Writes into bytes of a size that is known to be enough: one piece of memory a record, and nothing that grows. */
export function createWriter(size: number) {
  const bytes = new Uint8Array(size);
  let at = 0;
  const put = (piece: Uint8Array): void => {
    bytes.set(piece, at);
    at += piece.length;
  };
  return {
    put,
    uint(value: number): void {
      let rest = value;
      for (; rest > 127; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 128;
      bytes[at++] = rest;
    },
    /** 32 bytes in base64url. */
    raw(value: string): void {
      const piece = fromBase64url(value, 32);
      if (!piece) throw new CoterieError('internal', '32 bytes in base64url expected');
      put(piece);
    },
    done: (): Uint8Array => bytes.subarray(0, at),
  };
}
