import { removeDirectory } from '../files.ts';
import type { Meaning } from '../meaning/meaning.ts';
import type {
  SearchChange,
  SearchDocument,
  SearchHits,
  SearchPart,
  SearchPlace,
  TextQuery,
} from '../types.ts';
import type { Bits } from './bits.ts';
import { Columns } from './columns.ts';
import { find, type Searched } from './find.ts';
import { idsIn } from './finding.ts';
import { findPart } from './part.ts';
import { Recent } from './recent.ts';
import { type FeedEnd, Stored } from './stored.ts';
import { Tally } from './tally.ts';

/** So many documents in memory are a run that is written to disk. */
const RUN = 4096;
/** When so many documents on disk are dead, and so large a part of all, the lists are freed of them. */
const MANY_DEAD = 20_000;
const DEAD_PART = 0.25;
/** Fewer are not worth a run of their own at the end: reading them again costs less than what each run costs a query. */
const SMALLEST_RUN = 256;

export interface TextIndexOptions {
  /** Where it is kept; `undefined` keeps all of it in memory. */
  readonly directory: string | undefined;
  readonly feed: FeedEnd;
  /** Learns which documents there are to be found by meaning. It is closed with the index. */
  readonly meaning: Meaning;
  /** Hears of what goes wrong and stops nothing; without words it is over. */
  readonly trouble: (message?: string) => void;
  readonly turn: () => Promise<void>;
}

/**
 * The index in two parts with one ranking: the newest documents in memory, the others in lists on disk. Calls may overlap,
 * but for `apply`, which is called again when the call before has resolved.
 */
export class TextIndex {
  readonly columns = new Columns();
  readonly #tally = new Tally();
  readonly #options: TextIndexOptions;
  #stored: Stored | undefined;
  /** Runs that are not on disk yet, oldest first; documents are added to the last. */
  readonly #recents: Recent[] = [];
  /** Documents on disk, or on their way, that died since the last run was written. */
  #dead: number[] = [];
  /** How many documents on disk died since the lists were last freed of them. */
  #burden = 0;
  #writing: Promise<void> = Promise.resolve();
  /** How far in the feed the index is complete. */
  position = 0;

  private constructor(options: TextIndexOptions) {
    this.#options = options;
  }

  static async open(options: TextIndexOptions): Promise<TextIndex> {
    const index = new TextIndex(options);
    const { directory, feed, trouble } = options;
    if (directory !== undefined) {
      try {
        index.#stored = await Stored.open(directory, feed, index.columns, trouble);
        index.position = index.#stored.position;
        options.meaning.knows(index.#stored.embeds);
        for (const [number, hash] of await index.#stored.hashes(index.columns.dead))
          options.meaning.restore(number, index.columns.kind(number), hash);
      } catch (error) {
        // Nothing can be kept there: what is in memory answers all the same.
        trouble(error instanceof Error ? error.message : String(error));
      }
    }
    index.#recents.push(new Recent(index.columns.next));
    return index;
  }

  get #newest(): Recent {
    const run = this.#recents.at(-1);
    if (!run) throw new Error('The index has no newest run.');
    return run;
  }

  /** Takes changes in; `next` is how far in the feed the index is with them, if they end a step. */
  async apply(changes: readonly SearchChange[], next: number | undefined): Promise<void> {
    const idOf = (change: SearchChange): string => ('put' in change ? change.put.id : change.remove);
    const recent = (id: string): number | undefined =>
      this.#recents.findLast(({ numbers }) => numbers.has(id))?.numbers.get(id);
    const unknown = changes.map(idOf).filter((id) => recent(id) === undefined);
    const known = new Map<string, number>();
    for (const [at, number] of ((await this.#stored?.numbersOf(unknown)) ?? []).entries())
      if (number !== undefined) known.set(unknown[at] ?? '', number);
    for (const change of changes) {
      const id = idOf(change);
      const number = recent(id) ?? known.get(id);
      if (number !== undefined) this.#kill(number);
      if ('put' in change) this.#add(change.put);
    }
    if (next === undefined) return;
    this.position = next;
    if (this.#newest.count >= RUN) this.#keep();
  }

  #add(document: SearchDocument): void {
    const run = this.#newest;
    const number = run.add(document, this.columns);
    const hash = this.#options.meaning.add(number, document);
    if (hash !== undefined) run.hashes.set(number, hash);
  }

  #kill(number: number): void {
    if (this.columns.dead.has(number)) return;
    this.columns.kill(number);
    this.#options.meaning.kill(number);
    if (number < this.#newest.base) this.#dead.push(number);
  }

  /** Begins a new run, and writes the one before in the background. */
  #keep(): void {
    if (!this.#stored) return;
    const position = this.position;
    const to = this.columns.next;
    if (this.#newest.count > 0) this.#recents.push(new Recent(to));
    const dead = this.#dead;
    this.#dead = [];
    this.#writing = this.#writing.then(() => this.#write(to, dead, position));
  }

  async #write(to: number, dead: readonly number[], position: number): Promise<void> {
    const stored = this.#stored;
    const { trouble } = this.#options;
    if (!stored) return;
    try {
      if (stored.failed) await stored.reopen();
      // What an earlier write could not take goes with this one.
      for (let run = this.#recents[0]; run !== undefined && run.base < to; run = this.#recents[0]) {
        const end = this.#recents[1]?.base ?? to;
        await stored.add(run, end, this.columns, dead, position);
        this.#recents.shift();
      }
      this.#burden += dead.length;
      if (this.#burden > Math.max(MANY_DEAD, this.columns.next * DEAD_PART)) await this.#sweep(stored);
      trouble();
    } catch (error) {
      this.#dead.push(...dead);
      trouble(error instanceof Error ? error.message : String(error));
    }
  }

  /** The ids of documents that are there. */
  async idsOf(numbers: readonly number[]): Promise<(string | undefined)[]> {
    return idsIn({ stored: this.#stored, recents: this.#recents }, numbers);
  }

  get #searched(): Searched {
    return {
      stored: this.#stored,
      recents: this.#recents,
      columns: this.columns,
      vectors: this.#options.meaning.vectors,
      tally: this.#tally,
    };
  }

  find(query: TextQuery): Promise<SearchHits> {
    return find(this.#searched, query);
  }

  /** The next part of what is found, newest first. */
  part(query: TextQuery, place: SearchPlace | undefined): Promise<SearchPart> {
    return findPart(this.#searched, query, place);
  }

  /** How many documents would be read again if the thread ended now. */
  get unkept(): number {
    return this.#stored ? this.columns.next - this.#stored.next : 0;
  }

  /** Writes what is in memory, unless that is too little to be a run; resolves when it is written. */
  async keep(least = SMALLEST_RUN): Promise<void> {
    if (this.#newest.count + this.#dead.length >= least) this.#keep();
    await this.#writing;
  }

  /** Takes what is removed off the disk and out of memory: after it, no file holds a word of it. */
  async purge(): Promise<void> {
    const stored = this.#stored;
    for (const run of this.#recents) forget(run, this.columns.dead);
    await this.#options.meaning.prune(this.#options.turn);
    if (!stored) return;
    const swept = this.#writing.then(() => this.#sweep(stored));
    this.#writing = swept.catch(() => undefined);
    await swept;
  }

  async #sweep(stored: Stored): Promise<void> {
    if (stored.failed) await stored.reopen();
    this.#burden = 0;
    await stored.sweep(this.columns.dead, this.#options.turn);
  }

  /** Ends without keeping anything, and takes what is on disk away: it is damaged. */
  async abandon(): Promise<void> {
    await this.#options.meaning.close().catch(() => undefined);
    await this.#stored?.close().catch(() => undefined);
    if (this.#options.directory !== undefined) await removeDirectory(this.#options.directory);
  }

  async close(): Promise<void> {
    await this.keep();
    await this.#options.meaning.close();
    await this.#stored?.close();
  }
}

/** Takes the dead out of the lists of a run. */
function forget(run: Recent, dead: Bits): void {
  for (const lists of [run.terms, run.facets])
    for (const [name, pairs] of lists) {
      let kept = 0;
      for (let i = 0; i < pairs.length; i += 2) {
        if (dead.has(pairs[i] ?? 0)) continue;
        pairs[kept++] = pairs[i] ?? 0;
        pairs[kept++] = pairs[i + 1] ?? 1;
      }
      pairs.length = kept;
      if (kept === 0) lists.delete(name);
    }
}
