import type { Hash } from '../../schemas/index.ts';
import { toBase32, toBase64url } from '../op/index.ts';
import { type Cursor, type NoNumber, readUint } from './varuint.ts';

/** Why a frame cannot be read. It never leaves the codec. */
export class Malformed extends Error {
  /** It is over a limit of size, and may be well formed otherwise. */
  readonly large: boolean;
  constructor(message: string, large = false) {
    super(message);
    this.large = large;
  }
}

/** Reads a frame from its start. Each method checks that what it is asked for is there, else it throws `Malformed`. */
export interface Reader {
  uint(): number;
  flag(): boolean;
  /** One byte with no bits but those of `mask`. */
  flags(mask: number): number;
  /** One byte: the place of one of the values. */
  choice<T>(values: readonly T[]): T;
  /** A view of the frame. */
  bytes(size: number): Uint8Array;
  /** A view of the frame, its length in front. */
  block(): Uint8Array;
  hash(): Hash;
  base64url(size: number): string;
  /** UTF-8 of at most `max` bytes, its length in front. */
  text(max: number): string;
  /** At most `max` items, its number in front, none shorter than `least` bytes. */
  list<T>(max: number, least: number, read: () => T): T[];
  done(): boolean;
  /** Bytes that were read. */
  read(): number;
}

const noNumber = (why: NoNumber): never => {
  throw new Malformed(why === 'short' ? 'the frame ends too early' : 'a number is too large');
};

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function createReader(frame: Uint8Array): Reader {
  const cursor: Cursor = { bytes: frame, at: 0 };
  const left = (): number => frame.length - cursor.at;

  const uint = (): number => readUint(cursor, noNumber);
  const bytes = (size: number): Uint8Array => {
    if (size > left()) throw new Malformed('the frame ends too early');
    const view = new Uint8Array(frame.buffer, frame.byteOffset + cursor.at, size);
    cursor.at += size;
    return view;
  };
  const byte = (): number => {
    const value = frame[cursor.at++];
    if (value === undefined) throw new Malformed('the frame ends too early');
    return value;
  };
  const flags = (mask: number): number => {
    const value = byte();
    if ((value & ~mask) !== 0) throw new Malformed('unknown flags');
    return value;
  };

  return {
    uint,
    flags,
    flag: () => flags(1) === 1,
    choice(values) {
      const value = values[byte()];
      if (value === undefined) throw new Malformed('unknown choice');
      return value;
    },
    bytes,
    block: () => bytes(uint()),
    hash: () => toBase32(bytes(16)),
    base64url: (size) => toBase64url(bytes(size)),
    text(max) {
      const size = uint();
      if (size > max) throw new Malformed('a text is too long');
      return utf8.decode(bytes(size));
    },
    list(max, least, read) {
      const count = uint();
      if (count > max || count * least > left()) throw new Malformed('a list is too long');
      const items: ReturnType<typeof read>[] = [];
      for (let i = 0; i < count; i++) items.push(read());
      return items;
    },
    read: () => cursor.at,
    done: () => left() === 0,
  };
}
