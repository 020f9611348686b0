import type { Files } from '../files.ts';

/** Time within which two changes of a directory may carry one time stamp. Kernel clocks tick every 1 to 10 ms. */
const TICK_MS = 20;

/**
 * Keeps the names of the engine's logs durable. The engine syncs the content of a new log and not its name, so a
 * power cut may take the whole file, acknowledged commits included. Whoever acknowledges asks here first. Names of
 * tables are the engine's business: it syncs the directory before it relies on them.
 */
export interface NameSync {
  /** Resolves when the name of every log that existed at the call survives a power cut. True when files changed. */
  settle(): Promise<boolean>;
}

/** Looks at the directory's time stamp, which costs microseconds; at its names when that moved; syncs for a new log. */
export function createNameSync(files: Files, directory: string, monotonic: () => number): NameSync {
  const durable = new Set<string>();
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
      // A later change within one tick of the clock leaves the stamp as it is: look again until the tick is over.
      settled = monotonic() - firstSeen > TICK_MS;
      const logs = files.list(directory).filter((name) => name.endsWith('.log'));
      if (logs.every((name) => durable.has(name))) return changed;
      await files.syncDirectoryLater(directory);
      durable.clear();
      for (const name of logs) durable.add(name);
      return changed;
    },
  };
}
