import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Vectors } from '../../src/search/meaning/vectors.ts';
import { Best } from '../../src/search/text/best.ts';
import { dimensions } from './unit-vectors.ts';

/** Something that finds the nearest of many vectors. */
export interface Contender {
  put(number: number, vector: Float32Array): void;
  /** Puts what it kept back. */
  finish?(): void;
  drop?(number: number): void;
  nearest(vector: Float32Array, most: number, allows?: (number: number) => boolean): number[];
}

/** What is farther is not found by search either. */
const least = 0.2;
const everything = (): boolean => true;

export const ours = (): Contender => {
  const vectors = new Vectors(dimensions);
  return {
    put(number, vector) {
      if (!vectors.put(number, vector)) throw new Error('no room');
    },
    drop: (number) => vectors.drop(number),
    nearest: (vector, most, allows = everything) =>
      vectors.nearest(vector, most, least, allows).map(({ number }) => number),
  };
};

/** One number after the other, of 32 bits: what is right. */
export const plain = (count: number): Contender => {
  const rows = new Float32Array(count * dimensions);
  const cosine = (row: number, vector: Float32Array): number => {
    const from = row * dimensions;
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let i = 0; i < dimensions; i += 4) {
      a += (rows[from + i] as number) * (vector[i] as number);
      b += (rows[from + i + 1] as number) * (vector[i + 1] as number);
      c += (rows[from + i + 2] as number) * (vector[i + 2] as number);
      d += (rows[from + i + 3] as number) * (vector[i + 3] as number);
    }
    return a + b + c + d;
  };
  return {
    put: (number, vector) => rows.set(vector, number * dimensions),
    nearest(vector, most, allows = everything) {
      const cosines = new Float32Array(count);
      const best = new Best(most, (one, other) => (cosines[one] ?? 0) > (cosines[other] ?? 0));
      for (let row = 0; row < count; row++) {
        if (!allows(row)) continue;
        const near = cosine(row, vector);
        if (near < least) continue;
        cosines[row] = near;
        best.offer(row);
      }
      return best.inOrder();
    },
  };
};

/** What is used of usearch, which has no filter in JavaScript. */
interface Index {
  add(keys: BigUint64Array, vectors: Float32Array, threads: number): void;
  search(vector: Float32Array, most: number, threads: number): { keys: BigUint64Array };
  remove(key: bigint): unknown;
}
interface Usearch {
  readonly Index: new (of: Record<string, unknown>) => Index;
}

const batch = 64;

/** A graph of 8-bit vectors, made and asked by one thread, in batches. */
export const usearch = (directory: string): Contender => {
  const { Index } = createRequire(join(directory, 'package.json'))('usearch') as Usearch;
  const index = new Index({
    metric: 'ip',
    quantization: 'i8',
    dimensions,
    connectivity: 16,
    expansion_add: 128,
    expansion_search: 64,
    multi: false,
  });
  let keys: bigint[] = [];
  const waiting = new Float32Array(batch * dimensions);
  const finish = (): void => {
    if (keys.length > 0) index.add(BigUint64Array.from(keys), waiting.slice(0, keys.length * dimensions), 1);
    keys = [];
  };
  return {
    put(number, vector) {
      waiting.set(vector, keys.length * dimensions);
      keys.push(BigInt(number));
      if (keys.length === batch) finish();
    },
    finish,
    drop: (number) => void index.remove(BigInt(number)),
    nearest: (vector, most) => Array.from(index.search(vector, most, 1).keys, Number),
  };
};
