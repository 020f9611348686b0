import type { Bits } from './bits.ts';
import type { Found } from './finding.ts';

/** A document that some words found. */
export interface Candidates {
  readonly numbers: number[];
  readonly scores: number[];
  /** How many of the words found it, and how much these tell together. */
  readonly words: number[];
  readonly covered: number[];
}

/** Adds up what several words found. It keeps its arrays, so that not each query makes them. */
export class Tally {
  #scores = new Float32Array(0);
  #words = new Uint8Array(0);
  #covered = new Float32Array(0);

  /** The documents among those allowed that at least `least` of the words found. `size`: numbers are below it. */
  of(found: readonly Found[], allowed: Bits, size: number, least: number): Candidates {
    if (this.#scores.length < size) {
      this.#scores = new Float32Array(size * 2);
      this.#words = new Uint8Array(size * 2);
      this.#covered = new Float32Array(size * 2);
    }
    const [scores, words, covered] = [this.#scores, this.#words, this.#covered];
    for (const { documents, scores: own, weight } of found)
      for (let i = 0; i < documents.length; i++) {
        const number = documents[i] ?? 0;
        scores[number] = (scores[number] ?? 0) + (own[i] ?? 0);
        words[number] = (words[number] ?? 0) + 1;
        covered[number] = (covered[number] ?? 0) + weight;
      }
    const taken: Candidates = { numbers: [], scores: [], words: [], covered: [] };
    for (const { documents } of found)
      for (let i = 0; i < documents.length; i++) {
        const number = documents[i] ?? 0;
        const often = words[number] ?? 0;
        if (often === 0) continue;
        if (often >= least && allowed.has(number)) {
          taken.numbers.push(number);
          taken.scores.push(scores[number] ?? 0);
          taken.words.push(often);
          taken.covered.push(covered[number] ?? 0);
        }
        scores[number] = 0;
        words[number] = 0;
        covered[number] = 0;
      }
    return taken;
  }
}
