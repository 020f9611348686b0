import type { Commits } from '../commit/commits.ts';
import type { Database } from '../commit/database.ts';
import { keys } from '../commit/rows.ts';

/** Whose updates were refused, and the last of them. */
export interface RefusedSender {
  /** As in `RefusedOf`. */
  readonly by: string;
  readonly count: number;
  /** Of the last one: when, in ms, for which document, and why. */
  readonly at: number;
  readonly document: string;
  readonly reason: string;
}

/** The last who were refused, over restarts; the newest last. */
export interface KeptRefusals {
  /** Resolves when it is stored, or the disk refused it: what was sent stays refused. */
  note(by: string, document: string, reason: string): Promise<void>;
  senders(): readonly RefusedSender[];
  /** Those that are no older than a week: worth a warning. */
  recent(): readonly RefusedSender[];
}

/** Senders that are kept, so that nobody fills the disk by being refused, and characters of a reason. */
const most = 16;
const longest = 240;
const week = 7 * 24 * 60 * 60 * 1000;

const key = keys.meta('refused');

export function createKeptRefusals(options: {
  readonly database: Pick<Database, 'get'>;
  readonly commits: Pick<Commits, 'write'>;
  readonly now: () => number;
}): KeptRefusals {
  const { database, commits, now } = options;
  const senders = (): readonly RefusedSender[] => database.get<readonly RefusedSender[]>(key) ?? [];
  return {
    async note(by, document, reason) {
      const at = now();
      const noted = commits.write(({ draft }) => {
        const all = draft.get<readonly RefusedSender[]>(key) ?? [];
        const { count = 0 } = all.find((one) => one.by === by) ?? {};
        const sender: RefusedSender = {
          by,
          count: count + 1,
          at,
          document: document.slice(0, longest),
          reason: reason.slice(0, longest),
        };
        draft.put(key, [...all.filter((one) => one.by !== by), sender].slice(-most));
      });
      await noted.catch(() => undefined);
    },
    senders,
    recent: () => senders().filter(({ at }) => now() - at < week),
  };
}
