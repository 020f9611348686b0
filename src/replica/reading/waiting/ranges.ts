import type { CatchUpItem, Event, Hash } from '../../../../schemas/index.ts';
import type { Mark } from '../../../fold/index.ts';
import { keys } from '../../commit/rows.ts';
import { stateOf } from '../../ledger/state.ts';
import { channelOfLog, isOfOthers } from '../../views/conversation.ts';
import { operation, type Reading, stampIso, textOf } from '../context.ts';
import { nameOfChannel } from '../names.ts';
import { firstLine } from './inbox.ts';
import { type ChainHead, vectorOf } from './pending.ts';
import { costOf } from './proof.ts';

interface Range {
  readonly count: number;
  readonly from: string;
  readonly to: string;
}

/** What others did and no line shows singly, a log at a time, most first. */
export function remaining(
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

/** What others said to each other directly, out of what would be shown singly: a line a conversation. */
export async function betweenOthers(
  reading: Reading,
  member: Hash,
  events: readonly Event[],
): Promise<{ readonly rest: readonly Event[]; readonly lines: readonly CatchUpItem[] }> {
  const apart = new Map<string, Range>();
  const rest: Event[] = [];
  for (const event of events) {
    if (!isOfOthers(reading.database, member, event.log)) rest.push(event);
    else apart.set(event.log, added(apart.get(event.log), { count: 1, from: event.at, to: event.at }));
  }
  const lines: CatchUpItem[] = [];
  for (const [log, range] of apart) lines.push(await rangeItem(reading, member, log, range));
  return { rest, lines };
}

/** A line a log; the last line takes together what the budget can't name. Undefined where not even that fits. */
export async function ranges(
  reading: Reading,
  member: Hash,
  logs: readonly [log: string, range: Range][],
  budget: number,
): Promise<CatchUpItem[] | undefined> {
  const items: CatchUpItem[] = [];
  let left = budget;
  for (const [i, [log, range]] of logs.entries()) {
    const full = await rangeItem(reading, member, log, range);
    const isLast = i === logs.length - 1;
    const rest = together(logs.slice(i));
    const room = left - (isLast ? 0 : costOf(rest));
    const item = [full, { ...full, headlines: [] }].find((one) => costOf(one) <= room) ?? rest;
    if (costOf(item) > left) return undefined;
    items.push(item);
    if (item === rest) break;
    left -= costOf(item);
  }
  return items;
}

/** A line for all of a log. What others say to each other directly is counted, and not quoted. */
async function rangeItem(
  reading: Reading,
  member: Hash,
  log: string,
  range: Range,
): Promise<CatchUpItem & { kind: 'range' }> {
  const channel = channelOfLog(log);
  const state = channel === undefined ? undefined : stateOf(reading, reading.database, channel);
  const name = state?.kind === 'channel' ? nameOfChannel(reading, state) : log;
  const quoted = channel !== undefined && !isOfOthers(reading.database, member, log);
  return {
    kind: 'range',
    log,
    ...(channel ? { channel } : {}),
    name,
    ...range,
    headlines: quoted ? await headlines(reading, channel) : [],
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
