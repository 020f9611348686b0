import { Best } from '../text/best.ts';
import { type Dots, dotsIn, type Memory, MOST_PAGES, makeMemory, PAGE, STEP } from './dots.ts';

/**
 * What a number of 1 is in a row: the largest of 16 bits. Of vectors of length 1 no product, and no part of one, leaves
 * 32 bits then.
 */
const ONE = 32_767;
/** Rows that are multiplied at once, if one of them may be found. */
const BLOCK = 64;
/** Pages that the memory grows by at least, and what part of it. */
const LEAST_GROWTH = 16;
const GROWTH_PART = 1 / 8;

/**
 * The vectors of one model, in memory: one row of numbers for each document that has one, 16 bits a number. A cosine is
 * right to about .00001. Each question goes over all rows: nothing is missed, nothing has to be built, and what was put or
 * dropped counts at once.
 */
export class Vectors {
  readonly dimensions: number;
  readonly #memory: Memory;
  readonly #mostPages: number;
  readonly #dots: Dots;
  /** Bytes of a row; its end is filled up with zeros. */
  readonly #width: number;
  /** Where the rows begin: before them are the query, at 0, and the sums of a block. */
  readonly #sums: number;
  readonly #first: number;
  #numbers16: Int16Array;
  /** For each row its document, and for each document its row. */
  readonly #numbers: number[] = [];
  readonly #places = new Map<number, number>();
  /** What was asked last. */
  #query: Float32Array | undefined;

  constructor(dimensions: number, mostPages = MOST_PAGES) {
    this.dimensions = dimensions;
    this.#width = Math.ceil((dimensions * 2) / STEP) * STEP;
    this.#sums = this.#width;
    this.#first = this.#sums + BLOCK * 4;
    this.#mostPages = mostPages;
    this.#memory = makeMemory(Math.ceil(this.#first / PAGE), mostPages);
    this.#dots = dotsIn(this.#memory);
    this.#numbers16 = new Int16Array(this.#memory.buffer);
  }

  get count(): number {
    return this.#numbers.length;
  }

  has(number: number): boolean {
    return this.#places.has(number);
  }

  /** Where a row begins, in bytes. */
  #at(row: number): number {
    return this.#first + row * this.#width;
  }

  /** Makes room for so many rows, if there is any. */
  #reserve(rows: number): boolean {
    const { byteLength } = this.#memory.buffer;
    const missing = Math.ceil((this.#at(rows) - byteLength) / PAGE);
    if (missing <= 0) return true;
    const pages = byteLength / PAGE;
    const wanted = Math.max(missing, LEAST_GROWTH, Math.floor(pages * GROWTH_PART));
    const grows = (by: number): boolean => {
      try {
        this.#memory.grow(by);
        return true;
      } catch {
        return false;
      }
    };
    if (!grows(Math.min(wanted, this.#mostPages - pages)) && !grows(missing)) return false;
    this.#numbers16 = new Int16Array(this.#memory.buffer);
    return this.#at(rows) <= this.#memory.buffer.byteLength;
  }

  #write(at: number, vector: Float32Array): void {
    const rows = this.#numbers16;
    for (let i = 0; i < this.dimensions; i++) rows[at / 2 + i] = Math.round((vector[i] as number) * ONE);
  }

  /** The vector is of length 1. False when there is no room for it: the document has none then. */
  put(number: number, vector: Float32Array): boolean {
    let row = this.#places.get(number);
    if (row === undefined) {
      row = this.#numbers.length;
      if (!this.#reserve(row + 1)) return false;
      this.#numbers.push(number);
      this.#places.set(number, row);
    }
    this.#write(this.#at(row), vector);
    return true;
  }

  /** The last row takes the place of the one that goes. False where the document had none. */
  drop(number: number): boolean {
    const row = this.#places.get(number);
    if (row === undefined) return false;
    this.#places.delete(number);
    const last = this.#numbers.length - 1;
    const moved = this.#numbers.pop();
    if (row === last || moved === undefined) return true;
    this.#numbers16.copyWithin(this.#at(row) / 2, this.#at(last) / 2, this.#at(last + 1) / 2);
    this.#numbers[row] = moved;
    this.#places.set(moved, row);
    return true;
  }

  /** A copy of it: putting that in gives the same row. */
  of(number: number): Float32Array | undefined {
    const row = this.#places.get(number);
    if (row === undefined) return undefined;
    const from = this.#at(row) / 2;
    return Float32Array.from(
      this.#numbers16.subarray(from, from + this.dimensions),
      (component) => component / ONE,
    );
  }

  /** How near a document is. Nobody writes into a vector between two questions with it. */
  cosine(number: number, vector: Float32Array): number | undefined {
    const row = this.#places.get(number);
    if (row === undefined) return undefined;
    if (this.#query !== vector) this.#ask(vector);
    this.#dots(0, this.#at(row), 1, this.#width, this.#sums);
    return cosineOf(new Int32Array(this.#memory.buffer, this.#sums, 1)[0] as number);
  }

  #ask(vector: Float32Array): void {
    this.#write(0, vector);
    this.#query = vector;
  }

  /**
   * The nearest documents, the nearest first and of equals the newest, of those that `allows` lets through and that are no
   * farther than `least`.
   */
  nearest(
    vector: Float32Array,
    most: number,
    least: number,
    allows: (number: number) => boolean,
  ): { number: number; cosine: number }[] {
    this.#ask(vector);
    const numbers = this.#numbers;
    const found = new Int32Array(numbers.length);
    const best = new Best(most, (one, other) => {
      const nearer = (found[one] as number) - (found[other] as number);
      return nearer === 0 ? (numbers[one] as number) > (numbers[other] as number) : nearer > 0;
    });
    const sums = new Int32Array(this.#memory.buffer, this.#sums, BLOCK);
    const allowed = new Uint32Array(BLOCK);
    for (let block = 0; block < numbers.length; block += BLOCK) {
      const end = Math.min(block + BLOCK, numbers.length);
      let count = 0;
      for (let row = block; row < end; row++) if (allows(numbers[row] as number)) allowed[count++] = row;
      if (count === 0) continue;
      const first = allowed[0] as number;
      const rows = (allowed[count - 1] as number) - first + 1;
      this.#dots(0, this.#at(first), rows, this.#width, this.#sums);
      for (let i = 0; i < count; i++) {
        const row = allowed[i] as number;
        const sum = sums[row - first] as number;
        if (cosineOf(sum) < least) continue;
        found[row] = sum;
        best.offer(row);
      }
    }
    return best
      .inOrder()
      .map((row) => ({ number: numbers[row] as number, cosine: cosineOf(found[row] as number) }));
  }
}

const cosineOf = (sum: number): number => sum / (ONE * ONE);
