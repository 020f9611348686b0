import { encodeIndex } from './codec.ts';
import { removeIndexFiles, writeIndexFile } from './file.ts';
import type { TextIndex } from './minisearch.ts';
import { messageOf } from './protocol.ts';

/** Milliseconds without a change, and at most with changes, before the index is written. */
const QUIET = 1000;
const LATEST = 10_000;
/** The same after the files were removed, since removals come in rows, and after a failure. */
const AFTER_PURGE = 5000;
const AFTER_FAILURE = 60_000;

/** Writes an index to its directory when enough has changed, in the background of its thread. */
export interface Keeper {
  /** That many changes were made to the index. */
  changed(count: number): void;
  /** Removes the files; writes again only when the index has reached `through`. */
  purge(through: number): Promise<void>;
  /** Writes once more where that saves the next start noticeable time. */
  close(): Promise<void>;
}

/** A keeper of one index. `reached` is how far in the feed the index has come at the moment of the call. */
export function createKeeper(options: {
  directory: string;
  epoch: string;
  index: TextIndex;
  reached: () => number;
  trouble: (message?: string) => void;
}): Keeper {
  const { directory, epoch, index, reached, trouble } = options;
  let changes = 0;
  let barrier = 0;
  let quiet = QUIET;
  let latest = Number.POSITIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<void> | undefined;
  let cancelled = false;

  // Applying a change again costs about as much as writing twenty documents.
  const worthwhile = (): boolean =>
    changes >= Math.max(500, index.documentCount / 20) && reached() >= barrier;

  const schedule = (): void => {
    clearTimeout(timer);
    if (running || cancelled || !worthwhile()) return;
    const now = performance.now();
    latest = Math.min(latest, now + Math.max(quiet, LATEST));
    timer = setTimeout(start, Math.max(0, Math.min(quiet, latest - now)));
  };

  const start = (): void => {
    running ??= write().finally(() => {
      running = undefined;
      schedule();
    });
  };

  const write = async (): Promise<void> => {
    const taken = changes;
    changes = 0;
    latest = Number.POSITIVE_INFINITY;
    try {
      const chunks = encodeIndex(index, { epoch, position: reached() });
      const done = await writeIndexFile(directory, chunks, () => cancelled);
      if (!done) changes += taken;
      quiet = QUIET;
      if (done) trouble();
    } catch (error) {
      changes += taken;
      quiet = AFTER_FAILURE;
      trouble(messageOf(error));
    }
  };

  return {
    changed(count) {
      changes += count;
      schedule();
    },
    async purge(through) {
      barrier = Math.max(barrier, through);
      cancelled = true;
      clearTimeout(timer);
      try {
        await running;
        await removeIndexFiles(directory);
      } finally {
        cancelled = false;
      }
      changes = Number.POSITIVE_INFINITY;
      quiet = AFTER_PURGE;
      schedule();
    },
    async close() {
      clearTimeout(timer);
      await running;
      clearTimeout(timer);
      if (worthwhile()) await write();
    },
  };
}
