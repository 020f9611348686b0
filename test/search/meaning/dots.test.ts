import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Dots, dotsByLoop, dotsIn, makeMemory, PAGE, STEP } from '../../../src/search/meaning/dots.ts';

afterEach(() => vi.restoreAllMocks());

describe('products of many rows', () => {
  const small = fc.integer({ min: -200, max: 200 });

  /** Rows after the query, sums after the rows; answers the sums. */
  function multiplied(
    make: (memory: ReturnType<typeof makeMemory>) => Dots,
    query: number[],
    rows: number[][],
  ) {
    const memory = makeMemory(2, 2);
    const width = query.length * 2;
    const numbers = new Int16Array(memory.buffer);
    numbers.set(query);
    for (const [at, row] of rows.entries()) numbers.set(row, query.length * (at + 1));
    const sums = PAGE;
    make(memory)(0, width, rows.length, width, sums);
    return [...new Int32Array(memory.buffer, sums, rows.length + 1)];
  }

  it('are the same by wide instructions, by the loop and by plain arithmetic, and nothing else is written', () => {
    const tables = fc.integer({ min: 1, max: 4 }).chain((steps) => {
      const row = fc.array(small, { minLength: (steps * STEP) / 2, maxLength: (steps * STEP) / 2 });
      return fc.tuple(row, fc.array(row, { minLength: 1, maxLength: 9 }));
    });
    fc.assert(
      fc.property(tables, ([query, rows]) => {
        const plain = rows.map((row) => row.reduce((sum, number, i) => sum + number * (query[i] ?? 0), 0));
        expect(multiplied(dotsIn, query, rows)).toEqual([...plain, 0]);
        expect(multiplied(dotsByLoop, query, rows)).toEqual([...plain, 0]);
      }),
    );
  });

  it('of vectors of length 1 fit into 32 bits, wherever their weight is', () => {
    const one = 32_767;
    const length = STEP / 2;
    const first = [one, ...Array<number>(length - 1).fill(0)];
    const even = Array<number>(length).fill(Math.round(one / Math.sqrt(length)));
    const against = even.map((number) => -number);
    const sumOf = (query: number[], row: number[]) => multiplied(dotsIn, query, [row])[0] ?? 0;
    expect(sumOf(first, first)).toBe(one ** 2);
    expect(sumOf(even, even) / one ** 2).toBeCloseTo(1, 3);
    expect(sumOf(even, against) / one ** 2).toBeCloseTo(-1, 3);
  });

  it('are made by the loop where the processor has no wide instructions', () => {
    const wasm = (globalThis as unknown as { WebAssembly: { validate(): boolean; Module: unknown } })
      .WebAssembly;
    vi.spyOn(wasm, 'validate').mockReturnValue(false);
    const module = vi.spyOn(wasm as unknown as { Module: () => void }, 'Module');
    const query = Array<number>(STEP / 2).fill(3);
    expect(multiplied(dotsIn, query, [query, query])).toEqual([144, 144, 0]);
    expect(module).not.toHaveBeenCalled();
  });
});
