import { decodeUpdate } from 'yjs';
import type { Place } from './port.ts';

/** When a document gets a snapshot, by which the records before it can go. */
export interface SnapshotPolicy {
  /** Since the last one, of a document that nobody writes to any more. */
  readonly records: number;
  readonly bytes: number;
  /** The same for the newest segment of a log: how many times as much. */
  readonly hot: number;
  /** One waits by lot, ms: mostly another replica has made it by then. */
  readonly from: number;
  readonly to: number;
}

export const usualSnapshots: SnapshotPolicy = {
  records: 64,
  bytes: 512 * 1024,
  hot: 8,
  from: 1_000,
  to: 8_000,
};

export function isDue(
  { records, bytes, hot }: SnapshotPolicy,
  { since, removed }: Pick<Place, 'since' | 'removed'>,
  isHot: boolean,
): boolean {
  // What was removed is still in the records before it: they go with the next snapshot.
  if (removed.since) return true;
  const times = isHot ? hot : 1;
  return since.records > records * times || since.bytes > bytes * times;
}

/** How many structs an update says are deleted: each diff says all that its maker knows of. */
function deletedBy(update: Uint8Array): number {
  // Deletions come last, by how many clients, and each ends with a length: most updates have none.
  if (update.at(-1) === 0) return 0;
  try {
    let sum = 0;
    for (const items of decodeUpdate(update).ds.clients.values()) for (const { len } of items) sum += len;
    return sum;
  } catch {
    return 0;
  }
}

/** What is known of deletions once an update of a record was read, or appended. */
export function hasBeenRead(
  { removed: { known, since } }: Pick<Place, 'removed'>,
  update: Uint8Array,
  isSnapshot: boolean,
): Place['removed'] {
  const sum = deletedBy(update);
  return {
    known: Math.max(known ?? 0, sum),
    since: isSnapshot ? sum < (known ?? 0) : since || (known !== undefined && sum > known),
  };
}
