import type { Range } from '../../storage/port.ts';
import type { Database } from './database.ts';

/** Rows to be, over what is committed. `undefined` as a value deletes. */
export type Rows = Map<string, unknown>;

/** A view of the rows as they will be when everything queued is committed. */
export interface Reader {
  get<T>(key: string): T | undefined;
  getConfirmed<T>(key: string): Promise<T | undefined>;
  list<T>(range: Range): Promise<[string, T][]>;
  under<T>(prefix: string): Promise<[string, T][]>;
}

/** Rows of one write, joined to its commit group as a whole or not at all. */
export interface Draft extends Reader {
  readonly rows: Rows;
  put(key: string, value: unknown): void;
  remove(key: string): void;
  /** Returns what takes back everything put since, for one of several steps that may be refused. */
  savepoint(): () => void;
}

const unknown = Symbol('unknown');

/** Layers are the newest first: the write's own rows, the open group, the group in flight. */
export function createDraft(database: Database, layers: readonly Rows[]): Draft {
  const rows: Rows = new Map();
  const all = [rows, ...layers];
  /** Rows as they were before each put, newest last. */
  const undo: [key: string, had: boolean, before: unknown][] = [];

  function set(key: string, value: unknown): void {
    undo.push([key, rows.has(key), rows.get(key)]);
    rows.set(key, value);
  }

  /** The row as the newest layer that knows of it has it; `unknown` when none does. */
  function queued(key: string): unknown {
    for (const layer of all) {
      const value = layer.get(key);
      if (value !== undefined || layer.has(key)) return value;
    }
    return unknown;
  }

  const draft: Draft = {
    rows,
    get<T>(key: string) {
      const row = queued(key);
      return row === unknown ? database.get<T>(key) : (row as T | undefined);
    },
    async getConfirmed<T>(key: string) {
      const row = queued(key);
      return row === unknown ? database.getConfirmed<T>(key) : (row as T | undefined);
    },
    async list<T>(range: Range) {
      const merged = new Map<string, T>();
      const { limit, ...unbounded } = range;
      for (const [key, value] of await database.list<T>(unbounded)) merged.set(key, value);
      for (const layer of all.toReversed()) {
        for (const [key, value] of layer) {
          if (key < range.gte || key >= range.lt) continue;
          if (value === undefined) merged.delete(key);
          else merged.set(key, value as T);
        }
      }
      const sorted = [...merged].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
      if (range.reverse) sorted.reverse();
      return limit === undefined ? sorted : sorted.slice(0, limit);
    },
    under<T>(prefix: string) {
      return draft.list<T>({ gte: prefix, lt: `${prefix}\u{10ffff}` });
    },
    put: set,
    remove: (key) => set(key, undefined),
    savepoint() {
      const { length } = undo;
      return () => {
        for (const [key, had, before] of undo.splice(length).reverse()) {
          if (had) rows.set(key, before);
          else rows.delete(key);
        }
      };
    },
  };
  return draft;
}

/** A row whose absence decides something: when a plain look misses it, a seek confirms that. */
export const sure = async <T>(
  reader: Pick<Reader, 'get' | 'getConfirmed'>,
  key: string,
): Promise<T | undefined> => reader.get<T>(key) ?? (await reader.getConfirmed<T>(key));
