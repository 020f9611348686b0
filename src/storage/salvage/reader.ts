/** Reads bytes from the front. Throws a `RangeError` where they end before what is asked for, or make no number. */
export interface ByteReader {
  readonly at: number;
  readonly left: number;
  byte(): number;
  /** A number of so many bytes, at most four, lowest first. */
  little(bytes: number): number;
  /** A number of at most 32 bits, seven a byte, lowest first. */
  varint(): number;
  /** A view of the next bytes. */
  take(bytes: number): Uint8Array;
}

export function createReader(bytes: Uint8Array): ByteReader {
  let at = 0;
  const need = (count: number): void => {
    if (at + count > bytes.length) throw new RangeError('the bytes end');
  };
  const reader: ByteReader = {
    get at() {
      return at;
    },
    get left() {
      return bytes.length - at;
    },
    byte() {
      need(1);
      return bytes[at++] ?? 0;
    },
    little(count) {
      let value = 0;
      for (let n = 0; n < count; n++) value += reader.byte() * 2 ** (8 * n);
      return value;
    },
    varint() {
      let value = 0;
      for (let n = 0; n < 5; n++) {
        const one = reader.byte();
        value += (one & 0x7f) * 2 ** (7 * n);
        if (one < 0x80) return value;
      }
      throw new RangeError('no number');
    },
    take(count) {
      need(count);
      at += count;
      return bytes.subarray(at - count, at);
    },
  };
  return reader;
}

/** A row as the engine keeps it: of several of one key the one of the highest number counts. */
export interface RawRow {
  readonly key: string;
  readonly number: number;
  /** Undefined where the row was deleted. */
  readonly framed: Uint8Array | undefined;
}

/** Called for each part that can not be read. */
export type OnDamage = () => void;
