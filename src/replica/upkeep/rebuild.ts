import type { Hash, Progress } from '../../../schemas/index.ts';
import type { Store } from '../../storage/port.ts';
import type { Commits } from '../commit/commits.ts';
import type { Database } from '../commit/database.ts';
import { decodeRow, emptyCounters, keys, type OperationRow, under, viewsVersion } from '../commit/rows.ts';
import { type AbsorbContext, absorb, counters } from '../ledger/absorb.ts';
import { placeDefaults } from '../workspace/bootstrap.ts';

const chunk = 128;
const removedAtOnce = 4096;

export interface RebuildOptions {
  readonly context: AbsorbContext;
  readonly commits: Commits;
  readonly database: Database;
  readonly store: Store;
  readonly progress?: ((progress: Progress) => void) | undefined;
  /** Name of the feed from now on: cursors of the old one are unknown. */
  readonly epoch: string;
}

/**
 * Makes all views anew from the operations, in the order in which they arrived. Interrupted, it begins again at the
 * next opening: the views' version is written last. Marks are facts and stay; their positions start anew.
 */
export async function rebuildViews(options: RebuildOptions): Promise<void> {
  const { context, commits, database, store, progress } = options;
  const order = await arrivalOrder(store, (done) =>
    progress?.({ stage: 'reading operations', done, total: null }),
  );
  await commits.write(({ draft }) => draft.put(keys.meta('views'), 0));
  for (const prefix of ['v/', 'feed/']) await removeAll(commits, store, prefix);
  for (const [key, mark] of await database.under<{ low: number }>('mark/'))
    await commits.write(({ draft }) => draft.put(key, { ...mark, low: 0 }));
  await commits.write(({ draft }) => {
    const { stamp } = counters(draft);
    draft.put(keys.meta('counters'), { ...emptyCounters, stamp });
    draft.put(keys.meta('epoch'), options.epoch);
    placeDefaults(draft, context.defaultChannels);
  });
  database.forget();
  await context.membership.reload();
  for (let at = 0; at < order.length; at += chunk) {
    const part = order.slice(at, at + chunk);
    await commits.write(async (work) => {
      for (const hash of part) {
        const row = work.draft.get<OperationRow>(keys.operation(hash));
        if (!row) continue;
        const { feed: _, state: __, ...plain } = row;
        await absorb(context, work, { hash, header: row.header, body: row.body }, plain, false);
      }
    });
    progress?.({ stage: 'rebuilding views', done: Math.min(at + chunk, order.length), total: order.length });
  }
  await commits.write(({ draft }) => draft.put(keys.meta('views'), viewsVersion));
}

interface Place {
  readonly hash: Hash;
  readonly feed: number | undefined;
  readonly prev: Hash | '';
}

/** Hashes in order of arrival: by feed number; what never counted follows the one before it in its chain. */
async function arrivalOrder(store: Store, progress: (done: number) => void): Promise<Hash[]> {
  const places = new Map<Hash, Place>();
  for await (const [key, value] of store.scan(under('op/'))) {
    const hash = key.slice('op/'.length);
    const { header, feed } = decodeRow<OperationRow>(value);
    places.set(hash, { hash, feed, prev: header.prev });
    if (places.size % 10_000 === 0) progress(places.size);
  }
  const ranks = new Map<Hash, number>();
  const rank = (place: Place): number => {
    const path: Place[] = [];
    let at: Place | undefined = place;
    while (at && at.feed === undefined && !ranks.has(at.hash)) {
      path.push(at);
      at = at.prev === '' ? undefined : places.get(at.prev);
    }
    let value = at === undefined ? 0 : (ranks.get(at.hash) ?? at.feed ?? 0);
    for (const one of path.reverse()) {
      value += 1 / 1024;
      ranks.set(one.hash, value);
    }
    return place.feed ?? value;
  };
  return [...places.values()]
    .map((place) => ({ hash: place.hash, rank: rank(place) }))
    .sort((a, b) => a.rank - b.rank || (a.hash < b.hash ? -1 : 1))
    .map(({ hash }) => hash);
}

async function removeAll(commits: Commits, store: Store, prefix: string): Promise<void> {
  for (;;) {
    const rows = await store.list({ ...under(prefix), limit: removedAtOnce });
    if (rows.length === 0) return;
    await commits.write(({ draft }) => {
      for (const [key] of rows) draft.remove(key);
    });
  }
}
