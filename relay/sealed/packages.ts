import { CoterieError, type Package } from '../../schemas/index.ts';
import type { Store } from '../../src/storage/port.ts';

export interface Packages {
  /** Keeps a package for `by`. Rejects with `exists` where another is there, and with `quota_exceeded`. */
  put(id: string, by: string, given: Package): Promise<void>;
  /** Rejects with `ticket_expired` for one that is over, as long as that is remembered. */
  get(id: string): Promise<Package | undefined>;
  /** Forgets what those held that are over, and those themselves a month later. */
  sweep(): Promise<void>;
}

export interface PackagesOptions {
  readonly store: Store;
  readonly now: () => number;
  /** Packages at most, and of one mailbox. */
  readonly most?: number;
  readonly mostOfOne?: number;
  /** How long one is kept at most, ms. */
  readonly longest?: number;
}

interface Row extends Package {
  readonly by: string;
}

/** How long it is remembered of a package that it is over, ms. */
const remembered = 30 * 24 * 60 * 60 * 1000;

const year = 366 * 24 * 60 * 60 * 1000;
const key = (id: string): string => `p/${id}`;
const all = { gte: 'p/', lt: 'p0' };
const read = (value: Uint8Array): Row => JSON.parse(Buffer.from(value).toString('utf8')) as Row;

/** Packages in a store, beside mailboxes. */
export async function openPackages({
  store,
  now,
  most = 100_000,
  mostOfOne = 1_000,
  longest = year,
}: PackagesOptions): Promise<Packages> {
  const byWhom = new Map<string, number>();
  let count = 0;
  const add = (by: string, by1: 1 | -1): void => {
    count += by1;
    byWhom.set(by, (byWhom.get(by) ?? 0) + by1);
    if (byWhom.get(by) === 0) byWhom.delete(by);
  };
  for await (const [, value] of store.scan(all)) add(read(value).by, 1);
  /** Those that are being written. */
  const coming = new Set<string>();

  async function keep(id: string, by: string, given: Package): Promise<void> {
    const before = await store.getConfirmed(key(id));
    if (before) {
      if (read(before).sealed === given.sealed) return;
      throw new CoterieError('exists', 'There is another package of this id.');
    }
    if (count >= most || (byWhom.get(by) ?? 0) >= mostOfOne)
      throw new CoterieError('busy', 'Too many packages are kept here.');
    add(by, 1);
    const row: Row = { ...given, by };
    await store.commit([[key(id), Buffer.from(JSON.stringify(row))]]);
  }

  return {
    async put(id, by, given) {
      if (given.expires <= now() || given.expires > now() + longest)
        throw new CoterieError('invalid', 'expires is not within the year that follows');
      if (coming.has(id)) throw new CoterieError('busy', 'A package of this id is being kept.');
      coming.add(id);
      try {
        await keep(id, by, given);
      } finally {
        coming.delete(id);
      }
    },
    async get(id) {
      const row = await store.getConfirmed(key(id));
      if (!row) return undefined;
      const { sealed, expires } = read(row);
      if (expires > now()) return { sealed, expires };
      throw new CoterieError('ticket_expired', `The ticket ended at ${new Date(expires).toISOString()}.`);
    },
    async sweep() {
      for await (const [name, value] of store.scan(all)) {
        const row = read(value);
        if (row.expires > now()) continue;
        if (row.expires + remembered > now()) {
          const over: Row = { ...row, sealed: '' };
          if (row.sealed !== '') await store.commit([[name, Buffer.from(JSON.stringify(over))]]);
          continue;
        }
        await store.commit([[name, undefined]]);
        add(row.by, -1);
      }
    },
  };
}
