import type { Files } from '../files.ts';

/** Time within which two changes of a directory may carry one time stamp. Kernel clocks tick every 1 to 10 ms. */
const TICK_MS = 20;

/**
 * Keeps the names in the engine's directory durable. The engine syncs the content of a new log file and not its
 * name, so a power cut may take the whole file, acknowledged commits included. Whoever acknowledges asks here first.
 */
export interface NameSync {
  /** Resolves when every name that existed at the call survives a power cut. True when names had changed. */
  settle(): Promise<boolean>;
}

/** Looks at the directory's time stamp, which costs microseconds, and syncs the directory when it moved. */
export function createNameSync(files: Files, directory: string, monotonic: () => number): NameSync {
  let stamp: bigint | undefined;
  let firstSeen = 0;
  let settled = false;
  return {
    async settle() {
      const now = files.stamp(directory);
      const changed = now !== stamp;
      if (changed) {
        stamp = now;
        firstSeen = monotonic();
        settled = false;
      }
      if (settled) return false;
      // A later change within one tick of the clock leaves the stamp as it is: sync again until the tick is over.
      const over = monotonic() - firstSeen > TICK_MS;
      await files.syncDirectoryLater(directory);
      if (over && stamp === now) settled = true;
      return changed;
    },
  };
}
