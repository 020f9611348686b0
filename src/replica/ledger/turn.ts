import type { Hash, OperationState } from '../../../schemas/index.ts';
import { markOf, mergeMarks } from '../../fold/index.ts';
import { hashOf } from '../../op/index.ts';
import type { Work } from '../commit/commits.ts';
import { type CountersRow, type FeedRow, keys, type MarkRow, type OperationRow } from '../commit/rows.ts';
import type { Draft } from '../commit/transaction.ts';
import type { Arriving, ViewContext } from '../views/context.ts';
import { createNeeding, settleItems } from '../views/inbox.ts';
import { callByEdit, forgetEdit } from '../views/mentions.ts';
import { assign } from '../views/tasks.ts';
import { isArrival, recount, type Standing } from './chain.ts';
import { waitNames } from './judging.ts';
import { type AbsorbContext, counters, stateOf } from './state.ts';
import { moved, movesTo } from './subjects/marks.ts';
import { aliasKey, repeatsOf } from './subjects/repeats.ts';

/** One operation taken in, and everything that changes because of it. */
export interface Turn extends ViewContext {
  readonly context: AbsorbContext;
  readonly work: Work;
  /** Because of which all of this happens. */
  readonly cause: Arriving;
  /** News of which it is open again whether it was read. */
  reopen(operations: readonly Hash[]): void;
  /** An operation is from now on in this state; `was` is undefined for one that had none. */
  settle(
    op: Arriving,
    row: OperationRow,
    next: OperationState,
    was: OperationState | undefined,
  ): Promise<void>;
  /** Writes the news of the turn: the operation itself first, then what it revised. */
  finish(): void;
}

const counted: OperationState = { state: 'counted' };

/** The state that a row says. */
export const stateIn = (row: OperationRow): OperationState => row.state ?? counted;

export const standingOf = (op: Arriving, state: OperationState): Standing =>
  state.state === 'waiting' ? 'waits' : state.state === 'counted' && isArrival(op.header) ? 'news' : 'quiet';

/** True for an operation that has a number in its replica's chain: its signature holds. */
export const isChained = (row: OperationRow): boolean => !row.unchecked && row.flaw?.reason !== 'signature';

function setCounters(draft: Draft, change: Partial<CountersRow>): void {
  draft.put(keys.meta('counters'), { ...counters(draft), ...change });
}

/** A row with changes. One that is not signed yet is filled in place when it is, so it must stay the same object. */
export async function changeRow(
  work: Work,
  hash: Hash,
  change: Partial<OperationRow>,
): Promise<OperationRow | undefined> {
  const { draft } = work;
  const key = keys.operation(hash);
  let row = draft.get<OperationRow>(key);
  if (row?.sig === '' && !draft.rows.has(key)) {
    await work.settled();
    row = draft.get<OperationRow>(key);
  }
  if (!row) return undefined;
  const before = movesTo(row);
  const next = row.sig === '' ? Object.assign(row, change) : { ...row, ...change };
  draft.put(key, next);
  await moved(draft, next.header, before, movesTo(next));
  return next;
}

const isOne = (name: string): boolean => name.startsWith('op.');

/** Files an operation under what it waits for, or takes it off. */
function awaits(draft: Draft, name: string, hash: Hash, on: boolean): void {
  if (!isOne(name)) {
    if (on) draft.put(keys.waitingFor(name, hash), 0);
    else draft.remove(keys.waitingFor(name, hash));
    return;
  }
  const key = keys.waitingOn(name);
  const others = (draft.get<readonly Hash[]>(key) ?? []).filter((other) => other !== hash);
  if (on) draft.put(key, [...others, hash]);
  else if (others.length > 0) draft.put(key, others);
  else draft.remove(key);
}

/** Operations that wait under a name. */
export async function waitersOf(draft: Pick<Draft, 'get' | 'under'>, name: string): Promise<readonly Hash[]> {
  if (isOne(name)) return draft.get<readonly Hash[]>(keys.waitingOn(name)) ?? [];
  const rows = await draft.under<number>(`v/waitingfor/${name}/`);
  return rows.map(([key]) => key.slice(key.lastIndexOf('/') + 1));
}

/** What a member read on another replica is read here as well. */
async function mergeMark(draft: Draft, { header }: Arriving): Promise<void> {
  const key = keys.mark(header.subject);
  const row = draft.get<MarkRow>(key);
  const said = markOf(header.data);
  const mark = row ? mergeMarks(row.mark, said) : said;
  draft.put(key, {
    mark,
    written: row ? mergeMarks(row.written, said) : said,
    low: row?.low ?? 0,
  } satisfies MarkRow);
  await settleItems(draft, header.subject, row?.mark, mark);
}

export function beginTurn(context: AbsorbContext, work: Work, cause: Arriving): Turn {
  const { draft } = work;
  const revised = new Map<string, { subject: Hash; log: string }>();
  const hash = (value: unknown): Hash => hashOf(context.crypto, value);
  const needing = createNeeding({
    draft,
    cause,
    hash,
    repeats: (op) => repeatsOf(context, draft, op),
    isAlias: (one) => draft.get(aliasKey(one)) !== undefined,
  });

  /** Leaves the lists of its state, and comes into those of the next. */
  function file(op: Arriving, state: OperationState | undefined, by: 1 | -1): void {
    const { hash } = op;
    if (state === undefined || state.state === 'counted') return;
    const { waiting, rejected } = counters(draft);
    if (state.state === 'rejected') {
      if (by === 1) draft.put(keys.rejected(hash), state.reason);
      else draft.remove(keys.rejected(hash));
      setCounters(draft, { rejected: rejected + by });
      return;
    }
    setCounters(draft, { waiting: waiting + by });
    if (by === 1) draft.put(keys.waiting(hash), 0);
    else draft.remove(keys.waiting(hash));
    for (const name of waitNames(state.for, op)) {
      awaits(draft, name, hash, by === 1);
      if (by === 1) context.awaited.add(name);
    }
  }

  async function settleMark(op: Arriving, next: OperationState): Promise<void> {
    if (next.state === 'counted') await mergeMark(draft, op);
    work.onDurable(() => context.moved.add(op.header.log));
  }

  /** Who was granted a task is told when a forced move of the arbiter takes the grant back. */
  function settleGrant({ hash, header }: Arriving, next: OperationState): void {
    const { request } = header.data;
    const asked = typeof request === 'string' ? draft.get<OperationRow>(keys.operation(request)) : undefined;
    const member = asked?.header.member;
    const isCut = next.state === 'rejected' && next.reason === 'frontier';
    const about = { operations: [hash], subject: header.subject, log: header.log };
    needing.follows(
      `grant/${hash}`,
      isCut && member !== undefined ? [{ kind: 'lost', members: [member], ...about }] : [],
    );
  }

  /** Whom an operation needs because of what becomes of it. */
  function settleNeeds(
    op: Arriving,
    row: OperationRow,
    next: OperationState,
    was: OperationState | undefined,
  ): void {
    const { member, type, log, subject } = op.header;
    if (next.state === 'counted') {
      assign(turn, op);
      callByEdit(turn, op);
    } else if (was?.state === 'counted') {
      needing.unneed(op.hash);
      forgetEdit(turn, op);
    }
    if (
      next.state === 'counted' &&
      was?.state === 'rejected' &&
      row.feed === undefined &&
      isArrival(op.header)
    )
      needing.late(op, context.membership.state.members.keys());
    const isRejected = next.state === 'rejected';
    if (type === 'claim.grant') settleGrant(op, next);
    if (member === undefined || type === 'join' || (!isRejected && was?.state !== 'rejected')) return;
    // Anyone can write anyone's name: what nobody vouched for who speaks for the member is not the member's doing.
    const speaks =
      isChained(row) &&
      context.membership.state.members.get(member)?.hosts.some(({ value }) => value === op.header.replica);
    const about = { members: [member], operations: [op.hash], subject: subject || op.hash, log };
    needing.follows(`rejected/${op.hash}`, isRejected && speaks ? [{ kind: 'rejected', ...about }] : []);
  }

  const turn: Turn = {
    context,
    work,
    cause,
    draft,
    state: (id) => stateOf(context, draft, id),
    hash,
    need: needing.need,
    calls: needing.calls,
    madeAs: context.membership.madeAs,
    inGroup: (id, { members }) => {
      const group = members && context.membership.at(members).groups.get(id);
      return group && Object.keys(group.members);
    },
    unneed: needing.unneed,
    reopen: needing.reopen,
    follows: needing.follows,
    held: (task) => work.onDurable(() => context.onHeld(task)),
    revised: (subject, log) => revised.set(subject, { subject, log }),
    count(name, by) {
      setCounters(draft, { [name]: counters(draft)[name] + by });
    },
    async settle(op, row, next, was) {
      const { hash } = op;
      if (was !== undefined) file(op, was, -1);
      file(op, next, 1);
      if (op.header.type === 'mark.set') await settleMark(op, next);
      else settleNeeds(op, row, next, was);
      const change: { state: OperationState | undefined; feed?: number } = {
        state: next.state === 'counted' ? undefined : next,
      };
      if (next.state === 'counted' && row.feed === undefined) {
        const n = counters(draft).feed + 1;
        change.feed = n;
        draft.put(keys.feed(n), { hash } satisfies FeedRow);
        if (isArrival(op.header)) draft.put(keys.news(n), hash);
        setCounters(draft, { feed: n });
      } else if (was !== undefined && was.state !== next.state && row.feed !== undefined)
        turn.revised(op.header.subject === '' ? hash : op.header.subject, op.header.log);
      await changeRow(work, hash, change);
      if (was !== undefined && isChained(row))
        await recount(draft, op, standingOf(op, was), standingOf(op, next));
    },
    finish() {
      needing.finish();
      if (revised.size === 0) return;
      let { feed } = counters(draft);
      for (const { subject, log } of revised.values())
        draft.put(keys.feed(++feed), { revised: subject, cause: cause.hash, log } satisfies FeedRow);
      setCounters(draft, { feed });
    },
  };
  return turn;
}
