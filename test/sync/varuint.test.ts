import fc from 'fast-check';
import { encoding } from 'lib0';
import { expect, it } from 'vitest';
import { type NoNumber, readUint } from '../../src/sync/varuint.ts';

const fail = (why: NoNumber): never => {
  throw new Error(why);
};

const read = (bytes: readonly number[] | Uint8Array): number =>
  readUint({ bytes: Uint8Array.from(bytes), at: 0 }, fail);

it('SYN-4: a number is read as lib0 writes it, and nothing beyond it', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.uint8Array({ maxLength: 4 }), (value, rest) => {
      const encoder = encoding.createEncoder();
      encoding.writeVarUint(encoder, value);
      const written = encoding.toUint8Array(encoder);
      const cursor = { bytes: Uint8Array.from([...written, ...rest]), at: 0 };
      expect(readUint(cursor, fail)).toBe(value);
      expect(cursor.at).toBe(written.length);
      for (let end = 0; end < written.length; end++)
        expect(() => read(written.subarray(0, end))).toThrow('short');
    }),
  );
  for (const value of [0, 127, 128, 2 ** 49 - 1, 2 ** 49, Number.MAX_SAFE_INTEGER]) {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, value);
    expect(read(encoding.toUint8Array(encoder))).toBe(value);
  }
});

it('SYN-4: a number beyond 2^53 - 1, or longer than that is written, is none', () => {
  expect(() => read([255, 255, 255, 255, 255, 255, 255, 16])).toThrow('large');
  expect(() => read([...new Uint8Array(9).fill(128), 0])).toThrow('large');
  expect(() => read(new Uint8Array(1_000_000).fill(128))).toThrow('large');
  // The view ends, and what lies behind it is not looked at.
  const around = Uint8Array.from([1, 128, 1]);
  expect(() => readUint({ bytes: around.subarray(0, 2), at: 1 }, fail)).toThrow('short');
});
