import type { Hash } from '../../../schemas/index.ts';
import { stampTime } from '../../op/index.ts';
import { operation, type Reading } from '../reading/context.ts';
import { type Feed, feedRows } from '../reading/feed/feed.ts';

/** Events that are looked at, from the newest back. */
const depth = 4_096;
const step = 256;

/** When members last wrote anything, by the newest events of the feed. What was looked at is not looked at again. */
export interface LastSeen {
  look(reading: Reading, feed: Feed): Promise<ReadonlyMap<Hash, number>>;
}

export function createLastSeen(): LastSeen {
  const at = new Map<Hash, number>();
  let done = 0;
  return {
    async look(reading, feed) {
      const end = feed.end();
      for (let to = end; to > Math.max(done, end - depth); to -= step)
        for (const [, row] of await feedRows(reading, Math.max(done, to - step), to)) {
          const header = 'hash' in row ? operation(reading, row.hash)?.header : undefined;
          if (header?.member === undefined) continue;
          const time = stampTime(header.stamp);
          if (time > (at.get(header.member) ?? 0)) at.set(header.member, time);
        }
      done = Math.max(done, end);
      return at;
    },
  };
}
