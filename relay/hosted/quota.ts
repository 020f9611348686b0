import { directoryBytes } from '../../src/replica/upkeep/size.ts';
import { DEFAULT_RESERVE, freeBytes } from '../../src/storage/disk.ts';

/** How much of the disk one workspace takes, and may take. */
export interface Quota {
  /** Bytes as last measured; undefined before that. */
  readonly used: number | undefined;
  /** Free bytes as the journal sees them: of the disk, or of what is left to this workspace. */
  free(): number;
  measure(): Promise<number>;
}

/** A directory that is written to is measured this often at most, ms. */
const between = 2_000;

/**
 * Lets a workspace write until its directory holds so many bytes; then its writes end as on a full disk, and nothing of
 * them is acknowledged. What is written between two measurements comes on top.
 */
export function openQuota(directory: string, most: number, now: () => number): Quota {
  let used: number | undefined;
  let measured = Number.NEGATIVE_INFINITY;
  let measuring: Promise<number> | undefined;
  function measure(): Promise<number> {
    measuring ??= directoryBytes(directory).then((bytes) => {
      used = bytes;
      measured = now();
      measuring = undefined;
      return bytes;
    });
    return measuring;
  }
  return {
    get used() {
      return used;
    },
    free() {
      if (now() - measured > between) void measure();
      // Refused is what goes below the reserve.
      return Math.min(freeBytes(directory), most - (used ?? 0) + DEFAULT_RESERVE);
    },
    measure,
  };
}
