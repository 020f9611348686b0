import type { Hash, Progress } from '../../../schemas/index.ts';
import type { Store } from '../../storage/port.ts';
import type { SyncSource } from '../../sync/port.ts';
import type { Commits } from '../commit/commits.ts';
import type { Database } from '../commit/database.ts';
import { keys } from '../commit/rows.ts';

/** An entry of the directory that was set aside, on its way into the fresh one. */
export interface SalvagedRow {
  readonly document: string;
  readonly key: Hash;
  /** As JSON text. */
  readonly entry: string;
}

/** Operations that wait to be taken in: absent when there are none, so that no opening looks for them. */
export const salvagedKey = keys.meta('salvaged');

const [begin, end] = ['salvaged/', 'salvaged0'];
/** Whom it comes from: no session. */
const nobody = 0;
const atOnce = 256;

/**
 * Takes in what was salvaged of the directory that was set aside, by the door by which everything from elsewhere
 * comes: each signature is checked, and what a peer brought before changes nothing. Cut off, the next opening goes on.
 */
export async function takeSalvaged(options: {
  readonly database: Database;
  readonly commits: Commits;
  readonly store: Pick<Store, 'compact'>;
  readonly source: Pick<SyncSource, 'take'>;
  readonly progress?: ((progress: Progress) => void) | undefined;
}): Promise<void> {
  const { database, commits, store, source, progress } = options;
  const total = database.get<number>(salvagedKey) ?? (await database.getConfirmed<number>(salvagedKey));
  if (total === undefined) return;
  let done = 0;
  for (let after = begin; ; ) {
    const rows = await database.list<SalvagedRow>({ gte: after, lt: end, limit: atOnce });
    if (rows.length === 0) break;
    const documents = new Map<string, [Hash, string][]>();
    for (const [, { document, key, entry }] of rows)
      documents.set(document, [...(documents.get(document) ?? []), [key, entry]]);
    for (const [document, entries] of documents) {
      const { ok } = await source.take(document, entries, nobody);
      // One that is refused is refused alone.
      if (!ok) for (const one of entries) await source.take(document, [one], nobody);
    }
    await commits.write(({ draft }) => {
      for (const [key] of rows) draft.remove(key);
    });
    after = `${rows.at(-1)?.[0]}\u0000`;
    done += rows.length;
    progress?.({ stage: 'taking in what was salvaged', done, total });
  }
  // A text that is removed later must not lie on in what this was read from.
  await store.compact({ gte: begin, lt: end });
  await commits.write(({ draft }) => draft.remove(salvagedKey));
}
