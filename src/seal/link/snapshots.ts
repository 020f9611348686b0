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
  { since }: Pick<Place, 'since'>,
  isHot: boolean,
): boolean {
  const times = isHot ? hot : 1;
  return since.records > records * times || since.bytes > bytes * times;
}
