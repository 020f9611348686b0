import type { SearchKind } from '../types.ts';
import { Bits } from './bits.ts';

const kinds: readonly SearchKind[] = ['message', 'task', 'comment', 'memory'];

/** How many terms a document has in its text, title and tags. */
export type Lengths = readonly [text: number, title: number, tags: number];

type Numbers = Float64Array | Uint16Array | Uint8Array;

function grown<T extends Numbers>(column: T, size: number): T {
  const larger = new (column.constructor as new (length: number) => T)(size);
  larger.set(column as never);
  return larger;
}

/** Bytes of one document in a block of columns. */
const ROW = 8 + 1 + 2 + 1 + 1 + 1;

/**
 * What ranking and sorting need of every document ever numbered, in memory: 14 bytes each. A number is used once; a
 * document that is put again gets another.
 */
export class Columns {
  at = new Float64Array(1024);
  text = new Uint16Array(1024);
  title = new Uint8Array(1024);
  tags = new Uint8Array(1024);
  /** How often it was made use of, as far as that is told: 255 stands for more too. */
  use = new Uint8Array(1024);
  #kinds = new Uint8Array(1024);
  dead = new Bits();
  /** The number that the next document gets. */
  next = 0;
  /** How many are not dead, and for each field how many of them have it and the sum of its lengths. */
  living = 0;
  readonly #having: [number, number, number] = [0, 0, 0];
  readonly #sums: [number, number, number] = [0, 0, 0];

  add(kind: SearchKind, at: number, [text, title, tags]: Lengths, use = 0): number {
    const number = this.next++;
    if (number >= this.at.length) this.#grow(number * 2);
    this.at[number] = at;
    this.#kinds[number] = kinds.indexOf(kind);
    this.text[number] = Math.min(text, 0xffff);
    this.title[number] = Math.min(title, 0xff);
    this.tags[number] = Math.min(tags, 0xff);
    this.use[number] = Math.min(use, 0xff);
    this.#count(number, 1);
    return number;
  }

  #grow(size: number): void {
    this.at = grown(this.at, size);
    this.text = grown(this.text, size);
    this.title = grown(this.title, size);
    this.tags = grown(this.tags, size);
    this.use = grown(this.use, size);
    this.#kinds = grown(this.#kinds, size);
  }

  #count(number: number, step: 1 | -1): void {
    this.living += step;
    const lengths = [this.text[number] ?? 0, this.title[number] ?? 0, this.tags[number] ?? 0];
    for (const field of [0, 1, 2] as const) {
      const length = lengths[field] ?? 0;
      if (length === 0) continue;
      this.#having[field] += step;
      this.#sums[field] += step * length;
    }
  }

  kill(number: number): void {
    if (this.dead.has(number)) return;
    this.dead.add(number);
    this.#count(number, -1);
  }

  kind(number: number): SearchKind {
    return kinds[this.#kinds[number] ?? 0] ?? 'message';
  }

  /** The mean length of each field over the documents that have it: over all, titles would count too little. */
  means(): Lengths {
    const mean = (field: 0 | 1 | 2): number => (this.#sums[field] || 1) / (this.#having[field] || 1);
    return [mean(0), mean(1), mean(2)];
  }

  /** The rows from `from` up to `to` as bytes. */
  encode(from: number, to: number): Uint8Array {
    const bytes = new Uint8Array((to - from) * ROW);
    const view = new DataView(bytes.buffer);
    for (let number = from, at = 0; number < to; number++, at += ROW) {
      view.setFloat64(at, this.at[number] ?? 0, true);
      bytes[at + 8] = this.#kinds[number] ?? 0;
      view.setUint16(at + 9, this.text[number] ?? 0, true);
      bytes[at + 11] = this.title[number] ?? 0;
      bytes[at + 12] = this.tags[number] ?? 0;
      bytes[at + 13] = this.use[number] ?? 0;
    }
    return bytes;
  }

  /** Forgets everything. */
  clear(): void {
    this.next = 0;
    this.living = 0;
    this.dead = new Bits();
    this.#having.fill(0);
    this.#sums.fill(0);
  }

  /** Adds the rows that `encode` gave. */
  restore(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at + ROW <= bytes.length; at += ROW)
      this.add(
        kinds[bytes[at + 8] ?? 0] ?? 'message',
        view.getFloat64(at, true),
        [view.getUint16(at + 9, true), bytes[at + 11] ?? 0, bytes[at + 12] ?? 0],
        bytes[at + 13] ?? 0,
      );
  }
}
