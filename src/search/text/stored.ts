import type { Store, Write } from '../../storage/port.ts';
import { openLevelStore } from '../../storage/store/level.ts';
import { removeDirectory } from '../files.ts';
import { termsVersion } from '../terms.ts';
import type { SearchKind } from '../types.ts';
import { Bits } from './bits.ts';
import type { Columns } from './columns.ts';
import { countOf, encodePostings, joinPostings } from './postings.ts';
import type { Recent } from './recent.ts';
import {
  decodeHash,
  decodeNumber,
  decodeNumbers,
  encodeHash,
  encodeNumber,
  encodeNumbers,
  facetName,
  LIST_END,
  listRange,
  numberIn,
  rangeOf,
  rows,
} from './rows.ts';
import { sweepIds, sweepLists } from './sweep.ts';

/** Raise it when the layout of the rows changes. */
const layoutVersion = 4;

/** An index of another version is made again: its terms would not be those of a query. */
const version = `${layoutVersion}.${termsVersion}`;

/** The feed that an index follows, its present end, and which kinds may be found by meaning. */
export interface FeedEnd {
  readonly epoch: string;
  readonly end: number;
  readonly embeds: readonly SearchKind[];
}

/** Free space that is left to what cannot be made again. */
const RESERVE = 256 * 1024 * 1024;

/** Where an index on disk ends: in the feed, and in numbers of documents. */
interface End {
  readonly version: string;
  readonly epoch: string;
  /** Kinds whose contents are known by hash. */
  readonly embeds: readonly SearchKind[];
  readonly position: number;
  readonly next: number;
}

/** Sets of facets that are kept in memory: a query asks for the same few over and over. */
const MOST_SETS = 48;

/**
 * The part of the index that is on disk, in a database of its own: nothing here can hurt what cannot be made again. Lists
 * of a term are written once for each run of documents and only read after, so adding is a write and never a merge.
 */
export class Stored {
  readonly #store: Store;
  readonly #feed: FeedEnd;
  readonly #sets = new Map<string, Bits>();
  /** What is on disk is of documents below `next`, and of the feed up to `position`. */
  next = 0;
  position = 0;
  /** The first number of each run, in order. */
  readonly runs: number[] = [];
  /** Kinds whose contents it knows by hash: those that were asked for, and those that were before. */
  embeds: readonly SearchKind[];
  /** Changes when a run begins to be added, and is negative until it is there. */
  #runs = 1;

  private constructor(store: Store, feed: FeedEnd) {
    this.#store = store;
    this.#feed = feed;
    this.embeds = feed.embeds;
  }

  /**
   * Opens what is in a directory and fills the columns from it. What is of another version or feed, from beyond the feed's
   * end, or damaged, is removed; `trouble` hears of damage. Rejects when there can be no index there.
   */
  static async open(
    directory: string,
    feed: FeedEnd,
    columns: Columns,
    trouble: (message: string) => void,
  ): Promise<Stored> {
    try {
      const found = await Stored.#attempt(directory, feed, columns);
      if (found) return found;
    } catch (error) {
      trouble(error instanceof Error ? error.message : String(error));
    }
    await removeDirectory(directory);
    columns.clear();
    const made = await Stored.#attempt(directory, feed, columns);
    if (made) return made;
    throw new Error('The search index could not be made.');
  }

  static async #attempt(directory: string, feed: FeedEnd, columns: Columns): Promise<Stored | undefined> {
    const store = await openLevelStore({ directory, durability: 'os', reserve: RESERVE });
    try {
      const stored = new Stored(store, feed);
      const bytes = await store.get(rows.end);
      if (bytes === undefined) {
        // Rows without an end are of nothing that this code wrote.
        if ((await store.list({ ...rangeOf('c'), limit: 1 })).length === 0) return stored;
      } else {
        const end = JSON.parse(new TextDecoder().decode(bytes)) as End;
        if (
          end.version === version &&
          feed.embeds.every((kind) => end.embeds.includes(kind)) &&
          end.epoch === feed.epoch &&
          end.position <= feed.end
        ) {
          stored.next = end.next;
          stored.embeds = end.embeds;
          stored.position = end.position;
          for (const [key, block] of await store.list(rangeOf('c'))) {
            stored.runs.push(numberIn(key));
            columns.restore(block);
          }
          for (const [, dead] of await store.list(rangeOf('x')))
            for (const number of decodeNumbers(dead)) columns.kill(number);
          if (columns.next === end.next) return stored;
        }
      }
    } catch (error) {
      await store.close();
      throw error;
    }
    await store.close();
    return undefined;
  }

  /**
   * The lists of terms, in all runs or in those that begin at `runs`. Numbers from `end` on are left out of none: the
   * caller does that.
   */
  async lists(terms: readonly string[], runs?: readonly number[]): Promise<Uint8Array[][]> {
    if (runs)
      return Promise.all(
        terms.map(async (term) => {
          const found = await this.#store.getMany(runs.map((run) => rows.term(term, run)));
          return found.filter((list) => list !== undefined);
        }),
      );
    return Promise.all(
      terms.map(async (term) => (await this.#store.list(listRange('p', term))).map(([, list]) => list)),
    );
  }

  /** Whether a term stands in any document. */
  async has(term: string): Promise<boolean> {
    return (await this.#store.list({ ...listRange('p', term), limit: 1 })).length > 0;
  }

  /** Terms that begin with `beginning`, each once, in order; at most `most` rows are looked at. */
  async termsFrom(beginning: string, most: number): Promise<{ terms: Map<string, number>; whole: boolean }> {
    const found = await this.#store.list({ ...rangeOf(`p${beginning}`), limit: most });
    const terms = new Map<string, number>();
    for (const [key, list] of found) {
      const term = key.slice(1, key.lastIndexOf(LIST_END));
      terms.set(term, (terms.get(term) ?? 0) + countOf(list));
    }
    return { terms, whole: found.length < most };
  }

  /** The documents of a facet. It is the index's own: copy it before changing it. */
  async facet(name: string): Promise<Bits> {
    const known = this.#sets.get(name);
    if (known) {
      // The one asked for last stays longest.
      this.#sets.delete(name);
      this.#sets.set(name, known);
      return known;
    }
    const runs = this.#runs;
    const lists = (await this.#store.list(listRange('f', facetName(name)))).map(([, list]) => list);
    const set = new Bits(this.next);
    for (const number of joinPostings(lists, Number.POSITIVE_INFINITY).documents) set.add(number);
    // Read while a run was added, it may lack that.
    if (runs < 0 || this.#runs !== runs) return set;
    const oldest = this.#sets.keys().next().value;
    if (this.#sets.size >= MOST_SETS && oldest !== undefined) this.#sets.delete(oldest);
    this.#sets.set(name, set);
    return set;
  }

  /** The hash of the content of each document that is found by meaning, but for the dead. */
  async hashes(dead: Bits): Promise<[number: number, hash: string][]> {
    const found = await this.#store.list(rangeOf('h'));
    return found.flatMap(([key, bytes]): [number, string][] => {
      const number = numberIn(key);
      return dead.has(number) ? [] : [[number, decodeHash(bytes)]];
    });
  }

  async idsOf(numbers: readonly number[]): Promise<(string | undefined)[]> {
    const found = await this.#store.getMany(numbers.map(rows.id));
    return found.map((bytes) => bytes && new TextDecoder().decode(bytes));
  }

  async numbersOf(ids: readonly string[]): Promise<(number | undefined)[]> {
    const found = await this.#store.getMany(ids.map((id) => rows.number(id)));
    return found.map((bytes) => bytes && decodeNumber(bytes));
  }

  /**
   * Adds a run of documents, atomically, with the deaths of earlier ones. `position` is how far in the feed the index is
   * complete with it.
   */
  async add(
    run: Recent,
    to: number,
    columns: Columns,
    dead: readonly number[],
    position: number,
  ): Promise<void> {
    const living = (pairs: readonly number[]): number[] => {
      const kept: number[] = [];
      for (let i = 0; i < pairs.length; i += 2)
        if (!columns.dead.has(pairs[i] ?? 0)) kept.push(pairs[i] ?? 0, pairs[i + 1] ?? 1);
      return kept;
    };
    this.#runs = -Math.abs(this.#runs) - 1;
    const gone = [...dead];
    const writes: Write[] = [];
    for (const [term, pairs] of run.terms) {
      const kept = living(pairs);
      if (kept.length > 0) writes.push([rows.term(term, run.base), encodePostings(kept)]);
    }
    for (const [facet, pairs] of run.facets) {
      const kept = living(pairs);
      if (kept.length === 0) continue;
      writes.push([rows.facet(facet, run.base), encodePostings(kept)]);
      const set = this.#sets.get(facet);
      if (set) for (let i = 0; i < kept.length; i += 2) set.add(kept[i] ?? 0);
    }
    for (const [offset, id] of run.ids.entries()) {
      const number = run.base + offset;
      if (columns.dead.has(number)) gone.push(number);
      else {
        writes.push([rows.id(number), new TextEncoder().encode(id)]);
        writes.push([rows.number(id), encodeNumber(number)]);
        const hash = run.hashes.get(number);
        if (hash !== undefined) writes.push([rows.content(number), encodeHash(hash)]);
      }
    }
    if (to > run.base) writes.push([rows.columns(run.base), columns.encode(run.base, to)]);
    if (gone.length > 0) writes.push([rows.dead(run.base), encodeNumbers(gone)]);
    const { epoch } = this.#feed;
    const end: End = { version, epoch, embeds: this.embeds, position, next: to };
    writes.push([rows.end, new TextEncoder().encode(JSON.stringify(end))]);
    await this.#store.commit(writes);
    this.#runs = -this.#runs;
    if (to > run.base) this.runs.push(run.base);
    this.next = to;
    this.position = position;
  }

  /** Whether the last write failed: `reopen` before the next. */
  get failed(): boolean {
    return this.#store.failed;
  }

  async reopen(): Promise<void> {
    await this.#store.reopen();
  }

  /**
   * Takes dead documents out of every list, and what was overwritten off the disk. Steps, so that others get a turn;
   * nothing else may be written meanwhile.
   */
  async sweep(dead: Bits, turn: () => Promise<void>): Promise<void> {
    for (const kind of ['p', 'f'] as const) await sweepLists(this.#store, kind, dead, turn);
    await sweepIds(
      this.#store,
      [...dead.numbers()].filter((number) => number < this.next),
      turn,
    );
    await this.#store.compact({ gte: 'd', lt: 'q' });
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}
