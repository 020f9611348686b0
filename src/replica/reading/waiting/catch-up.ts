import {
  type CatchUp,
  type CatchUpItem,
  type CatchUpQuery,
  type Event,
  type Hash,
  inboxKinds,
} from '../../../../schemas/index.ts';
import type { Mark } from '../../../fold/index.ts';
import { type Because, type ItemRow, keys } from '../../commit/rows.ts';
import { isCovered } from '../../views/inbox.ts';
import { operation, type Reading } from '../context.ts';
import { eventOf, type Feed } from '../feed/feed.ts';
import { defaultBudget, itemShape, openItems } from './inbox.ts';
import { type ChainHead, createCounting, instant, markOfMember } from './pending.ts';
import { costOf, type Evidence, fitted, proofOf } from './proof.ts';
import { betweenOthers, ranges, remaining } from './ranges.ts';
import { type Receipt, receiptOf } from './receipts.ts';

const defaultLimit = 50;
/** What needs the member is shown singly up to this part of the budget, the rest is counted in ranges. */
const singlesShare = 0.6;
/** So often what is pending may change while it is read. */
const mostTries = 10;
/** Digits that a receipt and counts may take beyond those of an empty answer, in tokens. */
const slack = 16;

/** What stands beyond the mark, and in the inbox, at one instant. */
interface Beyond {
  readonly member: Hash;
  readonly mark: Mark;
  readonly low: number;
  readonly end: number;
  readonly chains: readonly { readonly chain: ChainHead; readonly count: number }[];
  readonly pending: number;
  readonly rows: readonly (readonly [n: number, row: ItemRow])[];
}

async function beyondMark(reading: Reading, member: Hash): Promise<Beyond> {
  // Before the end of the feed, so that each item that is shown stands below it.
  const rows = await openItems(reading.database, member, 0);
  const { heads, end } = await instant(reading);
  const { mark, low } = markOfMember(reading, member);
  const counting = createCounting(reading, member);
  const chains: { chain: ChainHead; count: number }[] = [];
  for (const chain of heads) {
    const count = await counting.beyond(chain, mark);
    if (count > 0) chains.push({ chain, count });
  }
  const pending = chains.reduce((sum, { count }) => sum + count, 0);
  return { member, mark, low, end, chains, pending, rows };
}

/**
 * Everything beyond the member's mark, and its open inbox items: singly while it is little, else what needs the member
 * singly and the rest as counted ranges. What needs the member is never counted away: what the budget cuts of it is left
 * out of the receipt. Reading moves nothing.
 */
export async function catchUp(
  reading: Reading,
  feed: Feed,
  member: Hash,
  query: CatchUpQuery,
  evidence: Evidence,
  tries = 0,
): Promise<CatchUp> {
  const budget = query.budget ?? defaultBudget;
  const limit = query.limit ?? defaultLimit;
  const beyond = await beyondMark(reading, member);
  const proof = fitted(await proofOf(reading, feed, beyond.end, evidence), Math.floor(budget / 2));
  const answer = (items: CatchUpItem[], shown: Receipt, left: number, unshown: number): CatchUp => ({
    items,
    receipt: receiptOf(reading, feed, member, shown),
    proof: { ...proof, complete: left + unshown === 0, remaining: left + unshown },
    pending: beyond.pending,
    left,
    open: beyond.rows.length,
  });
  const nothing = { n: beyond.end, from: 0, to: 0, counts: true };
  const room = budget - costOf(answer([], nothing, 0, 0)) - slack;
  if (beyond.pending <= limit && beyond.rows.length <= limit) {
    const items = await allOf(reading, feed, beyond);
    // A fork that came in between, or an acknowledgement, makes it another number: it is asked again.
    if (items === undefined && tries < mostTries)
      return catchUp(reading, feed, member, query, evidence, tries + 1);
    const to = beyond.rows.at(-1)?.[0] ?? 0;
    const counts = items?.some(({ kind }) => kind === 'range') ?? false;
    if (items && items.reduce((sum, item) => sum + costOf(item), 0) <= room)
      return answer(ranked(items), { n: beyond.end, from: 0, to, counts }, 0, 0);
  }

  const singles = await needed(reading, feed, beyond, limit, room);
  const rest = remaining(reading, beyond.mark, beyond.chains, singles.uncounted);
  const lines = await ranges(reading, member, rest, room - singles.cost);
  const unshown = beyond.rows.length - singles.items.length;
  const { to } = singles;
  // Where not even one line for the rest fits, it was not counted either.
  return lines
    ? answer(
        [...singles.items, ...lines],
        { n: beyond.end, from: 0, to, counts: true },
        singles.cut,
        unshown - singles.cut,
      )
    : answer(
        singles.items,
        { n: 0, from: 0, to, counts: true },
        beyond.pending - singles.shown,
        unshown - singles.cut,
      );
}

/** The event of the operation that an item stands for, if the member has not acknowledged it. */
function eventFor(reading: Reading, feed: Feed, row: ItemRow): Event | undefined {
  const [hash = ''] = row.operations;
  const stored = row.call && operation(reading, hash);
  return stored && stored.feed !== undefined && !stored.state
    ? eventOf(reading, feed, stored.feed, { hash })
    : undefined;
}

interface Singles {
  readonly items: CatchUpItem[];
  readonly cost: number;
  /** Place of the last item that is shown. */
  readonly to: number;
  /** Operations that are shown, and those that are cut. */
  readonly shown: number;
  readonly cut: number;
  /** How many of each chain are not for a range to count. */
  readonly uncounted: ReadonlyMap<string, number>;
}

/** What needs the member, the oldest first, as far as its part of the budget goes. */
async function needed(
  reading: Reading,
  feed: Feed,
  { member, rows }: Beyond,
  limit: number,
  room: number,
): Promise<Singles> {
  const items: CatchUpItem[] = [];
  const uncounted = new Map<string, number>();
  let [cost, to, shown, cut] = [0, 0, 0, 0];
  let full = false;
  await reading.database.getMany(
    rows.flatMap(
      ([
        ,
        {
          call,
          operations: [hash = ''],
        },
      ]) => (call ? [keys.operation(hash)] : []),
    ),
  );
  for (const [n, row] of rows) {
    const event = eventFor(reading, feed, row);
    if (!full) {
      const item: CatchUpItem = event
        ? itemOf(event, row.kind)
        : { kind: 'item', item: await itemShape(reading, member, row) };
      full = items.length >= limit || cost + costOf(item) > room * singlesShare;
      if (!full) {
        items.push(item);
        cost += costOf(item);
        to = n;
      }
    }
    if (!event) continue;
    if (full) cut++;
    else shown++;
    const { log, replica } = operation(reading, event.operation)?.header ?? {};
    uncounted.set(`${log} ${replica}`, (uncounted.get(`${log} ${replica}`) ?? 0) + 1);
  }
  return { items, cost, to, shown, cut, uncounted };
}

/** Each pending operation, with why it needs the member where it does, and what needs it besides; undefined: not as many as were counted. */
async function allOf(reading: Reading, feed: Feed, beyond: Beyond): Promise<CatchUpItem[] | undefined> {
  const { member, rows } = beyond;
  const all = await allPending(reading, feed, beyond);
  if (all.length !== beyond.pending) return undefined;
  const called = new Set(rows.flatMap(([, { operations }]) => operations));
  const needed = all.filter(({ operation: hash }) => called.has(hash));
  const { rest, lines } = await betweenOthers(
    reading,
    member,
    all.filter(({ operation: hash }) => !called.has(hash)),
  );
  const singles = [...needed, ...rest];
  const pending = new Set(singles.map(({ operation: hash }) => hash));
  const because = new Map<Hash, Because>();
  const items: CatchUpItem[] = [];
  for (const [, row] of rows) {
    const hash = row.operations.find((one) => pending.has(one) && !because.has(one));
    if (hash !== undefined) because.set(hash, row.kind);
    else items.push({ kind: 'item', item: await itemShape(reading, member, row) });
  }
  return [...items, ...singles.map((event) => itemOf(event, because.get(event.operation))), ...lines];
}

/** Every pending operation, in the order of arrival. */
async function allPending(
  reading: Reading,
  feed: Feed,
  { member, mark, low, end, pending: count }: Beyond,
): Promise<Event[]> {
  const found: Event[] = [];
  let from = low;
  // One more than were counted tells that it is another number by now.
  while (found.length <= count && from < end) {
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
      if (isCovered(reading.database, mark, hash, stored.header)) continue;
      const event = eventOf(reading, feed, n, { hash });
      if (event) found.push(event);
    }
    if (rows.length < 256) break;
  }
  return found;
}

function itemOf(event: Event, needed: Because | undefined): CatchUpItem {
  const noun = event.type.slice(0, event.type.indexOf('.'));
  const because =
    needed ??
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

/** What needs me first, the rest in order of arrival. */
function ranked(items: readonly CatchUpItem[]): CatchUpItem[] {
  const ranks: readonly string[] = inboxKinds;
  const rank = (item: CatchUpItem): number => {
    const at =
      item.kind === 'range' ? -1 : ranks.indexOf(item.kind === 'item' ? item.item.kind : item.because);
    return at < 0 ? inboxKinds.length : at;
  };
  return items
    .map((item, i) => ({ item, i }))
    .sort((a, b) => rank(a.item) - rank(b.item) || a.i - b.i)
    .map(({ item }) => item);
}
