import type { Database } from '../../commit/database.ts';
import type { CountersRow } from '../../commit/rows.ts';
import { keys } from '../../commit/rows.ts';
import type { Feed } from './feed.ts';

/** The feed of an open replica, and what wakes those who wait for its next row. */
export interface LiveFeed extends Feed {
  /** Rows may have come: true when they have. */
  look(): boolean;
}

export function createFeed(database: Database): LiveFeed {
  const waiting = new Set<() => void>();
  const end = (): number => database.get<CountersRow>(keys.meta('counters'))?.feed ?? 0;
  let seen = end();
  return {
    epoch: database.get<string>(keys.meta('epoch')) ?? '',
    end,
    grown: (signal) =>
      new Promise((resolve) => {
        const done = (): void => {
          waiting.delete(done);
          signal.removeEventListener('abort', done);
          resolve();
        };
        waiting.add(done);
        signal.addEventListener('abort', done);
      }),
    look() {
      const now = end();
      if (now === seen) return false;
      seen = now;
      for (const wake of [...waiting]) wake();
      return true;
    },
  };
}
