import { statfsSync } from 'node:fs';
import { StorageError } from './port.ts';

/** Free bytes of the file system that holds a directory. Throws the file system's error. */
export type FreeBytes = (directory: string) => number;

/** What an ordinary user may still write there, by `statfs`. */
export const freeBytes: FreeBytes = (directory) => {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
};

/** Free space below which commits are refused, in bytes, unless another reserve is given. */
export const DEFAULT_RESERVE = 64 * 1024 * 1024;

/** Bytes that may be written, and milliseconds that may pass, before free space is looked at again. */
const RECHECK_BYTES = 1024 * 1024;
const RECHECK_MS = 250;

/** Refuses writes while free space is below a reserve: a store on a full disk cannot even be opened for reading. */
export interface DiskGuard {
  /** Throws `disk_full` when writing `bytes` would go below the reserve. Counts them as written otherwise. */
  spend(bytes: number): void;
}

/**
 * A guard that asks the file system at most four times a second or once a mebibyte, and in between counts what was
 * written since. The engine writes each byte about three times before it rests, so bytes count threefold.
 */
export function createDiskGuard(options: {
  directory: string;
  reserve: number;
  free?: FreeBytes;
  monotonic?: () => number;
}): DiskGuard {
  const { directory, reserve, free = freeBytes, monotonic = () => performance.now() } = options;
  let known = 0;
  let spent = Number.POSITIVE_INFINITY;
  let askedAt = Number.NEGATIVE_INFINITY;

  const ask = (): void => {
    known = free(directory);
    spent = 0;
    askedAt = monotonic();
  };

  return {
    spend(bytes) {
      const cost = bytes * 3;
      if (
        spent + cost > RECHECK_BYTES ||
        monotonic() - askedAt > RECHECK_MS ||
        known - spent - cost < reserve
      )
        ask();
      if (known - cost < reserve) {
        const free = Math.round(known / 1048576);
        const kept = Math.round(reserve / 1048576);
        throw new StorageError(
          'disk_full',
          `The disk is nearly full: ${free} MiB free, ${kept} MiB are kept in reserve. Free some space; nothing was written.`,
        );
      }
      spent += cost;
    },
  };
}
