import {
  CoterieError,
  type Hash,
  type Inbox,
  type InboxItem,
  type InboxQuery,
  limits,
} from '../../../../schemas/index.ts';
import { type CountersRow, type ItemRow, keys, pad } from '../../commit/rows.ts';
import type { Reader } from '../../commit/transaction.ts';
import { stateOf } from '../../ledger/state.ts';
import { channelOfLog } from '../../views/conversation.ts';
import { shownStatus } from '../../views/flow.ts';
import { operation, type Reading, stampIso, textOf, unknownCursor } from '../context.ts';
import type { Feed } from '../feed/feed.ts';
import { nameOfChannel, shortOf } from '../names.ts';
import { costOf, type Evidence, fitted, proofOf, tokensOf } from './proof.ts';
import { receiptOf } from './receipts.ts';

export const defaultBudget = 4000;
const shortest = 6;
/** Tokens that no item costs less than. */
const leastCost = 40;

/** Open items of a member beyond `from`, in the order in which they came up. */
export async function openItems(
  reader: Pick<Reader, 'list'>,
  member: Hash,
  from: number,
  limit?: number,
): Promise<[n: number, row: ItemRow][]> {
  const prefix = `v/inbox/${member}/`;
  const rows = await reader.list<ItemRow>({
    gte: prefix + pad(from + 1),
    lt: `${prefix}~`,
    ...(limit === undefined ? {} : { limit }),
  });
  return rows.map(([key, row]) => [Number(key.slice(prefix.length)), row]);
}

export const openCount = ({ database }: Pick<Reading, 'database'>, member: Hash): number =>
  database.get<number>(keys.items(member)) ?? 0;

/** The open items whose ids begin so. */
export const itemsLike = async (
  reader: Pick<Reader, 'under'>,
  member: Hash,
  beginning: string,
): Promise<[id: Hash, n: number][]> =>
  (await reader.under<number>(keys.item(member, beginning))).map(([key, n]) => [
    key.slice(key.lastIndexOf('/') + 1),
    n,
  ]);

async function shortIdOf({ database }: Reading, member: Hash, id: Hash): Promise<string> {
  for (let length = shortest; length < id.length; length++) {
    const beginning = id.slice(0, length);
    if ((await database.under<number>(keys.item(member, beginning), { limit: 2 })).length < 2)
      return beginning;
  }
  return id;
}

const widest = 80;

export function firstLine(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? '';
  return line.length > widest ? `${[...line].slice(0, widest - 1).join('')}…` : line;
}

/** Where a thing is, as people call it, and what it says. */
async function aboutOf(
  reading: Reading,
  { subject, log }: ItemRow,
): Promise<{ place?: string; says: string }> {
  const state = stateOf(reading, reading.database, subject);
  const placeOf = (id: string | undefined): string | undefined => {
    const channel = id === undefined ? undefined : stateOf(reading, reading.database, id);
    if (channel?.kind !== 'channel') return undefined;
    return `${channel.addressed ? '' : '#'}${nameOfChannel(reading, channel)}`;
  };
  switch (state?.kind) {
    case 'message': {
      const place = placeOf(channelOfLog(log));
      const says = textOf(reading, state.text[0]?.value, 'text') ?? '(removed)';
      return { ...(place === undefined ? {} : { place }), says };
    }
    case 'comment': {
      const task = stateOf(reading, reading.database, state.task);
      const says = textOf(reading, state.text[0]?.value, 'text') ?? '(removed)';
      return { ...(task?.kind === 'task' ? { place: await shortOf(reading, task) } : {}), says };
    }
    case 'task':
      return {
        place: await shortOf(reading, state),
        says: textOf(reading, state.title[0]?.value, 'title') ?? '(removed)',
      };
    case 'memory':
      return {
        ...(state.key === undefined ? {} : { place: state.key }),
        says: textOf(reading, state.versions[0]?.op, 'text') ?? '(removed)',
      };
    case 'channel':
      return {
        place: `#${nameOfChannel(reading, state)}`,
        says: textOf(reading, state.topic[0]?.value, 'topic') ?? '',
      };
    case 'reservation':
      return { says: state.globs.join(' ') };
    default:
      return log === 'members'
        ? { place: `@${reading.membership.person(subject).handle}`, says: 'members on machines of their own' }
        : { says: '' };
  }
}

/** To whom a claim is lost or why, and how the task stands now. */
function lostTo(reading: Reading, { subject, operations: [op = ''] }: ItemRow): string {
  const state = stateOf(reading, reading.database, subject);
  if (state?.kind !== 'task') return 'a claim is lost';
  const [holder] = state.claims;
  const by =
    holder && `${reading.membership.person(holder.by).handle} (${holder.grant ? 'granted' : 'tentative'})`;
  const isCut = operation(reading, op)?.header.type === 'claim.grant';
  const how = state.taken.find((one) => one.op === op)?.with;
  const isOver = operation(reading, how ?? '')?.header.type === 'lease.expire';
  const cut = isCut ? 'grant cut as the arbiter was moved, held by' : 'claim lost to';
  return `${isOver ? 'lease over, held by' : cut} ${by ?? 'nobody'}, now ${shownStatus(reading.database, state)}`;
}

/** The line of an item, one that says what to look at. */
function lineOf(reading: Reading, row: ItemRow, says: string): string {
  const writers = new Set(
    row.operations.flatMap((hash) => {
      const by = operation(reading, hash)?.header.member;
      return by === undefined ? [] : [reading.membership.person(by).handle];
    }),
  );
  switch (row.kind) {
    case 'conflict':
      return `${[...writers].join(' and ')} wrote ${row.fields?.join(', ') ?? 'it'} apart: ${says}`;
    case 'overlap':
      return `${[...writers].sort().join(' and ')} reserved paths in common: ${says}`;
    case 'lost':
      return `${lostTo(reading, row)}: ${says}`;
    case 'duplicate':
      return `${row.operations.length} of one name, made apart: ${says}`;
    case 'rejected': {
      const [hash = ''] = row.operations;
      const stored = operation(reading, hash);
      const why = stored?.state?.state === 'rejected' ? stored.state.message : '';
      return `${stored?.header.type ?? 'operation'} does not count: ${why}`;
    }
    case 'counted':
      return `${operation(reading, row.operations[0] ?? '')?.header.type ?? 'operation'} counts after all: ${says}`;
    default:
      return says;
  }
}

export async function itemShape(reading: Reading, member: Hash, row: ItemRow): Promise<InboxItem> {
  const { place, says } = await aboutOf(reading, row);
  const headers = row.operations.flatMap((hash) => {
    const header = operation(reading, hash)?.header;
    return header ? [header] : [];
  });
  const newest = headers.toSorted((a, b) => (a.stamp < b.stamp ? 1 : -1))[0];
  const { operations, subject, kind, id, fields } = row;
  return {
    id,
    short: await shortIdOf(reading, member, id),
    kind,
    by: newest?.member === undefined ? null : reading.membership.person(newest.member),
    at: newest ? stampIso(newest.stamp) : new Date(0).toISOString(),
    subject,
    ...(place === undefined ? {} : { place }),
    operations: [...operations],
    ...(fields ? { fields: [...fields] } : {}),
    text: firstLine(lineOf(reading, row, says)),
  };
}

function startOf(feed: Feed, cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const match = /^([A-Za-z0-9_-]+)\.(\d{1,11})$/.exec(cursor);
  if (!match || match[1] !== feed.epoch) throw unknownCursor();
  return Number(match[2]);
}

/** What needs the member, the oldest first, within a budget of tokens. Reading acknowledges nothing. */
export async function inbox(
  reading: Reading,
  feed: Feed,
  member: Hash,
  query: InboxQuery,
  evidence: Evidence,
): Promise<Inbox> {
  const budget = query.budget ?? defaultBudget;
  const limit = Math.min(query.limit ?? limits.pageDefault, limits.pageSize);
  const from = startOf(feed, query.cursor);
  const end = reading.database.get<CountersRow>(keys.meta('counters'))?.feed ?? 0;
  const rows = await openItems(reading.database, member, from, limit + 1);
  const open = openCount(reading, member);
  const proof = fitted(await proofOf(reading, feed, end, evidence), Math.floor(budget / 2));
  const answer = (items: InboxItem[], to: number, more: boolean): Inbox => ({
    items,
    ...(more ? { next: `${feed.epoch}.${to}` } : {}),
    receipt: receiptOf(reading, feed, member, { n: 0, from, to, counts: false }),
    open,
    proof: { ...proof, complete: !more, remaining: more ? Math.max(0, open - items.length) : 0 },
  });
  let left = budget - costOf(answer([], rows.at(-1)?.[0] ?? from, true));
  const items: InboxItem[] = [];
  let to = from;
  // More than the budget can hold is not looked at.
  const most = Math.min(limit, Math.ceil(budget / leastCost));
  const page = rows.slice(0, most);
  await reading.database.getMany(page.flatMap(([, { operations }]) => operations.map(keys.operation)));
  const shapes = await Promise.all(page.map(([, row]) => itemShape(reading, member, row)));
  for (const [i, item] of shapes.entries()) {
    const n = page[i]?.[0] ?? to;
    const cost = costOf(item);
    if (cost > left && items.length === 0)
      throw new CoterieError('invalid', `budget: the next item alone needs ${budget - left + cost} tokens`);
    if (cost > left) break;
    left -= cost;
    items.push(item);
    to = n;
  }
  const done = answer(items, to, items.length < rows.length);
  if (tokensOf(done) > budget)
    throw new CoterieError('invalid', `budget: without an item the answer needs ${tokensOf(done)} tokens`);
  return done;
}
