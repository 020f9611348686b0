import type { CatchUp, Hash, InboxItem } from '../../../schemas/index.ts';
import type { Surface } from '../../../src/replica/surface.ts';
import type { Station } from '../station.ts';
import { beyondIn, look } from './covering.ts';
import { acknowledged, callOf, operationsAt, ownItem, pick, type Shown, type Turn } from './model.ts';

/** What is acknowledged with its operation. */
export const calls: readonly InboxItem['kind'][] = [
  'direct',
  'mention',
  'group',
  'assigned',
  'reply',
  'followed',
];
const most = { budget: 200_000, limit: 1000 };

/** What inbox items stand for. */
interface Standing {
  /** The operations that an item stands for, if it is acknowledged with them. */
  calledBy(item: InboxItem): readonly Hash[];
  /** Those for whose handle nobody was there: an item by itself. */
  awaitedBy(item: InboxItem): readonly Hash[];
}

async function standing({ station, verbs }: Pick<Turn, 'station' | 'verbs'>): Promise<Standing> {
  const rows = await operationsAt(station);
  const awaits = (hash: Hash): boolean => {
    const row = rows.get(hash);
    return row !== undefined && callOf(row, verbs.member) === 'awaited';
  };
  return {
    calledBy: ({ kind, operations }) =>
      calls.includes(kind) ? operations.filter((hash) => kind !== 'mention' || !awaits(hash)) : [],
    awaitedBy: ({ kind, operations }) => (kind === 'mention' ? operations.filter(awaits) : []),
  };
}

/** An answer, with what was pending and open in the inbox at that time: asked again when something came in between. */
export async function still<T>(
  station: Station,
  verbs: Surface,
  ask: () => Promise<T>,
): Promise<[answer: T, pending: Hash[], inbox: InboxItem[]]> {
  for (let tries = 0; tries < 100; tries++) {
    const [pending, inbox] = [await pendingOf(station, verbs), await inboxOf(verbs)];
    const answer = await ask();
    const [after, open] = [await pendingOf(station, verbs), await inboxOf(verbs)];
    const same =
      after.join() === pending.join() && open.map(({ id }) => id).join() === inbox.map(({ id }) => id).join();
    if (same) return [answer, pending, inbox];
  }
  throw new Error('what is pending changes all the time');
}

/** Everything that is pending, as the widest answer shows it. */
export async function pendingOf(station: Station, verbs: Surface): Promise<Hash[]> {
  const answer = await verbs.catchUp(most);
  const shown = answer.items.flatMap((item) => (item.kind === 'operation' ? [item.event.operation] : []));
  for (const item of answer.items) {
    if (item.kind !== 'range') continue;
    // What others say to each other is counted, and not quoted (MSG-10): which it is only the mark says.
    if (!item.log.startsWith('direct.') || item.headlines.length > 0)
      throw new Error(`the widest catch-up counts ${item.log}: ${item.headlines}`);
    const { id } = verbs.member;
    const between = beyondIn(await look(station, id), item.log, id).filter((hash) => !shown.includes(hash));
    if (between.length !== item.count)
      throw new Error(`catch-up counts ${item.count} in ${item.log}, where ${between.length} are pending`);
    shown.push(...between);
  }
  if (answer.left > 0) throw new Error(`the widest catch-up does not show all of ${answer.pending}`);
  if (new Set(shown).size !== shown.length) throw new Error('catch-up shows an operation twice');
  if (shown.length !== answer.pending)
    throw new Error(`catch-up says that ${answer.pending} are pending and shows ${shown.length}`);
  return shown;
}

/** Every open item, page by page. */
export async function inboxOf(verbs: Surface): Promise<InboxItem[]> {
  const items: InboxItem[] = [];
  let cursor: string | undefined;
  do {
    const page = await verbs.inbox({ budget: 200_000, limit: 1000, ...(cursor ? { cursor } : {}) });
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  return items;
}

/** What the receipt of an answer covers, by what was pending and needed the member when it was given. */
function coverOf(
  answer: CatchUp,
  pending: readonly Hash[],
  inbox: readonly InboxItem[],
  { calledBy }: Standing,
): readonly Hash[] {
  const shown = answer.items.flatMap((item) => (item.kind === 'operation' ? [item.event.operation] : []));
  const needed = new Set(inbox.flatMap(calledBy));
  const counted = answer.items.reduce((sum, item) => sum + (item.kind === 'range' ? item.count : 0), 0);
  const left = pending.length - shown.length - counted;
  if (answer.pending !== pending.length || answer.left !== left)
    throw new Error(
      `catch-up: ${pending.length} pending, ${shown.length} shown, ${counted} counted, it says ${answer.pending} and ${answer.left} left`,
    );
  if (counted === 0) return shown;
  const rest = pending.filter((hash) => !needed.has(hash));
  const covered = new Set([...shown, ...rest]);
  if (covered.size !== shown.length + counted)
    throw new Error(
      `catch-up shows ${shown.length} and counts ${counted} of ${pending.length}, of which ${rest.length} need nobody: ${inbox.filter((item) => calledBy(item).some((one) => pending.includes(one) && !shown.includes(one))).map(({ kind, id, text }) => `${kind} ${id} ${text}`)}`,
    );
  return [...covered];
}

/** Whether an answer shows an item that is acknowledged by itself: on a line of its own, or with its operation's. */
const showsItem = ({ items }: CatchUp, { id, kind, operations }: InboxItem): boolean =>
  items.some((line) =>
    line.kind === 'item'
      ? line.item.id === id
      : line.kind === 'operation' && line.because === kind && operations.includes(line.event.operation),
  );

/** Reads what there is, within some budget. Nothing of it is acknowledged. */
async function read(turn: Turn): Promise<Shown> {
  const { station, handle, verbs, draw, tally } = turn;
  const queries = [most, { limit: 1 }, { limit: 1 + draw(4) }, { budget: 900 + draw(900) }, { budget: 700 }];
  const query = queries[draw(queries.length)];
  const [answer, pending, inbox] = await still(station, verbs, () => verbs.catchUp(query));
  const stands = await standing(turn);
  const operations = coverOf(answer, pending, inbox, stands);
  tally.catchUps++;
  if (answer.left > 0) tally.cut++;
  if (answer.items.some(({ kind }) => kind === 'range')) tally.counted++;
  const items = inbox.filter((item) => showsItem(answer, item)).flatMap(stands.awaitedBy);
  const covers = [...operations, ...items.map(ownItem)];
  return { station: station.name, handle, receipt: answer.receipt, covers };
}

async function readInbox(turn: Turn): Promise<Shown> {
  const { station, handle, verbs, draw } = turn;
  const { items, receipt } = await verbs.inbox({ limit: 1 + draw(3) });
  return { station: station.name, handle, receipt, covers: await coveredBy(turn, items) };
}

async function coveredBy(turn: Turn, items: readonly InboxItem[]): Promise<string[]> {
  const { calledBy, awaitedBy } = await standing(turn);
  return [...items.flatMap(calledBy), ...items.flatMap(awaitedBy).map(ownItem)];
}

/** What a member reads, and what it acknowledges of that: at once, much later, singly, or never. */
export const readings: readonly ((turn: Turn) => Promise<void>)[] = [
  async (turn) => void turn.model.receipts.push(await read(turn)),
  async (turn) => void turn.model.receipts.push(await readInbox(turn)),
  async (turn) => {
    await turn.verbs.inbox({ limit: 2 });
    await read(turn);
  },
  acknowledgeOld,
  acknowledgeOld,
  async (turn) => {
    const shown = await read(turn);
    await turn.verbs.acknowledge({ receipt: shown.receipt });
    acknowledged(turn.model, shown);
  },
  async (turn) => {
    const shown = await readInbox(turn);
    await turn.verbs.acknowledge({ receipt: shown.receipt });
    acknowledged(turn.model, shown);
  },
  async ({ station, handle, verbs, draw, model }) => {
    const pending = await pendingOf(station, verbs);
    const some = pending.filter(() => draw(4) === 0);
    if (some.length === 0) return;
    await verbs.acknowledge({ operations: some });
    acknowledged(model, { station: station.name, handle, covers: some });
  },
  async (turn) => {
    const { station, handle, verbs, draw, model } = turn;
    const item = pick(draw, await inboxOf(verbs));
    if (!item) return;
    const covers = await coveredBy(turn, [item]);
    await verbs.acknowledge({ items: [item.short] });
    acknowledged(model, { station: station.name, handle, covers });
  },
];

/** A receipt of some time ago: what arrived since is not covered by it. */
async function acknowledgeOld({ station, handle, verbs, draw, model, tally }: Turn): Promise<void> {
  const mine = model.receipts.filter((one) => one.station === station.name && one.handle === handle);
  const one = pick(draw, mine);
  if (!one) return;
  await verbs.acknowledge({ receipt: one.receipt });
  acknowledged(model, one);
  tally.receipts++;
}
