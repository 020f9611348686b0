import type { z } from 'zod';
import {
  CoterieError,
  type Event,
  type EventsQuery,
  type Hash,
  operationTypes,
  type TypedEvent,
} from '../../../../schemas/index.ts';
import { type FeedRow, keys } from '../../commit/rows.ts';
import { subjectOf } from '../../ledger/state.ts';
import { channelOfLog } from '../../views/conversation.ts';
import { operation, type Reading, stampIso, time } from '../context.ts';
import { findChannel, findMember } from '../names.ts';

/** The local order of arrival. A cursor is (feed epoch, number). */
export interface Feed {
  readonly epoch: string;
  /** Number of the newest row. */
  end(): number;
  /** Resolves when the feed grows or `signal` aborts. */
  grown(signal: AbortSignal): Promise<void>;
}

export const cursorOf = (feed: Feed, n: number): string => `${feed.epoch}.${n}`;

/** The number in a cursor; `0` is the beginning. Throws `cursor_unknown` for another epoch or the future. */
export function parseCursor(feed: Feed, cursor: string): number {
  if (cursor === '0') return 0;
  const match = /^([A-Za-z0-9_-]+)\.(\d{1,15})$/.exec(cursor);
  if (!match) throw new CoterieError('cursor_unknown', `${cursor.slice(0, 64)} is not a cursor.`);
  const n = Number(match[2]);
  if (match[1] !== feed.epoch)
    throw new CoterieError(
      'cursor_unknown',
      'The cursor is of another epoch: the feed was rebuilt or restored since.',
    );
  if (n > feed.end()) throw new CoterieError('cursor_unknown', 'The cursor lies in the future of this feed.');
  return n;
}

export function eventOf(reading: Reading, feed: Feed, n: number, row: FeedRow): Event | undefined {
  if ('revised' in row) {
    const channel = channelOfLog(row.log);
    const cause = operation(reading, row.cause);
    return {
      cursor: cursorOf(feed, n),
      type: 'revised',
      operation: row.revised,
      subject: row.revised,
      log: row.log,
      ...(channel ? { channel } : {}),
      by: cause?.header.member ? reading.membership.person(cause.header.member) : null,
      at: cause ? stampIso(cause.header.stamp) : time(0),
      data: {},
      cause: row.cause,
    };
  }
  const stored = operation(reading, row.hash);
  if (!stored) return undefined;
  const { header, body } = stored;
  const channel = channelOfLog(header.log);
  const by = header.imported?.author ?? header.member;
  return {
    cursor: cursorOf(feed, n),
    type: header.type,
    operation: row.hash,
    subject: subjectOf(row.hash, header),
    log: header.log,
    ...(channel ? { channel } : {}),
    by: by ? reading.membership.person(by) : null,
    at: header.imported ? time(header.imported.at) : stampIso(header.stamp),
    ...(header.imported ? { imported: true } : {}),
    data: header.data,
    ...(body ? { body: withoutSalt(body) } : {}),
    ...(stored.redacted ? { removed: true } : {}),
  };
}

export function withoutSalt(body: Readonly<Record<string, string>>): Record<string, string> {
  const { salt: _, ...text } = body;
  return text;
}

type Filter = Pick<z.infer<typeof EventsQuery>, 'types' | 'channels' | 'members'>;

const parts = (list: string): string[] =>
  list
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/**
 * Whether an event passes, for a member that asks. Unknown channels and members are errors, not filters that nothing
 * passes.
 */
export async function eventFilter(
  reading: Reading,
  me: Hash,
  query: Filter,
): Promise<(event: Event) => boolean> {
  const types = query.types === undefined ? undefined : parts(query.types);
  const channels =
    query.channels === undefined
      ? undefined
      : new Set(
          await Promise.all(
            parts(query.channels).map(async (ref) => (await findChannel(reading, ref, me)).id),
          ),
        );
  const members =
    query.members === undefined
      ? undefined
      : new Set(parts(query.members).map((ref) => findMember(reading, ref).id));
  refuseUnknown(types);
  const typed = (type: string) =>
    types === undefined ||
    types.some((wanted) => (wanted.endsWith('*') ? type.startsWith(wanted.slice(0, -1)) : wanted === type));
  return (event) =>
    event.type === 'gap' ||
    (typed(event.type) &&
      (channels === undefined || (event.channel !== undefined && channels.has(event.channel))) &&
      (members === undefined || (event.by !== null && members.has(event.by.id))));
}

/** Types of events: those of operations, and what the feed says besides. */
const eventTypes = [...Object.keys(operationTypes), 'revised', 'gap', 'presence'];

/** A type that no event has would be a filter that nothing passes. One that a later version has is none here. */
function refuseUnknown(types: readonly string[] = []): void {
  const unknown = types.find((wanted) =>
    wanted.endsWith('*')
      ? !eventTypes.some((type) => type.startsWith(wanted.slice(0, -1)))
      : !eventTypes.includes(wanted),
  );
  if (unknown !== undefined)
    throw new CoterieError('invalid', `types: no event is of the type ${unknown}`, { legal: eventTypes });
}

/** Rows (from, to] of the feed. Short stretches come decoded from memory. */
export async function feedRows(
  reading: Reading,
  from: number,
  to: number,
): Promise<[n: number, row: FeedRow][]> {
  if (to - from > 64) {
    const rows = await reading.database.list<FeedRow>({ gte: keys.feed(from + 1), lt: keys.feed(to + 1) });
    await reading.database.getMany(
      rows.flatMap(([, row]) => ('hash' in row ? [keys.operation(row.hash)] : [])),
    );
    return rows.map(([key, row]) => [Number(key.slice('feed/'.length)), row]);
  }
  const rows: [number, FeedRow][] = [];
  for (let n = from + 1; n <= to; n++) {
    const row = reading.database.get<FeedRow>(keys.feed(n));
    if (row) rows.push([n, row]);
  }
  return rows;
}

/**
 * Events beyond `since`, from disk, then as they come, until the signal aborts. Where it begins is settled at the call:
 * what arrives after it is delivered. Throws `cursor_unknown` at the call.
 */
export function events(
  reading: Reading,
  feed: Feed,
  member: Hash,
  query: z.infer<typeof EventsQuery>,
  signal: AbortSignal,
): AsyncGenerator<TypedEvent> {
  const from = query.since === undefined ? feed.end() : parseCursor(feed, query.since);
  return untilAborted(stream(reading, feed, member, query, from, signal), signal);
}

/** What a read meets that closing overtook is the end, not an error. */
async function* untilAborted(source: AsyncGenerator<Event>, signal: AbortSignal): AsyncGenerator<TypedEvent> {
  try {
    // What counts was held against the schema of its type, so its type tells what it holds.
    yield* source as AsyncGenerator<TypedEvent>;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function* stream(
  reading: Reading,
  feed: Feed,
  member: Hash,
  query: Filter,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<Event> {
  const passes = await eventFilter(reading, member, query);
  let n = from;
  while (!signal.aborted) {
    const end = feed.end();
    if (n >= end) {
      await feed.grown(signal);
      continue;
    }
    const to = Math.min(end, n + 256);
    const rows = await feedRows(reading, n, to);
    // Rows go from the oldest on, also while a stream reads them.
    const next = rows[0]?.[0] ?? (await firstKept(reading, feed));
    if (next > n + 1) {
      yield gap(feed, n + 1, next - 1);
      n = next - 1;
      continue;
    }
    for (const [at, row] of rows) {
      const event = eventOf(reading, feed, at, row);
      if (signal.aborted) return;
      if (event && passes(event)) yield event;
    }
    n = rows.at(-1)?.[0] ?? to;
  }
}

/** Number of the oldest feed row that is there; one beyond the end when there is none. */
export async function firstKept(reading: Reading, feed: Feed): Promise<number> {
  const first = (await reading.database.under<FeedRow>('feed/', { limit: 1 }))[0];
  return first ? Number(first[0].slice('feed/'.length)) : feed.end() + 1;
}

/** Stands for feed rows that were compacted away. */
const gap = (feed: Feed, from: number, to: number): Event => ({
  cursor: cursorOf(feed, to),
  type: 'gap',
  operation: '',
  subject: '',
  log: '',
  by: null,
  at: time(0),
  data: { from, to },
});
