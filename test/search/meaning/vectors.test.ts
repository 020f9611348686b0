import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAGE } from '../../../src/search/meaning/dots.ts';
import { Vectors } from '../../../src/search/meaning/vectors.ts';

/** How far a cosine may be from what 32 bits give. */
const CLOSE = 1e-4;

function unit(numbers: readonly number[]): Float32Array {
  const length = Math.hypot(...numbers) || 1;
  return Float32Array.from(numbers, (number) => number / length);
}

/** The same vectors for the same seed. */
function vectorsOf(seed: number, count: number, dimensions: number): Float32Array[] {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  return Array.from({ length: count }, () => unit(Array.from({ length: dimensions }, random)));
}

const product = (one: Float32Array, other: Float32Array): number =>
  one.reduce((sum, number, i) => sum + number * (other[i] ?? 0), 0);
const everything = () => true;
const first = (vectors: Vectors, query: Float32Array, allows: (number: number) => boolean = everything) =>
  vectors.nearest(query, 1, -1, allows).map(({ number }) => number);

describe('the nearest vectors', () => {
  it('are those that plain arithmetic finds, whatever was put, replaced and dropped before', () => {
    const step = fc.record({
      number: fc.integer({ min: 0, max: 150 }),
      put: fc.integer({ min: 0, max: 4 }).map((draw) => draw > 0),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(1, 3, 16, 17, 384),
        fc.integer({ min: 1, max: 1e9 }),
        fc.array(step, { maxLength: 400 }),
        fc.integer({ min: 0, max: 30 }),
        fc.integer({ min: 1, max: 5 }),
        (dimensions, seed, steps, most, part) => {
          const vectors = new Vectors(dimensions);
          const model = new Map<number, Float32Array>();
          const made = vectorsOf(seed, steps.length + 1, dimensions);
          for (const [at, { number, put }] of steps.entries()) {
            const vector = made[at] as Float32Array;
            if (put) {
              expect(vectors.put(number, vector)).toBe(true);
              model.set(number, vector);
            } else {
              vectors.drop(number);
              model.delete(number);
            }
          }
          const query = made.at(-1) as Float32Array;
          const allows = (number: number) => number % part === 0;
          const cosines = new Map([...model].map(([number, vector]) => [number, product(vector, query)]));
          const expected = [...cosines]
            .filter(([number, cosine]) => allows(number) && cosine >= 0.1)
            .sort(([, one], [, other]) => other - one);
          const found = vectors.nearest(query, most, 0.1, allows);

          expect(vectors.count).toBe(model.size);
          // One at the very edge may be in for one of them and not for the other.
          const edge = expected.filter(([, cosine]) => cosine < 0.1 + CLOSE).length;
          expect(found.length).toBeGreaterThanOrEqual(Math.min(most, expected.length - edge));
          expect(new Set(found.map(({ number }) => number)).size).toBe(found.length);
          for (const [at, { number, cosine }] of found.entries()) {
            expect(allows(number)).toBe(true);
            expect(Math.abs(cosine - (cosines.get(number) ?? 9))).toBeLessThan(CLOSE);
            expect(vectors.cosine(number, query)).toBe(cosine);
            if (expected[at]) expect(Math.abs(cosine - expected[at][1])).toBeLessThan(CLOSE);
          }
        },
      ),
    );
  });

  it('count at once when they are put, put anew or dropped', () => {
    const vectors = new Vectors(3);
    const [x, y] = [unit([1, 0, 0]), unit([0, 1, 0])];
    for (const number of [1, 2, 3]) vectors.put(number, y);
    vectors.put(7, x);
    expect(first(vectors, x)).toEqual([7]);
    vectors.put(2, x);
    vectors.put(7, y);
    expect(first(vectors, x)).toEqual([2]);
    vectors.drop(2);
    expect(vectors.has(2)).toBe(false);
    expect(vectors.of(2)).toBeUndefined();
    expect(vectors.cosine(2, x)).toBeUndefined();
    expect(vectors.nearest(x, 9, 0.5, everything)).toEqual([]);
    vectors.drop(2);
    expect(vectors.count).toBe(3);
  });

  it('are the newest first where several are as near', () => {
    const vectors = new Vectors(3);
    const x = unit([1, 0, 0]);
    for (let number = 0; number < 300; number++) vectors.put(number, x);
    vectors.drop(299);
    expect(vectors.nearest(x, 3, 0, everything).map(({ number }) => number)).toEqual([298, 297, 296]);
  });

  it('are found among the few that are let through, far apart and in one place', () => {
    const vectors = new Vectors(16);
    const made = vectorsOf(4, 1000, 16);
    for (const [number, vector] of made.entries()) vectors.put(number, vector);
    for (const number of [0, 63, 64, 500, 999]) {
      const query = made[(number + 1) % made.length] as Float32Array;
      expect(first(vectors, query, (other) => other === number)).toEqual([number]);
    }
    expect(first(vectors, made[5] as Float32Array, (number) => [5, 900].includes(number))).toEqual([5]);
    expect(first(vectors, made[5] as Float32Array, () => false)).toEqual([]);
  });

  it('stay what they are when the memory grows', () => {
    const dimensions = 384;
    const vectors = new Vectors(dimensions);
    const made = vectorsOf(8, 6000, dimensions);
    for (const [number, vector] of made.entries()) vectors.put(number, vector);
    for (const number of [0, 1, 2900, 5999])
      expect(first(vectors, made[number] as Float32Array)).toEqual([number]);
  });

  it('are asked for by the cosine of each question, also of another one in between', () => {
    const vectors = new Vectors(3);
    const [x, y] = [unit([1, 0, 0]), unit([0, 1, 0])];
    vectors.put(1, x);
    expect(vectors.cosine(1, x)).toBeCloseTo(1, 4);
    expect(vectors.cosine(1, y)).toBeCloseTo(0, 4);
    expect(vectors.cosine(1, x)).toBeCloseTo(1, 4);
    expect(first(vectors, y)).toEqual([1]);
    expect(vectors.cosine(1, x)).toBeCloseTo(1, 4);
  });
});

describe('a vector', () => {
  it('comes back nearly as it was, and the same when what came back is put', () => {
    const vectors = new Vectors(384);
    const [vector] = vectorsOf(3, 1, 384) as [Float32Array];
    vectors.put(1, vector);
    const back = vectors.of(1) as Float32Array;
    expect(back).toHaveLength(384);
    expect(product(back, vector)).toBeCloseTo(1, 4);
    vectors.put(2, back);
    expect(vectors.of(2)).toEqual(back);
    back.fill(0);
    expect(product(vectors.of(1) as Float32Array, vector)).toBeCloseTo(1, 4);
  });

  it('is refused when there is no room for it, and the others are found all the same', () => {
    const vectors = new Vectors(384, 2);
    const fits = Math.floor((2 * PAGE) / 768) - 1;
    const made = vectorsOf(6, fits + 20, 384);
    const taken = made.filter((vector, number) => vectors.put(number, vector)).length;
    expect(taken).toBeGreaterThan(fits - 5);
    expect(taken).toBeLessThanOrEqual(fits);
    expect(vectors.count).toBe(taken);
    const last = made[taken - 1] as Float32Array;
    expect(first(vectors, last)).toEqual([taken - 1]);
    expect(vectors.put(taken - 1, made[0] as Float32Array)).toBe(true);
    vectors.drop(0);
    expect(vectors.put(taken, last)).toBe(true);
    expect(first(vectors, last)).toEqual([taken]);
  });
});
