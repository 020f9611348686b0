import {
  CoterieError,
  type Hash,
  type OperationTypeName,
  type RejectedReason,
} from '../../../schemas/index.ts';
import { everything } from '../../fold/fold.ts';
import { extendSubject, foldOf, foldSubject, judge } from '../../fold/index.ts';
import type { AnyState, ChannelState, MemoryState, Op, TaskState, Verdict } from '../../fold/types.ts';
import { hashOf } from '../../op/index.ts';
import type { Work } from '../commit/commits.ts';
import { type FeedRow, keys, type OperationRow } from '../commit/rows.ts';
import { sure } from '../commit/transaction.ts';
import type { Arriving, Because, ViewContext } from '../views/context.ts';
import { addMessage, placeChannel, placeEarlyReplies } from '../views/conversation.ts';
import { placeLinks } from '../views/links.ts';
import { placeMemory } from '../views/memory.ts';
import { addComment, placeTask } from '../views/tasks.ts';
import { chain, isArrival } from './chain.ts';
import { strip } from './redaction.ts';
import { aliasKey, firstOfKey, repeatable } from './repeats.ts';
import { type AbsorbContext, counters, foldFor, stateOf } from './state.ts';

/**
 * Takes one operation, whose signature and shape are fine, into the views: judged by membership, folded into its
 * subject, listed, chained, entered in the feed. Returns the verdict; `refuse` makes a rejection an error instead,
 * for operations that are being made here.
 */
export async function absorb(
  context: AbsorbContext,
  work: Work,
  op: Arriving,
  row: OperationRow,
  refuse: boolean,
): Promise<Verdict> {
  const { draft } = work;
  const { hash, header } = op;
  const judged = judge({ hash, header }, context.membership.state, context.membership.isAtOrBefore);
  const folded: Op = { hash, header, role: judged.role };
  const feed = counters(draft).feed + 1;
  const revised: { subject: Hash; log: string }[] = [];
  const needs = new Map<Hash, Because>();

  const view: ViewContext = {
    draft,
    state: (id) => stateOf(context, draft, id),
    hash: (value) => hashOf(context.crypto, value),
    need(member, because) {
      if (header.imported === undefined && member !== header.member && !needs.has(member))
        needs.set(member, because);
    },
    revised: (subject, log) => revised.push({ subject, log }),
    count(name, by) {
      const row = counters(draft);
      draft.put(keys.meta('counters'), { ...row, [name]: row[name] + by });
    },
  };

  const verdict = await fold(context, view, work, op, folded, judged.verdict);
  if (verdict.state === 'rejected' && refuse) throw refusal(verdict);

  const counted = verdict.state === 'counted';
  const state = counted
    ? undefined
    : {
        state: 'rejected' as const,
        reason: verdict.reason,
        message: verdict.message,
        ...(verdict.legal ? { legal: verdict.legal } : {}),
      };
  draft.put(
    keys.operation(hash),
    Object.assign(row, {
      arrival: row.arrival ?? counters(draft).operations + 1,
      ...(counted ? { feed } : {}),
      ...(state ? { state } : {}),
    }),
  );
  if (header.subject !== '') draft.put(keys.on(header.subject, hash), 0);
  if (!counted) draft.put(keys.rejected(hash), verdict.reason);
  await chain(draft, op, counted);
  const before = counters(draft);
  let n = before.feed;
  if (counted) {
    draft.put(keys.feed(++n), { hash } satisfies FeedRow);
    if (isArrival(header)) draft.put(keys.news(n), hash);
    for (const [member, because] of needs) draft.put(keys.need(member, n), because);
  }
  for (const { subject, log } of revised)
    draft.put(keys.feed(++n), { revised: subject, cause: hash, log } satisfies FeedRow);
  draft.put(keys.meta('counters'), {
    ...before,
    feed: n,
    stamp: header.stamp > before.stamp ? header.stamp : before.stamp,
    operations: before.operations + 1,
    rejected: before.rejected + (counted ? 0 : 1),
  });
  return verdict;
}

async function fold(
  context: AbsorbContext,
  view: ViewContext,
  work: Work,
  op: Arriving,
  folded: Op,
  judged: Verdict | undefined,
): Promise<Verdict> {
  const { hash, header } = op;
  if (header.log === 'members') {
    const verdict = context.membership.add(folded, op.body);
    if (verdict.state === 'counted') repeatable(context, view.draft, op);
    return verdict;
  }
  const kind = foldOf(header.type as OperationTypeName);
  if (header.subject === '') {
    if (judged?.state === 'rejected') return judged;
    if (kind) await create(context, view, op, foldFor(kind).create(folded, everything));
    return { state: 'counted' };
  }
  if (judged?.state !== 'rejected') repeatable(context, view.draft, op);
  // A plain look that misses the row would take an old state for the present one.
  await sure(view.draft, keys.state(header.subject));
  const before = view.state(header.subject);
  if (!before) return judged ?? { state: 'counted' };
  const extended = extendSubject(foldFor(before.kind), before, folded, judged);
  let after: AnyState;
  let verdict: Verdict;
  if (extended) {
    after = extended.state;
    verdict = extended.verdict;
  } else {
    const whole = await refold(context, view, before, folded, judged);
    after = whole.state;
    verdict = whole.verdict;
  }
  view.draft.put(keys.state(header.subject), after);
  await place(view, before, after);
  if (verdict.state === 'counted' && header.type === 'redact')
    await strip(context, work, header.subject, hash);
  return verdict;
}

/** All operations of a subject, folded anew because one came that did not see all others. */
async function refold(
  context: AbsorbContext,
  view: ViewContext,
  before: AnyState,
  folded: Op,
  judged: Verdict | undefined,
): Promise<{ state: AnyState; verdict: Verdict }> {
  const { draft } = view;
  const hashes = (await draft.under<number>(`v/on/${before.id}/`)).map(([key]) =>
    key.slice(key.lastIndexOf('/') + 1),
  );
  const rows = new Map<Hash, OperationRow>();
  for (const hash of [before.id, ...hashes]) {
    const row = draft.get<OperationRow>(keys.operation(hash));
    if (row) rows.set(hash, row);
  }
  const verdicts = new Map<Hash, Verdict | undefined>([[folded.hash, judged]]);
  const ops: Op[] = [folded];
  for (const [hash, row] of rows) {
    const one = judge(
      { hash, header: row.header },
      context.membership.state,
      context.membership.isAtOrBefore,
    );
    verdicts.set(hash, one.verdict);
    ops.push({ hash, header: row.header, role: one.role });
  }
  const initial = rows.has(before.id) ? undefined : context.defaultChannel(before.id);
  const result = foldSubject(foldFor(before.kind), ops, (one) => verdicts.get(one.hash), initial);
  if (!result.state) throw new Error(`subject ${before.id} has operations and no creation`);
  for (const [hash, row] of rows) {
    const now = result.verdicts.get(hash)?.state ?? 'counted';
    if (now !== (row.state?.state ?? 'counted')) view.revised(before.id, row.header.log);
  }
  return {
    state: result.state,
    verdict: result.verdicts.get(folded.hash) ?? { state: 'counted' },
  };
}

/** A new thing: the first of its idempotency key is listed, a repeat becomes its alias. */
async function create(
  context: AbsorbContext,
  view: ViewContext,
  op: Arriving,
  state: AnyState,
): Promise<void> {
  if (!firstOfKey(context, view, op)) return;
  switch (state.kind) {
    case 'message':
      addMessage(view, op, state);
      await placeEarlyReplies(view, op);
      break;
    case 'comment':
      addComment(view, op, state);
      break;
    case 'task':
      placeTask(view, op, undefined, state);
      break;
    case 'memory':
      placeMemory(view, op, undefined, state);
      break;
    case 'channel':
      placeChannel(view, undefined, state);
      break;
  }
}

async function place(view: ViewContext, before: AnyState, after: AnyState): Promise<void> {
  if (after.kind === 'channel') return placeChannel(view, before as ChannelState, after);
  if (after.kind !== 'task' && after.kind !== 'memory') return;
  if (view.draft.get(aliasKey(after.id)) !== undefined) return;
  const creation = view.draft.get<OperationRow>(keys.operation(after.id));
  if (!creation) return;
  const op = { hash: after.id, header: creation.header };
  if (after.kind === 'memory') return placeMemory(view, op, before as MemoryState, after);
  placeTask(view, op, before as TaskState, after);
  await placeLinks(view, before as TaskState, after);
}

const codes: Readonly<
  Record<RejectedReason, 'forbidden' | 'invalid' | 'illegal_move' | 'held' | 'not_found'>
> = {
  signature: 'invalid',
  schema: 'invalid',
  permission: 'forbidden',
  frontier: 'forbidden',
  illegal_move: 'illegal_move',
  held: 'held',
  not_found: 'not_found',
};

function refusal(verdict: Extract<Verdict, { state: 'rejected' }>): CoterieError {
  return new CoterieError(
    codes[verdict.reason],
    verdict.message,
    verdict.legal ? { legal: verdict.legal } : {},
  );
}
