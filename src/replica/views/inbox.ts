import type { Hash, Header } from '../../../schemas/index.ts';
import { covers, coversForked, coversItem, type Mark } from '../../fold/index.ts';
import type { OperationRow } from '../commit/rows.ts';
import {
  type Because,
  type CountersRow,
  type HeadRow,
  type ItemRow,
  keys,
  type MarkRow,
} from '../commit/rows.ts';
import type { Draft } from '../commit/transaction.ts';
import type { Arriving, Consequence, ViewContext } from './context.ts';

/** What an item is named by: the same causes give the same item on every replica. */
export const itemId = (hash: (value: unknown) => Hash, kind: Because, operations: readonly Hash[]): Hash =>
  hash(['inbox', kind, ...[...operations].sort()]);

/** Whose items an operation is, or a state: member and item. */
type Told = readonly (readonly [member: Hash, id: Hash])[];

/** Of one operation and member the first of these. */
const calls = ['direct', 'mention', 'group', 'assigned', 'reply', 'followed'] as const;

interface Call {
  readonly kind: (typeof calls)[number] | 'counted';
  readonly op: Arriving;
}

/** Beyond a fork two operations have one number: there only what was acknowledged by its hash is covered. */
export function isCovered(
  reader: Pick<Draft, 'get'>,
  mark: Mark | undefined,
  hash: Hash,
  { log, replica, seq }: Header,
): boolean {
  if (mark === undefined) return false;
  if (coversForked(mark, hash)) return true;
  return seq <= trunkOf(reader, log, replica) && covers(mark, log, replica, seq);
}

/** The last number of a chain before it forks. */
const trunkOf = (reader: Pick<Draft, 'get'>, log: string, replica: Hash): number =>
  reader.get<HeadRow>(keys.head(log, replica))?.trunk ?? Number.MAX_SAFE_INTEGER;

/** Takes an item off the list of open ones. */
export function closeItem(draft: Draft, member: Hash, id: Hash): void {
  const n = draft.get<number>(keys.item(member, id));
  const row = n === undefined ? undefined : draft.get<ItemRow>(keys.inbox(member, n));
  if (n === undefined || !row) return;
  draft.remove(keys.item(member, id));
  draft.remove(keys.inbox(member, n));
  const [hash = ''] = row.operations;
  const header = row.call && draft.get<OperationRow>(keys.operation(hash))?.header;
  if (header) draft.remove(keys.call(member, header.log, header.replica, header.seq, id));
  draft.put(keys.items(member), (draft.get<number>(keys.items(member)) ?? 1) - 1);
}

function openItem(draft: Draft, member: Hash, row: ItemRow): void {
  const counters = draft.get<CountersRow>(keys.meta('counters'));
  if (!counters) throw new Error('a workspace without counters');
  const n = (counters.items ?? 0) + 1;
  draft.put(keys.meta('counters'), { ...counters, items: n } satisfies CountersRow);
  draft.put(keys.inbox(member, n), row);
  draft.put(keys.item(member, row.id), n);
  const [hash = ''] = row.operations;
  const header = row.call && draft.get<OperationRow>(keys.operation(hash))?.header;
  if (header) draft.put(keys.call(member, header.log, header.replica, header.seq, row.id), n);
  draft.put(keys.items(member), (draft.get<number>(keys.items(member)) ?? 0) + 1);
}

/** The row of an item that an operation calls a member by. */
const rowOf = ({ hash, header: { log, subject } }: Arriving, id: Hash, kind: Because): ItemRow => ({
  id,
  kind,
  operations: [hash],
  subject: subject === '' ? hash : subject,
  log,
  call: true,
});

/** What one turn does to inboxes. It is gathered, and written at its end: then it is known what counts. */
export interface Needing extends Pick<ViewContext, 'need' | 'calls' | 'unneed' | 'follows'> {
  /** An operation counts only now, and was absorbed by marks as one that does not: it is told of by an item of its own. */
  late(op: Arriving, members: Iterable<Hash>): void;
  /** Whether these were read is open again: those that call a member who did not acknowledge them come up anew. */
  reopen(operations: Iterable<Hash>): void;
  finish(): void;
}

export interface NeedingContext {
  readonly draft: Draft;
  readonly cause: Arriving;
  readonly hash: (value: unknown) => Hash;
  /** Operations that stand for the same thing under one idempotency key, if this one has one. */
  readonly repeats: (op: Arriving) => readonly Hash[];
  readonly isAlias: (hash: Hash) => boolean;
}

export function createNeeding({ draft, cause, hash, repeats, isAlias }: NeedingContext): Needing {
  const called = new Map<Hash, Map<Hash, Call>>();
  /** Operations of which all are known whom they call now. */
  const whole = new Map<Hash, Arriving>();
  const gone = new Set<Hash>();
  const lateOps = new Set<Hash>();
  const unread = new Set<Hash>();
  const scopes = new Map<string, readonly Consequence[]>();

  const markOf = (member: Hash): Mark | undefined => draft.get<MarkRow>(keys.mark(member))?.mark;

  function call(member: Hash, { kind, op }: Call): void {
    const known = called.get(op.hash) ?? new Map<Hash, Call>();
    called.set(op.hash, known);
    const before = known.get(member);
    const rank = (one: Call['kind']) => (one === 'counted' ? calls.length : calls.indexOf(one));
    if (!before || rank(kind) < rank(before.kind)) known.set(member, { kind, op });
  }

  /** True when it, or what it repeats or is repeated by, was acknowledged. */
  function isDone(member: Hash, op: Arriving): boolean {
    const mark = markOf(member);
    if (!mark) return false;
    if (isCovered(draft, mark, op.hash, op.header)) return true;
    return repeats(op).some((other) => {
      const row = draft.get<OperationRow>(keys.operation(other));
      return row !== undefined && isCovered(draft, mark, other, row.header);
    });
  }

  /** Takes off those that an operation calls no more, or otherwise. Returns the others. */
  function kept(op: Arriving, members: ReadonlyMap<Hash, Call>, before: Told): Told {
    if (!whole.has(op.hash)) return before;
    const late = itemId(hash, 'counted', [op.hash]);
    return before.filter(([member, id]) => {
      const now = members.get(member);
      if (now ? itemId(hash, now.kind, [op.hash]) === id : id === late) return true;
      closeItem(draft, member, id);
      return false;
    });
  }

  function placeCalls(op: Arriving, members: ReadonlyMap<Hash, Call>): void {
    const before = draft.get<Told>(keys.called(op.hash)) ?? [];
    const told = [...kept(op, members, before)];
    const had = told.length;
    for (const [member, { kind }] of members) {
      if (told.some(([one]) => one === member)) continue;
      const id = itemId(hash, kind, [op.hash]);
      told.push([member, id]);
      const isLate = lateOps.has(op.hash) && isCovered(draft, markOf(member), op.hash, op.header);
      const mark = markOf(member);
      if (isLate ? mark && coversItem(mark, id) : isDone(member, op)) continue;
      const { call: _, ...late } = rowOf(op, id, kind);
      openItem(draft, member, isLate ? late : { ...late, call: true });
    }
    if (told.length > had || had < before.length) draft.put(keys.called(op.hash), told);
  }

  /** Opens again what it called members by, where they have not acknowledged it. */
  function reopen(op: Arriving): void {
    for (const [member, id] of draft.get<Told>(keys.called(op.hash)) ?? []) {
      const mark = markOf(member);
      const kind = calls.find((one) => itemId(hash, one, [op.hash]) === id);
      if (kind === undefined || draft.get(keys.item(member, id)) !== undefined) continue;
      if ((mark && coversItem(mark, id)) || isDone(member, op)) continue;
      openItem(draft, member, rowOf(op, id, kind));
    }
  }

  function placeConsequences(scope: string, consequences: readonly Consequence[]): void {
    const before = draft.get<Told>(keys.told(scope)) ?? [];
    const told = new Map<string, readonly [Hash, Hash]>();
    const open = new Set(before.map(([member, id]) => `${member} ${id}`));
    for (const { members, kind, operations, ...rest } of consequences) {
      const row = { id: itemId(hash, kind, operations), kind, operations: [...operations].sort(), ...rest };
      for (const member of new Set(members)) {
        const name = `${member} ${row.id}`;
        told.set(name, [member, row.id]);
        const mark = markOf(member);
        if (!open.delete(name) && !(mark && coversItem(mark, row.id))) openItem(draft, member, row);
      }
    }
    for (const [member, id] of before) if (open.has(`${member} ${id}`)) closeItem(draft, member, id);
    if (told.size > 0) draft.put(keys.told(scope), [...told.values()]);
    else if (before.length > 0) draft.remove(keys.told(scope));
  }

  const need: Needing['need'] = (member, because, op = cause) => {
    if (op.header.imported !== undefined || member === op.header.member || member === 'here') return;
    call(member, { kind: because, op });
  };

  return {
    need,
    calls(op, members) {
      whole.set(op.hash, op);
      for (const [member, because] of members) need(member, because, op);
    },
    unneed: (one) => gone.add(one),
    follows: (scope, consequences) => scopes.set(scope, consequences),
    late(op, members) {
      lateOps.add(op.hash);
      for (const member of members)
        if (member !== op.header.member && isCovered(draft, markOf(member), op.hash, op.header))
          call(member, { kind: 'counted', op });
    },
    reopen(operations) {
      for (const one of operations) unread.add(one);
    },
    finish() {
      for (const one of unread) {
        const row = draft.get<OperationRow>(keys.operation(one));
        if (row && row.state === undefined && !isAlias(one)) reopen({ hash: one, header: row.header });
      }
      for (const one of gone) {
        for (const [member, id] of draft.get<Told>(keys.called(one)) ?? []) closeItem(draft, member, id);
        if (draft.get(keys.called(one)) !== undefined) draft.remove(keys.called(one));
      }
      for (const one of new Set([...called.keys(), ...whole.keys()])) {
        const members = called.get(one) ?? new Map<Hash, Call>();
        const [first] = members.values();
        const op = first?.op ?? whole.get(one);
        const row = draft.get<OperationRow>(keys.operation(one));
        if (op && row && row.state === undefined && !isAlias(one)) placeCalls(op, members);
      }
      for (const [scope, consequences] of scopes) placeConsequences(scope, consequences);
    },
  };
}

/** Items whose operations a mark covers and did not cover before, and those that it names, are open no more. */
export async function settleItems(
  draft: Draft,
  member: Hash,
  before: Mark | undefined,
  after: Mark,
): Promise<void> {
  if ((draft.get<number>(keys.items(member)) ?? 0) === 0) return;
  for (const id of after.items ?? []) if (!before || !coversItem(before, id)) closeItem(draft, member, id);
  for (const hash of after.forked)
    if (!before?.forked.includes(hash))
      for (const [one, id] of draft.get<Told>(keys.called(hash)) ?? [])
        if (one === member) closeItem(draft, member, id);
  for (const [log, replica, from, to] of newlyCovered(before, after))
    for (const [key] of await draft.list<number>({
      gte: keys.call(member, log, replica, from, ''),
      lt: keys.call(member, log, replica, Math.min(to, trunkOf(draft, log, replica)) + 1, ''),
    }))
      closeItem(draft, member, key.slice(key.lastIndexOf('/') + 1));
}

/** Stretches of chains that may hold what was not covered before. */
function* newlyCovered(
  before: Mark | undefined,
  after: Mark,
): Generator<[log: string, replica: Hash, from: number, to: number]> {
  for (const [log, replicas] of Object.entries(after.vector))
    for (const [replica, seq] of Object.entries(replicas)) {
      const from = before?.vector[log]?.[replica] ?? 0;
      if (seq > from) yield [log, replica, from + 1, seq];
    }
  for (const [log, replicas] of Object.entries(after.acks))
    for (const [replica, runs] of Object.entries(replicas)) {
      const old = before?.acks[log]?.[replica] ?? [];
      for (const [from, to] of runs)
        if (!old.some((run) => run[0] <= from && to <= run[1])) yield [log, replica, from, to];
    }
}
