import {
  type ActivityItem,
  type ActivityQuery,
  type Event,
  type Hash,
  type List,
  limits,
} from '../../../schemas/index.ts';
import { isOfOthers } from '../views/conversation.ts';
import type { Reading } from './context.ts';
import { cursorOf, eventFilter, eventOf, type Feed, feedRows, parseCursor } from './feed/feed.ts';

/** Events in one run: whoever reads a page never pays for all that one member ever wrote. */
const longest = 256;

/** Events that follow each other and say the same of the same member. */
interface Line {
  readonly newest: Event;
  oldest: Event;
  count: number;
  readonly subjects: Set<string>;
}

const isOfRun = ({ newest, count }: Line, event: Event): boolean =>
  count < longest &&
  event.type === newest.type &&
  event.by?.id === newest.by?.id &&
  event.log === newest.log &&
  event.imported === newest.imported;

const itemOf = ({ newest, oldest, count, subjects }: Line): ActivityItem =>
  count === 1
    ? newest
    : { ...newest, run: { count, subjects: subjects.size, first: oldest.cursor, since: oldest.at } };

/** The feed, newest first, with runs as one item unless `each` is asked for. */
export async function activity(
  reading: Reading,
  feed: Feed,
  member: Hash,
  query: ActivityQuery = {},
): Promise<List<ActivityItem>> {
  const passes = await eventFilter(reading, member, query);
  const limit = Math.min(query.limit ?? limits.pageDefault, limits.pageSize);
  let to = query.cursor === undefined ? feed.end() : parseCursor(feed, query.cursor);
  const lines: Line[] = [];
  while (to > 0) {
    const from = Math.max(0, to - 256);
    const rows = await feedRows(reading, from, to);
    for (const [n, row] of rows.reverse()) {
      const event = eventOf(reading, feed, n, row);
      if (!event || !passes(event)) continue;
      // Of conversations between others only those that are asked for.
      if (query.channels === undefined && isOfOthers(reading.database, member, event.log)) continue;
      const last = lines.at(-1);
      if (last && query.each !== true && isOfRun(last, event)) {
        last.oldest = event;
        last.count += 1;
        last.subjects.add(event.subject);
      } else if (lines.length === limit) return { items: lines.map(itemOf), next: cursorOf(feed, n) };
      else lines.push({ newest: event, oldest: event, count: 1, subjects: new Set([event.subject]) });
    }
    to = from;
  }
  return { items: lines.map(itemOf) };
}
