import type { Hash, Progress } from '../../../schemas/index.ts';
import { parseDocumentName } from '../../log/index.ts';
import { entryKey } from '../../op/index.ts';
import type { Store } from '../../storage/port.ts';
import type { Commits, Work } from '../commit/commits.ts';
import type { Database } from '../commit/database.ts';
import {
  decodeRow,
  emptyCounters,
  entryOf,
  keys,
  type OperationRow,
  type PartRow,
  type PlaceRow,
  pad,
  under,
  viewsVersion,
} from '../commit/rows.ts';
import { arrive } from '../ledger/absorb.ts';
import { shapeOf } from '../ledger/judging.ts';
import { release } from '../ledger/release.ts';
import { type AbsorbContext, counters } from '../ledger/state.ts';
import { entriesOf } from '../ledger/subjects/redaction.ts';
import type { IdempotencyRow } from '../ledger/subjects/repeats.ts';
import { placeDefaults } from '../workspace/adopt.ts';

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
  await clearKeys(commits, database);
  for (const [key, mark] of await database.under<{ low: number }>('mark/'))
    await commits.write(({ draft }) => draft.put(key, { ...mark, low: 0 }));
  await commits.write(({ draft }) => {
    const { stamp } = counters(draft);
    draft.put(keys.meta('counters'), { ...emptyCounters, stamp });
    draft.put(keys.meta('epoch'), options.epoch);
    placeDefaults(draft, context.defaultChannels);
  });
  database.forget();
  context.awaited.clear();
  await context.membership.reload();
  for (let at = 0; at < order.length; at += chunk) {
    const part = order.slice(at, at + chunk);
    await commits.write(async (work) => {
      for (const hash of part) {
        const row = work.draft.get<OperationRow>(keys.operation(hash));
        if (!row) continue;
        const { feed: _, state: __, newer, ...plain } = row;
        // What an earlier version did not know, this one may.
        if (newer) Object.assign(plain, shapeOf(context.crypto, entryOf(row)));
        const op = { hash, header: row.header, body: row.body };
        const then = asOf(work, row.arrival ?? 0);
        await release(context, then, await arrive(context, then, op, plain));
      }
      await placeAll(context, work, at, part);
    });
    progress?.({ stage: 'rebuilding views', done: Math.min(at + chunk, order.length), total: order.length });
  }
  await commits.write(({ draft }) => draft.put(keys.meta('views'), viewsVersion));
}

/** The write as it was when so many operations had arrived: those that came later are on disk, and not here yet. */
function asOf(work: Work, arrival: number): Work {
  const { draft } = work;
  const then = <T>(key: string, row: T | undefined): T | undefined =>
    key.startsWith('op/') && ((row as OperationRow | undefined)?.arrival ?? 0) > arrival ? undefined : row;
  return {
    ...work,
    draft: {
      ...draft,
      get: <T>(key: string) => then<T>(key, draft.get<T>(key)),
      getConfirmed: async <T>(key: string) => then<T>(key, await draft.getConfirmed<T>(key)),
    },
  };
}

/** Which entries stand in which documents. */
async function placeAll(
  { crypto }: AbsorbContext,
  { draft }: Work,
  at: number,
  hashes: readonly Hash[],
): Promise<void> {
  const places = new Map<string, [Hash, Hash][]>();
  for (const hash of hashes) {
    const row = draft.get<OperationRow>(keys.operation(hash));
    if (!row) continue;
    for (const { document, sig } of await entriesOf(draft, hash, row))
      places.set(document, [...(places.get(document) ?? []), [entryKey(crypto, hash, sig), hash]]);
  }
  for (const [document, place] of places) {
    draft.put(keys.place(document, `made${pad(at)}`), place satisfies PlaceRow);
    const name = parseDocumentName(document);
    if (!name) continue;
    const key = keys.part(name.log, name.segment);
    const before = draft.get<PartRow>(key) ?? { operations: 0, bytes: 0 };
    draft.put(key, { operations: before.operations + place.length, bytes: 0 } satisfies PartRow);
  }
}

/** Hashes in the order in which they arrived here. */
async function arrivalOrder(store: Store, progress: (done: number) => void): Promise<Hash[]> {
  const found: { hash: Hash; arrival: number }[] = [];
  for await (const [key, value] of store.scan(under('op/'))) {
    found.push({ hash: key.slice('op/'.length), arrival: decodeRow<OperationRow>(value).arrival ?? 0 });
    if (found.length % 10_000 === 0) progress(found.length);
  }
  return found.sort((a, b) => a.arrival - b.arrival).map(({ hash }) => hash);
}

/** Keys keep what was asked for under them, for ever; which operations they made is found anew. */
async function clearKeys(commits: Commits, database: Database): Promise<void> {
  const rows = await database.under<IdempotencyRow>('key/');
  for (let at = 0; at < rows.length; at += removedAtOnce) {
    await commits.write(({ draft }) => {
      for (const [key, row] of rows.slice(at, at + removedAtOnce)) {
        // A request that had nothing to change made no operation: it stays as it is.
        const operations = row.operations.filter(({ stamp }) => stamp === '');
        draft.put(key, { ...row, operations } satisfies IdempotencyRow);
      }
    });
  }
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
