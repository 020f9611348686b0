import type { Search } from '../../search/index.ts';
import type { Database } from '../commit/database.ts';
import type { Checkpoints } from './checkpoints.ts';

/** Takes removed text off the disk, in the background; what a crash left over is taken at the next opening. */
export interface Removal {
  /** Something was removed. */
  notice(): void;
  /** Takes everything that is due now, and rejects when it can't. */
  now(): Promise<void>;
  /** Resolves when nothing removed is on disk any more, or after a while: the rest goes at the next opening. */
  close(): Promise<void>;
}

/** A stop does not wait longer than this for the disk to forget, ms. */
const patience = 800;

export async function createRemoval(options: {
  readonly database: Database;
  readonly checkpoints: Checkpoints;
  readonly search: Search;
  readonly timer: (task: () => void, ms: number) => () => void;
}): Promise<Removal> {
  const { database, checkpoints, search, timer } = options;
  let running: Promise<void> | undefined;
  let again = false;

  async function run(): Promise<void> {
    do {
      again = false;
      // The documents say that they are due until the index is clean too: a crash between begins anew.
      await checkpoints.purge(() => search.purge());
    } while (again);
  }

  const removal: Removal = {
    notice() {
      again = true;
      // What failed is tried again by the next removal, and at the next opening.
      running ??= run()
        .catch(() => undefined)
        .finally(() => {
          running = undefined;
        });
    },
    async now() {
      while (running) await running;
      await run();
    },
    async close() {
      if (!running) return;
      let cancel: (() => void) | undefined;
      const late = new Promise<void>((resolve) => {
        cancel = timer(resolve, patience);
      });
      await Promise.race([running, late]);
      cancel?.();
    },
  };
  if ((await database.under('purge/', { limit: 1 })).length > 0) removal.notice();
  return removal;
}
