import { createReader } from './reader.ts';

/** A block that says it is larger is damaged: the engine's are some kilobytes, or one long row. */
const most = 64 * 1024 * 1024;

/**
 * Bytes that the engine compressed, as far as they can be read: where they are damaged the rest is missing. What
 * is there may be wrong too; each row has a sum of its own.
 */
export function unsnappy(compressed: Uint8Array): { readonly bytes: Uint8Array; readonly whole: boolean } {
  const from = createReader(compressed);
  let out = new Uint8Array(0);
  let at = 0;
  try {
    const length = from.varint();
    if (length > most) return { bytes: out, whole: false };
    out = new Uint8Array(length);
    while (at < length) {
      const tag = from.byte();
      if ((tag & 3) === 0) {
        const short = tag >> 2;
        const count = (short < 60 ? short : from.little(short - 59)) + 1;
        const literal = from.take(Math.min(count, length - at));
        out.set(literal, at);
        at += literal.length;
        if (literal.length < count) break;
        continue;
      }
      const isShort = (tag & 3) === 1;
      const count = isShort ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
      const back = isShort ? ((tag >> 5) << 8) | from.byte() : from.little((tag & 3) === 2 ? 2 : 4);
      if (back === 0 || back > at || at + count > length) break;
      // Byte by byte: what is copied may run into itself.
      for (let n = 0; n < count; n++, at++) out[at] = out[at - back] ?? 0;
    }
    return { bytes: out.subarray(0, at), whole: at === length };
  } catch {
    return { bytes: out.subarray(0, at), whole: false };
  }
}
