import {
  type CatchUp,
  type CatchUpItem,
  type CatchUpQuery,
  CoterieError,
  type Event,
  type Hash,
  type Header,
  type Proof,
} from '../../../schemas/index.ts';
import { covers, coversForked, type Mark } from '../../fold/index.ts';
import type { CountersRow, FeedRow } from '../commit/rows.ts';
import { keys, pad } from '../commit/rows.ts';
import { stateOf } from '../ledger/state.ts';
import type { Because } from '../views/context.ts';
import { channelOfLog } from '../views/conversation.ts';
import { operation, type Reading, stampIso, textOf } from './context.ts';
import { cursorOf, eventOf, type Feed } from './feed.ts';
import { type ChainHead, createCounting, instant, markOfMember, vectorOf } from './pending.ts';

/** Stated estimate: a token is four bytes of the answer's JSON. */
export const tokensOf = (value: unknown): number => Math.ceil(JSON.stringify(value).length / 4);

const defaultBudget = 4000;
const defaultLimit = 50;
/** Operations that need the member are shown singly up to this part of the budget, the rest is counted in ranges. */
const singlesShare = 0.6;

/** A receipt covers everything that stood in the feed when it was given, for one member. */
export const receiptOf = (feed: Feed, member: Hash, n: number): string =>
  `${feed.epoch}.${n}.${member.slice(0, 8)}`;

export function parseReceipt(feed: Feed, member: Hash, receipt: string): number {
  const match = /^([A-Za-z0-9_-]+)\.(\d{1,15})\.([a-z2-7]{8})$/.exec(receipt);
  const n = Number(match?.[2]);
  if (!match || match[1] !== feed.epoch || match[3] !== member.slice(0, 8) || n > feed.end())
    throw new CoterieError('receipt_unknown', 'The receipt was not given to this member by this feed.');
  return n;
}

/**
 * Everything beyond the member's mark: singly while it is little, else what needs the member singly and the rest as
 * counted ranges. Nothing is cut: every pending operation is in a line, so the receipt covers all up to the feed's
 * end. Reading moves nothing.
 */
export async function catchUp(
  reading: Reading,
  feed: Feed,
  member: Hash,
  query: CatchUpQuery,
  digest: () => Promise<string>,
): Promise<CatchUp> {
  const { heads, end } = await instant(reading);
  const { mark, low } = markOfMember(reading, member);
  const counting = createCounting(reading, member);
  const budget = query.budget ?? defaultBudget;
  const limit = query.limit ?? defaultLimit;
  const chains: { chain: ChainHead; count: number }[] = [];
  for (const chain of heads) {
    const count = await counting.beyond(chain, mark);
    if (count > 0) chains.push({ chain, count });
  }
  const pending = chains.reduce((sum, { count }) => sum + count, 0);
  const proof = await proofOf(reading, feed, end, digest);
  const shell: CatchUp = { items: [], receipt: receiptOf(feed, member, end), proof, pending };
  let left = budget - tokensOf(shell);
  const needs = await needsOf(reading, member, low, end);

  if (pending <= limit) {
    const singles = await allPending(reading, feed, member, mark, low, end, pending);
    const items = singles.map((event) => itemOf(event, needs));
    if (tokensOf(items) <= left) return { ...shell, items: ranked(items) };
  }

  const items: CatchUpItem[] = [];
  const shown = new Map<string, number>();
  const forSingles = left * (1 - singlesShare);
  for (const [n] of needs) {
    if (items.length >= limit) break;
    const row = reading.database.get<FeedRow>(keys.feed(n));
    const event = row && eventOf(reading, feed, n, row);
    const stored = event && operation(reading, event.operation);
    if (!event || !stored || stored.state || isCovered(mark, event.operation, stored.header)) continue;
    const item = itemOf(event, needs);
    const cost = tokensOf(item);
    if (left - cost < forSingles) break;
    left -= cost;
    items.push(item);
    const chain = `${stored.header.log} ${stored.header.replica}`;
    shown.set(chain, (shown.get(chain) ?? 0) + 1);
  }
  return {
    ...shell,
    items: [...items, ...(await ranges(reading, remaining(reading, mark, chains, shown), left))],
  };
}

const isCovered = (mark: Mark, hash: Hash, { log, replica, seq }: Header): boolean =>
  covers(mark, log, replica, seq) || coversForked(mark, hash);

interface Range {
  readonly count: number;
  readonly from: string;
  readonly to: string;
}

/** What others did and no line shows singly, a log at a time, most first. */
function remaining(
  reading: Reading,
  mark: Mark,
  chains: readonly { chain: ChainHead; count: number }[],
  shown: ReadonlyMap<string, number>,
): [log: string, range: Range][] {
  const byLog = new Map<string, Range>();
  for (const { chain, count } of chains) {
    const rest = count - (shown.get(`${chain.log} ${chain.replica}`) ?? 0);
    if (rest <= 0) continue;
    const from = timeAt(reading, chain, vectorOf(mark, chain.log, chain.replica) + 1);
    const to = timeAt(reading, chain, chain.head.seq);
    byLog.set(chain.log, added(byLog.get(chain.log), { count: rest, from, to }));
  }
  return [...byLog].sort(([, a], [, b]) => b.count - a.count);
}

const added = (a: Range | undefined, b: Range): Range =>
  a === undefined
    ? b
    : { count: a.count + b.count, from: a.from < b.from ? a.from : b.from, to: a.to > b.to ? a.to : b.to };

/** A line a log; the last line takes together what the budget can't name. */
async function ranges(
  reading: Reading,
  logs: readonly [log: string, range: Range][],
  budget: number,
): Promise<CatchUpItem[]> {
  const items: CatchUpItem[] = [];
  let left = budget;
  for (const [i, [log, range]] of logs.entries()) {
    const full = await rangeItem(reading, log, range);
    const isLast = i === logs.length - 1;
    const rest = together(logs.slice(i));
    const room = left - (isLast ? 0 : tokensOf(rest));
    const item = [full, { ...full, headlines: [] }].find((one) => tokensOf(one) <= room) ?? rest;
    items.push(item);
    if (item === rest) break;
    left -= tokensOf(item);
  }
  return items;
}

async function rangeItem(
  reading: Reading,
  log: string,
  range: Range,
): Promise<CatchUpItem & { kind: 'range' }> {
  const channel = channelOfLog(log);
  const state = channel === undefined ? undefined : stateOf(reading, reading.database, channel);
  const name = state?.kind === 'channel' ? (state.name[0]?.value ?? log) : log;
  return {
    kind: 'range',
    log,
    ...(channel ? { channel } : {}),
    name,
    ...range,
    headlines: channel ? await headlines(reading, channel) : [],
  };
}

function together(logs: readonly [log: string, range: Range][]): CatchUpItem {
  const all = logs.map(([, range]) => range);
  return {
    kind: 'range',
    log: '*',
    name: `${logs.length} more`,
    count: all.reduce((sum, { count }) => sum + count, 0),
    from: all.map(({ from }) => from).sort()[0] ?? '',
    to:
      all
        .map(({ to }) => to)
        .sort()
        .at(-1) ?? '',
    headlines: [],
  };
}

function timeAt(reading: Reading, { log, replica }: ChainHead, seq: number): string {
  const hash = reading.database.get<{ hash: Hash }>(keys.chain(log, replica, seq))?.hash;
  const row = hash === undefined ? undefined : operation(reading, hash);
  return row ? stampIso(row.header.stamp) : new Date(0).toISOString();
}

/** The newest messages of a channel, a line each. */
async function headlines(reading: Reading, channel: Hash): Promise<string[]> {
  const rows = await reading.database.under<Hash>(`v/message/${channel}/`, { reverse: true, limit: 3 });
  return rows.flatMap(([, id]) => {
    const state = stateOf(reading, reading.database, id);
    if (state?.kind !== 'message') return [];
    const text = textOf(reading, state.text[0]?.value, 'text');
    return text === null ? [] : [`${reading.membership.person(state.created.by).handle}: ${firstLine(text)}`];
  });
}

function firstLine(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? '';
  return line.length > 80 ? `${[...line].slice(0, 79).join('')}…` : line;
}

/** Feed numbers beyond `low` that need the member, and why. Bounded: the rest is counted. */
async function needsOf(
  reading: Reading,
  member: Hash,
  low: number,
  end: number,
): Promise<Map<number, Because>> {
  const prefix = `v/need/${member}/`;
  const rows = await reading.database.list<Because>({
    gte: prefix + pad(low + 1),
    lt: prefix + pad(end + 1),
    limit: 200,
  });
  return new Map(rows.map(([key, because]) => [Number(key.slice(prefix.length)), because]));
}

async function allPending(
  reading: Reading,
  feed: Feed,
  member: Hash,
  mark: Mark,
  low: number,
  end: number,
  count: number,
): Promise<Event[]> {
  const found: Event[] = [];
  let from = low;
  while (found.length < count && from < end) {
    const rows = await reading.database.list<Hash>({
      gte: keys.news(from + 1),
      lt: keys.news(end + 1),
      limit: 256,
    });
    await reading.database.getMany(rows.map(([, hash]) => keys.operation(hash)));
    for (const [key, hash] of rows) {
      const n = Number(key.slice(key.lastIndexOf('/') + 1));
      from = n;
      const stored = operation(reading, hash);
      if (!stored || stored.header.member === member || stored.state) continue;
      if (isCovered(mark, hash, stored.header)) continue;
      const event = eventOf(reading, feed, n, { hash });
      if (event) found.push(event);
    }
    if (rows.length < 256) break;
  }
  return found;
}

function itemOf(event: Event, needs: ReadonlyMap<number, Because>): CatchUpItem {
  const n = Number(event.cursor.slice(event.cursor.lastIndexOf('.') + 1));
  const noun = event.type.slice(0, event.type.indexOf('.'));
  const because =
    needs.get(n) ??
    (noun === 'message' || noun === 'task' || noun === 'memory'
      ? noun
      : noun === 'claim' || noun === 'comment'
        ? 'task'
        : 'other');
  const text = event.body?.['text'] ?? event.body?.['title'];
  const { body: _, ...rest } = event;
  return {
    kind: 'operation',
    event: rest,
    because,
    ...(text === undefined ? {} : { text }),
  };
}

const ranks = ['mention', 'reply', 'review', 'assigned', 'rejected', 'task', 'message', 'memory', 'other'];

/** What needs me first, the rest in order of arrival. */
function ranked(items: readonly CatchUpItem[]): CatchUpItem[] {
  const rank = (item: CatchUpItem) =>
    item.kind === 'operation' ? Math.min(ranks.indexOf(item.because), 5) : 9;
  return items
    .map((item, i) => ({ item, i }))
    .sort((a, b) => rank(a.item) - rank(b.item) || a.i - b.i)
    .map(({ item }) => item);
}

/** How complete the answer is, and what it is based on: "nothing new" is another thing than "I could not look". */
async function proofOf(
  reading: Reading,
  feed: Feed,
  end: number,
  digest: () => Promise<string>,
): Promise<Proof> {
  const counters = reading.database.get<CountersRow>(keys.meta('counters'));
  const { state } = reading.membership;
  const replicas = [...state.replicas.keys()].map((id) => {
    const self = id === reading.replica;
    return {
      id,
      self,
      heard: self && counters?.stamp ? stampIso(counters.stamp) : null,
      lag: self ? 0 : null,
      digestsEqual: self ? true : null,
    };
  });
  return {
    through: cursorOf(feed, end),
    complete: true,
    remaining: 0,
    replicas,
    waiting: counters?.waiting ?? 0,
    digest: await digest(),
  };
}
