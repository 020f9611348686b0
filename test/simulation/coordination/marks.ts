import type { Hash, InboxItem } from '../../../schemas/index.ts';
import type { OperationRow } from '../../../src/replica/commit/rows.ts';
import type { Station } from '../station.ts';
import { coverOf, isForked, look } from './covering.ts';
import {
  type Call,
  callOf,
  isNews,
  knownAt,
  type Model,
  operationsAt,
  ownItem,
  type Read,
  readerOf,
} from './model.ts';
import { calls, inboxOf, still } from './reading.ts';

const short = (row: OperationRow, hash: Hash): string =>
  `${hash} (${row.header.type} ${row.header.log.slice(0, 14)} #${row.header.seq} of ${row.header.replica.slice(0, 6)})`;

interface Facts {
  readonly hash: Hash;
  readonly cover: 'vector' | 'single' | undefined;
  readonly pending: boolean;
  /** How it calls the member, where it counts and the member is known. */
  readonly call: Call | undefined;
  /** As what it is in the inbox, of what calls by name. */
  readonly told: readonly InboxItem['kind'][];
  readonly settled: boolean;
  /** Its number is another's too: what was read by number of one of them may be pending again. */
  readonly forked: boolean;
  readonly read: Read;
  /** What was acknowledged at this very station. */
  readonly here: ReadonlySet<string>;
}

/** What is wrong with something that is no news to the member. */
const ownIs = ({ pending }: Facts): string[] => (pending ? ['is pending, and nothing that others did'] : []);

/** Whether what was acknowledged must be known: at once where it was, and everywhere in the end. */
const mustKnow = ({ here, settled, read }: Facts, covered: string): boolean =>
  here.has(covered) || (settled && read.acknowledged.has(covered) && !read.unsure.has(covered));

/** What is wrong with something that another did. */
function otherIs(facts: Facts): string[] {
  const { hash, cover, pending, forked, read } = facts;
  const wrong: string[] = [];
  if ((cover !== undefined) === pending)
    wrong.push(cover ? `is covered (${cover}) and pending` : 'is neither covered nor pending');
  if (cover && !read.unsure.has(hash) && !read.acknowledged.has(hash))
    wrong.push(`is covered (${cover}) and was never acknowledged`);
  if (!cover && !forked && mustKnow(facts, hash)) wrong.push('was acknowledged and is pending');
  return wrong;
}

/** How often it may be in the inbox. */
function dueOf(facts: Facts): readonly number[] {
  const { hash, call, cover, forked, read } = facts;
  if (call === undefined) return [0];
  if (call === 'awaited') {
    // It is acknowledged by itself alone.
    if (mustKnow(facts, ownItem(hash))) return [0];
    return read.acknowledged.has(ownItem(hash)) ? [0, 1] : [1];
  }
  if (cover) return [0];
  return forked && (read.acknowledged.has(hash) || read.unsure.has(hash)) ? [0, 1] : [1];
}

/** Is what calls by name in the inbox once, as what it is, and no more once it was acknowledged? */
function calledWrongly(facts: Facts): string[] {
  const { call, told } = facts;
  const due = dueOf(facts);
  const kind = call === 'direct' ? 'direct' : 'mention';
  return due.includes(told.length) && told.every((one) => one === kind)
    ? []
    : [`calls it (${call}), and is ${told.length} times in its inbox (${told}) and not ${due.join(' or ')}`];
}

/** What is open in an inbox of what calls by name, by operation. */
function toldIn(inbox: readonly InboxItem[]): Map<Hash, InboxItem['kind'][]> {
  const told = new Map<Hash, InboxItem['kind'][]>();
  for (const { kind, operations } of inbox)
    if (kind === 'mention' || kind === 'direct')
      for (const hash of operations) told.set(hash, [...(told.get(hash) ?? []), kind]);
  return told;
}

/**
 * What a member has pending at a station, what its mark covers, and what is in its inbox, beside what it is known to have
 * acknowledged. Returns what is wrong. `settled`: everything is everywhere, marks too.
 */
export async function misread(
  station: Station,
  handle: string,
  model: Model,
  settled: boolean,
): Promise<string[]> {
  const verbs = station.replica.as(handle);
  const { id: member } = verbs.member;
  const wrong: string[] = [];
  const [looked, pending, inbox] = await still(station, verbs, () => look(station, member));
  const open = new Set(pending);
  // By what is on disk: who is being made counts in memory before its items do.
  const isKnown = [...looked.operations.values()].some(
    ({ header, state }) =>
      state === undefined && header.type === 'member.create' && header.data['handle'] === handle,
  );
  const told = toldIn(inbox);
  const read = readerOf(model, handle);
  for (const [hash, row] of looked.operations) {
    const call = callOf(row, verbs.member);
    const facts: Facts = {
      hash,
      cover: coverOf(looked, hash, row),
      pending: open.has(hash),
      call: isNews(row) && (call !== 'awaited' || isKnown) ? call : undefined,
      told: told.get(hash) ?? [],
      settled,
      forked: isForked(looked, row),
      read,
      here: knownAt(read, station.name),
    };
    const wrongly = !isNews(row) || row.header.member === member ? ownIs(facts) : otherIs(facts);
    wrong.push(...[...wrongly, ...calledWrongly(facts)].map((line) => `${short(row, hash)} ${line}`));
  }
  for (const hash of open) if (!looked.operations.has(hash)) wrong.push(`${hash} is pending and not here`);
  const ids = inbox.map(({ id }) => id);
  if (new Set(ids).size !== ids.length) wrong.push('an inbox item is listed twice');
  return wrong.map((line) => `${handle} at ${station.name}: ${line}`);
}

/** A direct conversation is listed by those who are in it, from its first message on, and by nobody else. */
export async function mislisted(station: Station, model: Model): Promise<string[]> {
  const rows = await operationsAt(station);
  const wrong: string[] = [];
  for (const [handle, member] of model.ids) {
    const due = new Set<string>();
    for (const { header, state } of rows.values()) {
      if (state !== undefined || header.type !== 'message.create') continue;
      const { to } = header.data as { to?: readonly string[] };
      if (to && [header.member, ...to].includes(member)) due.add(header.log.slice('direct.'.length));
    }
    const { items } = await station.replica.as(handle).channels.list({ direct: true, limit: 100 });
    const listed = items.map(({ id }) => id);
    if ([...due].sort().join() !== listed.sort().join())
      wrong.push(`${handle} at ${station.name}: lists ${listed} and is in ${[...due]}`);
  }
  return wrong;
}

/**
 * Items that follow from states alone: the same at every station. Beyond a fork, what was read by its number where the
 * other was not known is pending again everywhere, and an item only where it was not closed by that number before.
 */
export async function derived(station: Station, handle: string): Promise<string> {
  const verbs = station.replica.as(handle);
  const items = await inboxOf(verbs);
  const looked = await look(station, verbs.member.id);
  const isSplit = (hash: Hash): boolean => {
    const row = looked.operations.get(hash);
    return row !== undefined && isForked(looked, row);
  };
  return items
    .filter(
      ({ kind, operations }) => kind !== 'counted' && !(calls.includes(kind) && operations.some(isSplit)),
    )
    .map(({ id, kind, subject }) => `${kind} ${subject} ${id}`)
    .sort()
    .join('\n');
}

/** What is there is history to a member, or was read by it where nobody knows: either is right. */
export async function forgive(station: Station, handle: string, model: Model): Promise<void> {
  const { unsure } = readerOf(model, handle);
  for (const hash of (await operationsAt(station)).keys()) unsure.add(hash);
}
