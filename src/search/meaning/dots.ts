// Products of rows of 16-bit numbers, many at once: the processor's wide instructions are reached through a WebAssembly
// module that is small enough to be written here, one instruction a line.

/** Memory that grows in place, by pages. Its buffer is another one after that. */
export interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** What is used of it: the compiler knows its types only among those of browsers. */
declare const WebAssembly: {
  readonly Memory: new (of: { initial: number; maximum: number }) => Memory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: { readonly dots: Dots } };
  validate(bytes: Uint8Array): boolean;
};

/**
 * Multiplies `query` with each of `count` rows that follow one another from `row` on, and puts the sums after one another
 * from `sums` on, each of 32 bits. All places are in bytes from the beginning of the memory; `width` is how many bytes
 * a row takes, and the query: a multiple of `STEP`. There is at least one row.
 */
export type Dots = (query: number, row: number, count: number, width: number, sums: number) => void;

export const PAGE = 65_536;
/** More cannot be addressed. */
export const MOST_PAGES = 65_536;
/** Bytes that are multiplied in one go. */
export const STEP = 32;

export const makeMemory = (pages: number, most: number): Memory =>
  new WebAssembly.Memory({ initial: pages, maximum: most });

const ascii = (text: string): number[] => [text.length, ...Array.from(text, (sign) => sign.charCodeAt(0))];
/** A number as the format has it: seven bits a byte. */
const size = (number: number): number[] =>
  number < 0x80 ? [number] : [(number & 0x7f) | 0x80, ...size(number >>> 7)];
const sized = (bytes: readonly number[]): number[] => [...size(bytes.length), ...bytes];
const section = (id: number, ...bytes: number[]): number[] => [id, ...sized(bytes)];

const i32 = 0x7f;
const v128 = 0x7b;
const [query, row, count, width, sums, at, end, a, b] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
/** Sets it and leaves it on the stack. */
const tee = (local: number): number[] => [0x22, local];
const constant = (number: number): number[] => [0x41, number];
const add = [0x6a];
const subtract = [0x6b];
const differs = [0x47];
const loop = [0x03, 0x40];
const done = [0x0b];
/** Back to the beginning of the loop if what is on the stack is not 0. */
const again = [0x0d, 0];
const store = [0x36, 2, 0];
const wide = (code: number): number[] => [0xfd, ...size(code)];
const load = (offset: number): number[] => [...wide(0), 4, offset];
const splat = wide(17);
/** Eight products of 16 bits, each two neighbours summed to 32. */
const multiply = wide(186);
const addWide = wide(174);
const lane = (number: number): number[] => [...wide(27), number];

/** Two sums at once: each addition waits for the one before it. */
const body = [
  ...loop,
  ...[...constant(0), ...splat, ...set(a)],
  ...[...constant(0), ...splat, ...set(b)],
  ...[...get(query), ...set(at)],
  ...[...get(row), ...get(width), ...add, ...set(end)],
  ...loop,
  ...[...get(a), ...get(row), ...load(0), ...get(at), ...load(0), ...multiply, ...addWide, ...set(a)],
  ...[...get(b), ...get(row), ...load(16), ...get(at), ...load(16), ...multiply, ...addWide, ...set(b)],
  ...[...get(at), ...constant(STEP), ...add, ...set(at)],
  ...[...get(row), ...constant(STEP), ...add, ...tee(row), ...get(end), ...differs, ...again],
  ...done,
  ...[...get(a), ...get(b), ...addWide, ...set(a)],
  ...get(sums),
  ...[...get(a), ...lane(0), ...get(a), ...lane(1), ...add],
  ...[...get(a), ...lane(2), ...add, ...get(a), ...lane(3), ...add],
  ...store,
  ...[...get(sums), ...constant(4), ...add, ...set(sums)],
  ...[...get(count), ...constant(1), ...subtract, ...tee(count), ...again],
  ...done,
  ...done,
];

const code = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  // One type: a function of five numbers that answers nothing.
  ...section(1, 1, 0x60, 5, i32, i32, i32, i32, i32, 0),
  // The memory comes from outside, with at least one page.
  ...section(2, 1, ...ascii('from'), ...ascii('memory'), 2, 0, 1),
  ...section(3, 1, 0),
  ...section(7, 1, ...ascii('dots'), 0, 0),
  // Its own variables: two numbers, two wide ones.
  ...section(10, 1, ...sized([2, 2, i32, 2, v128, ...body])),
]);

/** Where the processor has no wide instructions; as right, and slow. */
export function dotsByLoop(memory: Memory): Dots {
  return (query, row, count, width, sums) => {
    const numbers = new Int16Array(memory.buffer);
    const answers = new Int32Array(memory.buffer);
    const length = width / 2;
    for (let i = 0; i < count; i++) {
      const from = row / 2 + i * length;
      let sum = 0;
      for (let j = 0; j < length; j++)
        sum += (numbers[from + j] as number) * (numbers[query / 2 + j] as number);
      answers[sums / 4 + i] = sum;
    }
  };
}

/** What multiplies in this memory. */
export const dotsIn = (memory: Memory): Dots =>
  WebAssembly.validate(code)
    ? new WebAssembly.Instance(new WebAssembly.Module(code), { from: { memory } }).exports.dots
    : dotsByLoop(memory);
