import type { Range, Store, Write } from '../port.ts';
import { compareKeys } from '../store/frame.ts';

/** A key as y-leveldb writes it: `['v1', name, 'update', clock]`, `['v1', name, 'meta', key]`, `['v1_sv', name]`. */
export type DocumentKey = readonly (string | number)[];

/** The part of an abstract-level range that y-leveldb uses. */
interface KeyRange {
  readonly gte: DocumentKey;
  readonly lt: DocumentKey;
  readonly reverse?: boolean;
  readonly limit?: number;
}

const SEPARATOR = '\u0000';
const DIGITS = 10;

/** Clocks are 32-bit numbers; padded they keep their order. */
function encodeKey(key: DocumentKey): string {
  return key
    .map((part) => (typeof part === 'number' ? part.toString().padStart(DIGITS, '0') : part))
    .join(SEPARATOR);
}

function decodeKey(key: string): DocumentKey {
  const parts = key.split(SEPARATOR);
  return parts[2] === 'update' ? [...parts.slice(0, 3), Number(parts[3])] : parts;
}

/** What level-read-stream asks of an iterator: everything in one step, then nothing. */
function iteratorOver<T>(load: () => Promise<T[]>): { nextv(): Promise<T[]>; close(): Promise<void> } {
  let done = false;
  return {
    async nextv() {
      if (done) return [];
      done = true;
      return load();
    },
    close: async () => undefined,
  };
}

/**
 * What y-leveldb takes for a database, on top of a store: so its rows are synced, checked against their keys,
 * witnessed and scrubbed as all others. y-leveldb replaces a document in several writes, and a crash between them
 * would leave none of it; here `atomically` gathers them into one commit. It is not re-entrant: one caller at a time.
 */
export class LevelAdapter {
  /** What `_transact` asks before it clears a range. */
  readonly supports = { clear: true } as const;
  /** The first error since the last `takeTrouble`: y-leveldb turns errors into `null`. */
  #trouble: unknown;
  readonly #store: Store;
  #pending: Map<string, Uint8Array | undefined> | undefined;

  /** y-leveldb makes the instance itself, so the store comes in its `levelOptions`. */
  constructor(_location: string, options: { readonly store: Store; adopt(adapter: LevelAdapter): void }) {
    this.#store = options.store;
    options.adopt(this);
  }

  /** The first error since the last call, if any. */
  takeTrouble(): unknown {
    const trouble = this.#trouble;
    this.#trouble = undefined;
    return trouble;
  }

  /** Runs `work`, and commits all that it wrote as one batch when it resolves. Nothing is written when it rejects. */
  async atomically(work: () => Promise<void>): Promise<void> {
    const pending = new Map<string, Uint8Array | undefined>();
    this.#pending = pending;
    try {
      await work();
    } finally {
      this.#pending = undefined;
    }
    if (pending.size > 0) await this.#store.commit([...pending].map(([key, value]): Write => [key, value]));
  }

  /** The row, or an error with `notFound` as abstract-level 1 has it. */
  async get(key: DocumentKey): Promise<Uint8Array> {
    const [row] = await this.#rows({ gte: key, lt: [...key, ''] });
    if (row === undefined) throw Object.assign(new Error('Not found'), { notFound: true });
    return row[1];
  }

  put(key: DocumentKey, value: Uint8Array): Promise<void> {
    return this.#write([[encodeKey(key), value]]);
  }

  del(key: DocumentKey): Promise<void> {
    return this.#write([[encodeKey(key), undefined]]);
  }

  async clear(range: KeyRange): Promise<void> {
    const rows = await this.#rows(range);
    await this.#write(rows.map(([key]): Write => [key, undefined]));
  }

  iterator(range: KeyRange): { nextv(): Promise<[DocumentKey, Uint8Array][]>; close(): Promise<void> } {
    return iteratorOver(async () => {
      const rows = await this.#rows(range);
      return rows.map(([key, value]): [DocumentKey, Uint8Array] => [decodeKey(key), value]);
    });
  }

  keys(range: KeyRange): { nextv(): Promise<DocumentKey[]>; close(): Promise<void> } {
    return iteratorOver(async () => (await this.#rows(range)).map(([key]) => decodeKey(key)));
  }

  values(range: KeyRange): { nextv(): Promise<Uint8Array[]>; close(): Promise<void> } {
    return iteratorOver(async () => (await this.#rows(range)).map(([, value]) => value));
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #write(writes: readonly Write[]): Promise<void> {
    if (this.#pending !== undefined) {
      for (const [key, value] of writes) this.#pending.set(key, value);
      return;
    }
    if (writes.length > 0) await this.#watched(() => this.#store.commit(writes));
  }

  /** Stored rows with the pending ones over them. */
  #rows({ gte, lt, reverse = false, limit = -1 }: KeyRange): Promise<(readonly [string, Uint8Array])[]> {
    return this.#watched(async () => {
      const range: Range = { gte: encodeKey(gte), lt: encodeKey(lt) };
      const pending = this.#pending;
      if (pending === undefined) return this.#store.list({ ...range, reverse, limit });
      const rows = new Map(await this.#store.list(range));
      for (const [key, value] of pending) {
        if (value === undefined) rows.delete(key);
        else if (compareKeys(key, range.gte) >= 0 && compareKeys(key, range.lt) < 0) rows.set(key, value);
      }
      const sorted = [...rows].sort(([a], [b]) => (reverse ? compareKeys(b, a) : compareKeys(a, b)));
      return limit < 0 ? sorted : sorted.slice(0, limit);
    });
  }

  async #watched<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#trouble ??= error;
      throw error;
    }
  }
}
