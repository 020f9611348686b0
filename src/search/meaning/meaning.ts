import type { VectorForm } from '../../embedding/port.ts';
import type { SearchDocument, SearchKind } from '../types.ts';
import { contentOf, hashOf } from './content.ts';
import type { KeptVectors } from './kept-vectors.ts';
import { Vectors } from './vectors.ts';

/** Kept vectors that are looked for at once. */
const STEP = 500;

/** A content that has no vector yet: the document it is of, by number, and its hash. */
export interface Lack {
  readonly number: number;
  readonly hash: string;
}

/** What was made of what lacked. */
export interface Given {
  readonly vectors: readonly { hash: string; vector: Float32Array }[];
  /** Contents that are no more: nothing comes for them. */
  readonly gone: readonly string[];
  /** Contents that failed: others first. */
  readonly later: readonly string[];
}

/**
 * Which documents are found by meaning, what they hold, and their vectors of the present model: of another model none is
 * ever compared. Documents are told apart by number, contents by hash.
 */
export class Meaning {
  readonly #kinds: ReadonlySet<SearchKind>;
  #known: ReadonlySet<SearchKind>;
  readonly #kept: KeptVectors | undefined;
  readonly #onLacking: () => void;
  readonly #hashes = new Map<number, string>();
  readonly #numbers = new Map<string, number[]>();
  /** Documents whose vectors may be kept, and those whose are not. */
  #unsought = new Set<number>();
  #lacking = new Set<number>();
  /** Documents for whose vectors there is no room: they wait until others go. */
  readonly #unplaced = new Set<number>();
  readonly #mostPages: number | undefined;
  #form: VectorForm | undefined;
  #waiting: (() => void)[] = [];
  vectors: Vectors | undefined;

  /** `onLacking`: there is a vector to be made, after there was none. `mostPages`: of memory, for vectors. */
  constructor(
    kinds: readonly SearchKind[],
    kept: KeptVectors | undefined,
    onLacking: () => void = () => undefined,
    mostPages?: number,
  ) {
    this.#mostPages = mostPages;
    this.#kinds = new Set(kinds);
    this.#known = this.#kinds;
    this.#kept = kept;
    this.#onLacking = onLacking;
  }

  get form(): VectorForm | undefined {
    return this.#form;
  }

  /** How many documents lack a vector. */
  get left(): number {
    return this.#unsought.size + this.#lacking.size;
  }

  /** For how many documents there is no room: their words alone find them. */
  get unplaced(): number {
    return this.#unplaced.size;
  }

  /** Resolves when none lacks a vector, or after `patience` milliseconds. */
  settled(patience: number): Promise<void> {
    if (this.left === 0 || patience <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patience);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #settle(): void {
    if (this.left > 0) return;
    for (const done of this.#waiting.splice(0)) done();
  }

  /** Kinds whose hashes are wanted, which may be more than are found by meaning. */
  knows(kinds: readonly SearchKind[]): void {
    this.#known = new Set(kinds);
  }

  /** Takes a document in; its hash, if that is wanted. */
  add(number: number, document: SearchDocument): string | undefined {
    if (!this.#known.has(document.kind)) return undefined;
    const content = contentOf(document);
    if (content === '') return undefined;
    const hash = hashOf(content);
    this.restore(number, document.kind, hash);
    return hash;
  }

  /** Takes in a document that was taken in before. */
  restore(number: number, kind: SearchKind, hash: string): void {
    if (!this.#kinds.has(kind)) return;
    this.#hashes.set(number, hash);
    const numbers = this.#numbers.get(hash);
    const other = numbers?.[0];
    if (numbers) numbers.push(number);
    else this.#numbers.set(hash, [number]);
    const known = other === undefined ? undefined : this.vectors?.of(other);
    if (known) this.#place(number, known);
    else this.#seekLater(number);
  }

  #seekLater(number: number): void {
    const wasSettled = this.left === 0;
    this.#unsought.add(number);
    if (wasSettled) this.#onLacking();
  }

  #place(number: number, vector: Float32Array): void {
    if (this.vectors?.put(number, vector) === false) this.#unplaced.add(number);
  }

  kill(number: number): void {
    const hash = this.#hashes.get(number);
    if (hash === undefined) return;
    this.#hashes.delete(number);
    const others = (this.#numbers.get(hash) ?? []).filter((other) => other !== number);
    if (others.length > 0) this.#numbers.set(hash, others);
    else this.#numbers.delete(hash);
    this.#unsought.delete(number);
    this.#lacking.delete(number);
    this.#unplaced.delete(number);
    if (this.vectors?.drop(number)) {
      const [waiting] = this.#unplaced;
      if (waiting !== undefined && this.#unplaced.delete(waiting)) this.#seekLater(waiting);
    }
    this.#settle();
  }

  /** Goes over to the vectors of a model: those of another count no more. */
  use(form: VectorForm): void {
    if (this.#form?.id === form.id && this.#form.dimensions === form.dimensions) return;
    this.#form = { id: form.id, dimensions: form.dimensions };
    this.vectors = new Vectors(form.dimensions, this.#mostPages);
    this.#unplaced.clear();
    this.#unsought = new Set(this.#hashes.keys());
    this.#lacking = new Set();
  }

  /** At most so many contents that lack a vector, after those were taken in that are kept. */
  async lacks(most: number): Promise<Lack[]> {
    const form = this.#form;
    if (!form) return [];
    while (this.#unsought.size > 0 && this.#lacking.size < most) await this.#seek(form);
    this.#settle();
    const found: Lack[] = [];
    const hashes = new Set<string>();
    for (const number of this.#lacking) {
      if (found.length >= most) break;
      const hash = this.#hashes.get(number);
      if (hash === undefined || hashes.has(hash)) continue;
      hashes.add(hash);
      found.push({ number, hash });
    }
    return found;
  }

  async #seek(form: VectorForm): Promise<void> {
    const numbers: number[] = [];
    for (const number of this.#unsought) {
      numbers.push(number);
      if (numbers.length === STEP) break;
    }
    const hashes = numbers.map((number) => this.#hashes.get(number) ?? '');
    const found = (await this.#kept?.get(form.id, form.dimensions, hashes)) ?? [];
    for (const [at, number] of numbers.entries()) {
      // Meanwhile it may have died, or the model changed.
      if (this.#form !== form || !this.#unsought.delete(number)) continue;
      const vector = found[at];
      if (vector) this.#place(number, vector);
      else this.#lacking.add(number);
    }
  }

  /** Takes in what was made of what lacked, by the model of this form. */
  async take(form: VectorForm, { vectors, gone, later }: Given): Promise<void> {
    if (this.#form?.id !== form.id) return;
    const wanted = vectors.filter(
      ({ hash, vector }) => this.#numbers.has(hash) && vector.length === this.#form?.dimensions,
    );
    for (const { hash, vector } of wanted)
      for (const number of this.#numbers.get(hash) ?? []) {
        this.#place(number, vector);
        this.#unsought.delete(number);
        this.#lacking.delete(number);
      }
    for (const hash of gone)
      for (const number of this.#numbers.get(hash) ?? []) {
        this.#unsought.delete(number);
        this.#lacking.delete(number);
      }
    for (const hash of later)
      for (const number of this.#numbers.get(hash) ?? [])
        if (this.#lacking.delete(number)) this.#lacking.add(number);
    await this.#kept?.put(form.id, wanted);
    this.#settle();
  }

  /** Takes the vectors of what is no more off the disk, and those of other models once those of this one are all there. */
  async prune(turn: () => Promise<void>): Promise<void> {
    const model = this.left === 0 ? this.#form?.id : undefined;
    await this.#kept?.prune(model, (hash) => this.#numbers.has(hash), turn);
  }

  async close(): Promise<void> {
    for (const done of this.#waiting.splice(0)) done();
    await this.#kept?.close();
  }
}
