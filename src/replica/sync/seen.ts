import type { Hash } from '../../../schemas/index.ts';
import type { Commits } from '../commit/commits.ts';
import type { Database } from '../commit/database.ts';
import { type CountersRow, keys, type SeenRow } from '../commit/rows.ts';

/** Digests of the workspace that are remembered: one that a peer compares with was told to it a moment ago. */
const remembered = 64;

/** What of this replica others were seen to have, by digests that were equal. */
export interface Seen {
  /** Makes the digest of the workspace, and remembers how much it holds. */
  root(): Promise<Hash>;
  /** A replica has this digest as well. Resolves when that is on disk. */
  equal(replica: Hash, logs: Hash): Promise<void>;
}

export function createSeen(options: {
  readonly database: Database;
  readonly commits: Commits;
  readonly now: () => number;
  readonly workspace: () => Promise<Hash>;
}): Seen {
  const { database, commits, now } = options;
  const held = new Map<Hash, number>();
  return {
    async root() {
      // Counted before: what comes while it is made may be in it or not.
      const operations = database.get<CountersRow>(keys.meta('counters'))?.operations ?? 0;
      const logs = await options.workspace();
      const most = Math.max(operations, held.get(logs) ?? 0);
      held.delete(logs);
      held.set(logs, most);
      const [oldest] = held.keys();
      if (held.size > remembered && oldest !== undefined) held.delete(oldest);
      return logs;
    },
    async equal(replica, logs) {
      const arrival = held.get(logs);
      if (arrival === undefined) return;
      const isNew = (row: SeenRow | undefined): boolean => row === undefined || row.arrival < arrival;
      if (!isNew(database.get<SeenRow>(keys.seen(replica)))) return;
      await commits.write(({ draft }) => {
        if (isNew(draft.get<SeenRow>(keys.seen(replica))))
          draft.put(keys.seen(replica), { arrival, at: now() });
      });
    },
  };
}
