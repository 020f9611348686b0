import type { Range, Store } from '../../storage/port.ts';
import { decodeRow, under } from './rows.ts';

/**
 * The committed rows as values, with the newest ones kept decoded. Values are shared: never change one.
 */
export interface Database {
  get<T>(key: string): T | undefined;
  getMany<T>(keys: readonly string[]): Promise<(T | undefined)[]>;
  /** Like `get`, but "absent" is confirmed by a seek. */
  getConfirmed<T>(key: string): Promise<T | undefined>;
  list<T>(range: Range): Promise<[string, T][]>;
  /** Ids of the channels or tasks that are called so; asked for with nearly every verb, so they stay in memory. */
  called(what: 'name' | 'short', name: string): Promise<readonly string[]>;
  /** Every row whose key begins with the prefix. */
  under<T>(prefix: string, options?: { reverse?: boolean; limit?: number }): Promise<[string, T][]>;
  /** Nothing lies under these keys, as whoever just made the name in them knows: they need no look. */
  vacant(keys: readonly string[]): void;
  /** Reads the rows of a range that is about to be looked at one by one: those of `keys` that are not in it are not there. */
  survey(range: Range, keys: readonly string[]): Promise<void>;
  /**
   * Reads the keys under a prefix of which there are few, so that each that is not there needs no look from now on.
   * With too many of them nothing changes.
   */
  enumerate(prefix: string): Promise<void>;
  /** Takes over rows that were just committed. */
  accept(rows: ReadonlyMap<string, unknown>): void;
  forget(): void;
}

/** Stands for a row that a plain look did not find: where that decides something it is confirmed. */
const absent = Symbol('absent');
/** Stands for a row that is not there for sure. */
const vacant = Symbol('vacant');

const isGone = (known: unknown): boolean => known === absent || known === vacant;

/** Rows that are read in ranges, hardly ever one by one. */
const ranged = /^(?:rec|feed|v\/(?:news|chain|at|message|reply|on|inbox|call))\//;

/** How many decoded rows stay in memory. */
const kept = 8192;
const keptNames = 4096;
/** Rows that say how something is called. */
const naming = /^v\/(?:name|short)\//;
/** How many keys of an enumerated prefix stay in memory. */
const mostEnumerated = 20_000;

export function createDatabase(store: Store): Database {
  // Two generations: what was not asked for in the newer one goes with the older. Taking single rows off the front of a
  // map costs more than reading them again.
  let newer = new Map<string, unknown>();
  let older = new Map<string, unknown>();
  let names = new Map<string, Promise<readonly string[]>>();
  /** All keys that are there under a prefix; undefined: too many, or not all are known yet. */
  const enumerated = new Map<string, Set<string> | undefined>();
  let generation = 0;

  function isKnownAbsent(key: string): boolean {
    for (const [prefix, there] of enumerated) if (there && key.startsWith(prefix)) return !there.has(key);
    return false;
  }

  function noteEnumerated(key: string, isThere: boolean): void {
    for (const [prefix, there] of enumerated) {
      if (!there || !key.startsWith(prefix)) continue;
      if (isThere) there.add(key);
      else there.delete(key);
      if (there.size > mostEnumerated) enumerated.set(prefix, undefined);
    }
  }

  function keep(key: string, value: unknown): void {
    newer.set(key, value);
    if (newer.size <= kept / 2) return;
    older = newer;
    newer = new Map();
  }

  function recall(key: string): unknown {
    const known = newer.get(key);
    if (known !== undefined) return known;
    const old = older.get(key);
    if (old !== undefined) keep(key, old);
    return old;
  }

  function drop(key: string): void {
    newer.delete(key);
    older.delete(key);
  }

  // Keys that were written while rows were being read: what was read of them is old.
  let reads = 0;
  const written = new Set<string>();

  async function reading<T>(read: () => Promise<T>): Promise<T> {
    reads++;
    try {
      return await read();
    } finally {
      reads--;
      if (reads === 0) written.clear();
    }
  }

  const decode = <T>(key: string, bytes: Uint8Array | undefined): T | undefined => {
    if (bytes === undefined) return undefined;
    const value = decodeRow<T>(bytes);
    keep(key, value);
    return value;
  };

  const database: Database = {
    get<T>(key: string) {
      const known = recall(key);
      if (isGone(known)) return undefined;
      if (known !== undefined) return known as T;
      if (isKnownAbsent(key)) return undefined;
      const bytes = store.getSync(key);
      // Much that is asked for with every write is never there.
      if (bytes === undefined) keep(key, absent);
      return decode<T>(key, bytes);
    },
    async getMany<T>(keys: readonly string[]) {
      // Held here, since what is read now may push known ones out of the cache.
      const found = new Map<string, T | undefined>();
      for (const key of keys) {
        const known = recall(key);
        if (known !== undefined) found.set(key, isGone(known) ? undefined : (known as T));
      }
      const missing = keys.filter((key) => !found.has(key));
      if (missing.length > 0) {
        await reading(async () => {
          const rows = await store.getMany(missing);
          for (const [i, key] of missing.entries())
            found.set(key, written.has(key) ? database.get<T>(key) : decode<T>(key, rows[i]));
        });
      }
      return keys.map((key) => found.get(key));
    },
    async getConfirmed<T>(key: string) {
      const known = recall(key);
      if (known === vacant) return undefined;
      if (known !== undefined && known !== absent) return known as T;
      return reading(async () => {
        const row = await store.getConfirmed(key);
        if (written.has(key)) return database.get<T>(key);
        if (row === undefined) keep(key, vacant);
        return decode<T>(key, row);
      });
    },
    async list<T>(range: Range) {
      return (await store.list(range)).map(([key, value]): [string, T] => [key, decodeRow<T>(value)]);
    },
    under<T>(prefix: string, options: { reverse?: boolean; limit?: number } = {}) {
      return database.list<T>({ ...under(prefix), ...options });
    },
    called(what, name) {
      const prefix = `v/${what}/${name}/`;
      const known = names.get(prefix);
      if (known) return known;
      const found = database
        .under<string>(prefix)
        .then((rows) => rows.map(([key]) => key.slice(prefix.length)));
      if (names.size >= keptNames) names = new Map();
      names.set(prefix, found);
      found.catch(() => names.delete(prefix));
      return found;
    },
    vacant(keys) {
      for (const key of keys) keep(key, vacant);
    },
    survey(range, keys) {
      return reading(async () => {
        const there = new Set<string>();
        for (const [key, bytes] of await store.list(range)) {
          there.add(key);
          if (!written.has(key)) decode(key, bytes);
        }
        for (const key of keys) if (!there.has(key) && !written.has(key)) keep(key, vacant);
      });
    },
    enumerate(prefix) {
      if (enumerated.has(prefix)) return Promise.resolve();
      enumerated.set(prefix, undefined);
      const mine = generation;
      return reading(async () => {
        const there = new Set<string>();
        try {
          for (const [key] of await store.list({ ...under(prefix), limit: mostEnumerated + 1 }))
            there.add(key);
        } catch (error) {
          if (mine === generation) enumerated.delete(prefix);
          throw error;
        }
        for (const key of written) {
          if (!key.startsWith(prefix)) continue;
          if (database.get(key) === undefined) there.delete(key);
          else there.add(key);
        }
        // A journal that was opened anew meanwhile may have others.
        if (mine === generation && there.size <= mostEnumerated) enumerated.set(prefix, there);
      });
    },
    accept(rows) {
      for (const [key, value] of rows) {
        noteEnumerated(key, value !== undefined);
        if (naming.test(key)) names.delete(key.slice(0, key.lastIndexOf('/') + 1));
        if (reads > 0) written.add(key);
        if (ranged.test(key)) drop(key);
        else keep(key, value === undefined ? vacant : value);
      }
    },
    forget() {
      names = new Map();
      newer.clear();
      older.clear();
      enumerated.clear();
      generation++;
    },
  };
  return database;
}
