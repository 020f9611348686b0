import { Best } from '../text/best.ts';

/** The vectors of one model, in memory: one row of numbers for each document that has one. */
export class Vectors {
  readonly dimensions: number;
  #rows: Float32Array;
  /** For each row its document, and for each document its row. */
  readonly #numbers: number[] = [];
  readonly #places = new Map<number, number>();

  constructor(dimensions: number) {
    this.dimensions = dimensions;
    this.#rows = new Float32Array(dimensions * 64);
  }

  get count(): number {
    return this.#numbers.length;
  }

  has(number: number): boolean {
    return this.#places.has(number);
  }

  /** The vector is of length 1. */
  put(number: number, vector: Float32Array): void {
    let row = this.#places.get(number);
    if (row === undefined) {
      row = this.#numbers.length;
      if ((row + 1) * this.dimensions > this.#rows.length) {
        const larger = new Float32Array(this.#rows.length * 2);
        larger.set(this.#rows);
        this.#rows = larger;
      }
      this.#numbers.push(number);
      this.#places.set(number, row);
    }
    this.#rows.set(vector, row * this.dimensions);
  }

  /** The last row takes the place of the one that goes. */
  drop(number: number): void {
    const row = this.#places.get(number);
    if (row === undefined) return;
    this.#places.delete(number);
    const last = this.#numbers.length - 1;
    const moved = this.#numbers.pop();
    if (row === last || moved === undefined) return;
    this.#rows.copyWithin(row * this.dimensions, last * this.dimensions, (last + 1) * this.dimensions);
    this.#numbers[row] = moved;
    this.#places.set(moved, row);
  }

  of(number: number): Float32Array | undefined {
    const row = this.#places.get(number);
    return row === undefined
      ? undefined
      : this.#rows.subarray(row * this.dimensions, (row + 1) * this.dimensions);
  }

  #cosine(row: number, vector: Float32Array): number {
    const rows = this.#rows;
    const from = row * this.dimensions;
    // Four sums at once: each addition waits for the one before it.
    let [a, b, c, d] = [0, 0, 0, 0];
    const whole = this.dimensions - (this.dimensions % 4);
    for (let i = 0; i < whole; i += 4) {
      a += (rows[from + i] as number) * (vector[i] as number);
      b += (rows[from + i + 1] as number) * (vector[i + 1] as number);
      c += (rows[from + i + 2] as number) * (vector[i + 2] as number);
      d += (rows[from + i + 3] as number) * (vector[i + 3] as number);
    }
    for (let i = whole; i < this.dimensions; i++) a += (rows[from + i] as number) * (vector[i] as number);
    return a + b + c + d;
  }

  cosine(number: number, vector: Float32Array): number | undefined {
    const row = this.#places.get(number);
    return row === undefined ? undefined : this.#cosine(row, vector);
  }

  /** The nearest documents, the nearest first, of those that `allows` lets through and that are no farther than `least`. */
  nearest(
    vector: Float32Array,
    most: number,
    least: number,
    allows: (number: number) => boolean,
  ): { number: number; cosine: number }[] {
    const cosines = new Float32Array(this.#numbers.length);
    const best = new Best(most, (one, other) => (cosines[one] as number) > (cosines[other] as number));
    for (let row = 0; row < this.#numbers.length; row++) {
      if (!allows(this.#numbers[row] as number)) continue;
      const cosine = this.#cosine(row, vector);
      if (cosine < least) continue;
      cosines[row] = cosine;
      best.offer(row);
    }
    return best
      .inOrder()
      .map((row) => ({ number: this.#numbers[row] as number, cosine: cosines[row] as number }));
  }
}
