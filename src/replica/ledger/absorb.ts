import {
  CoterieError,
  type Hash,
  type Header,
  type OperationTypeName,
  type RejectedReason,
} from '../../../schemas/index.ts';
import { everything } from '../../fold/fold.ts';
import { extendSubject, foldOf, foldSubject, folds, judge, type SubjectFold } from '../../fold/index.ts';
import type {
  AnyState,
  ChannelState,
  CommentState,
  MemoryState,
  MessageState,
  Op,
  TaskState,
  Verdict,
} from '../../fold/types.ts';
import { type Crypto, hashOf, stripped } from '../../op/index.ts';
import type { Work } from '../commit/commits.ts';
import {
  type ChainRow,
  type CountersRow,
  entryOf,
  type FeedRow,
  type HeadRow,
  keys,
  type OperationRow,
} from '../commit/rows.ts';
import type { Reader } from '../commit/transaction.ts';
import type { Documents } from '../documents/documents.ts';
import type { Arriving, Because, ViewContext } from '../views/context.ts';
import { addMessage, placeChannel, placeEarlyReplies, removeMessage } from '../views/conversation.ts';
import { placeLinks } from '../views/links.ts';
import { placeMemory, removeMemory } from '../views/memory.ts';
import { addComment, placeTask, removeComment, removeTask } from '../views/tasks.ts';
import type { Membership } from './membership.ts';

/** Which operations made apart are one thing: the first is the thing, the others its aliases. */
export interface IdempotencyRow {
  readonly operations: readonly { readonly hash: Hash; readonly stamp: string }[];
  /** Hash of the request as it was made here; absent for one that came from elsewhere. */
  readonly input?: Hash | undefined;
}

/** News is what can be pending for someone: not membership, marks, joins, or history. */
export const isArrival = (header: Header): boolean =>
  header.imported === undefined &&
  header.log !== 'members' &&
  !header.log.startsWith('marks.') &&
  header.type !== 'join';

export const aliasKey = (alias: Hash): string => `v/alias/${alias}`;

export interface AbsorbContext {
  readonly crypto: Crypto;
  readonly membership: Membership;
  readonly documents: Documents;
  /** State of a channel that exists without an operation. */
  readonly defaultChannel: (id: Hash) => ChannelState | undefined;
  readonly defaultChannels: readonly ChannelState[];
}

/** The fold of a kind; that states and folds match by kind is this file's to see to. */
const foldFor = (kind: AnyState['kind']): SubjectFold<AnyState> =>
  folds[kind] as unknown as SubjectFold<AnyState>;

/** The thing that an operation is about. */
export const subjectOf = (hash: Hash, header: Header): Hash =>
  header.subject === '' ? hash : header.subject;

/** State of a subject as the rows say: its row, or what its creation alone makes. */
export function stateOf(
  context: Pick<AbsorbContext, 'defaultChannel'>,
  reader: Pick<Reader, 'get'>,
  id: Hash,
): AnyState | undefined {
  const known = reader.get<AnyState>(keys.state(id));
  if (known) return known;
  const row = reader.get<OperationRow>(keys.operation(id));
  if (!row) return context.defaultChannel(id);
  if (row.header.subject !== '' || row.state?.state === 'rejected') return undefined;
  const kind = foldOf(row.header.type as OperationTypeName);
  return kind
    ? foldFor(kind).create({ hash: id, header: row.header, role: 'member' }, everything)
    : undefined;
}

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
  if (verdict.state === 'rejected' && refuse) {
    if (header.log === 'members') context.membership.undo(hash);
    throw refusal(verdict);
  }

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
    Object.assign(row, { ...(counted ? { feed } : {}), ...(state ? { state } : {}) }),
  );
  if (header.subject !== '') draft.put(keys.on(header.subject, hash), 0);
  if (!counted) draft.put(keys.rejected(hash), verdict.reason);
  chain(draft, op, counted);
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
    await strip(context, view, work, header.subject, hash);
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

/** Notes under its idempotency key an operation that makes no thing: a repeat of the request finds it. */
function repeatable(context: AbsorbContext, draft: Work['draft'], op: Arriving): void {
  const key = idempotencyKey(context.crypto, op.header);
  if (key === undefined) return;
  const row = draft.get<IdempotencyRow>(key);
  draft.put(key, {
    ...row,
    operations: [...(row?.operations ?? []), { hash: op.hash, stamp: op.header.stamp }],
  } satisfies IdempotencyRow);
}

/** A new thing: the first of its idempotency key is listed, a repeat becomes its alias. */
async function create(
  context: AbsorbContext,
  view: ViewContext,
  op: Arriving,
  state: AnyState,
): Promise<void> {
  const { draft } = view;
  const key = idempotencyKey(context.crypto, op.header);
  const row = key === undefined ? undefined : draft.get<IdempotencyRow>(key);
  const first = row?.operations[0];
  if (key !== undefined) {
    const operations = [...(row?.operations ?? []), { hash: op.hash, stamp: op.header.stamp }].sort((a, b) =>
      a.stamp === b.stamp ? (a.hash < b.hash ? -1 : 1) : a.stamp < b.stamp ? -1 : 1,
    );
    draft.put(key, { ...row, operations } satisfies IdempotencyRow);
    if (first && operations[0]?.hash !== op.hash) {
      draft.put(aliasKey(op.hash), first.hash);
      return;
    }
    for (const { hash } of operations.slice(1)) {
      draft.put(aliasKey(hash), op.hash);
      const old = draft.get<OperationRow>(keys.operation(hash));
      const oldState = view.state(hash);
      if (old && oldState && hash === first?.hash) unlist(view, { hash, header: old.header }, oldState);
    }
    if (first) view.revised(op.hash, op.header.log);
  }
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

function unlist(view: ViewContext, op: Arriving, state: AnyState): void {
  if (state.kind === 'message') removeMessage(view, op, state as MessageState);
  else if (state.kind === 'comment') removeComment(view, op, state as CommentState);
  else if (state.kind === 'task') removeTask(view, op, state as TaskState);
  else if (state.kind === 'memory') removeMemory(view, op, state as MemoryState);
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

/** The text of a subject and of all its edits leaves rows and documents; the operations stay. */
async function strip(
  context: AbsorbContext,
  view: ViewContext,
  work: Work,
  subject: Hash,
  redact: Hash,
): Promise<void> {
  const { draft } = view;
  // What is still unsigned, or not in the shown document, can't be replaced there.
  await work.settled();
  context.membership.forgetName(subject);
  const edits = (await draft.under<number>(`v/on/${subject}/`)).map(([key]) =>
    key.slice(key.lastIndexOf('/') + 1),
  );
  for (const hash of [subject, ...edits]) {
    const row = draft.get<OperationRow>(keys.operation(hash));
    if (!row?.body || row.header.type === 'redact') continue;
    const entry = stripped(entryOf(row), redact);
    const { body: _, ...rest } = row;
    draft.put(keys.operation(hash), { ...rest, redacted: redact });
    forgetInput(context, draft, row.header);
    const document = `log/${row.header.log}/${row.segment}`;
    await context.documents.shown(document);
    work.mend({ document, hash, entry });
    draft.put(keys.purge(document), [...(draft.get<readonly Hash[]>(keys.purge(document)) ?? []), hash]);
  }
}

/** The request's hash would tell a removed short text to a guesser. */
function forgetInput(context: AbsorbContext, draft: Work['draft'], header: Header): void {
  const key = idempotencyKey(context.crypto, header);
  const row = key === undefined ? undefined : draft.get<IdempotencyRow>(key);
  if (key === undefined || row?.input === undefined) return;
  draft.put(key, { operations: row.operations } satisfies IdempotencyRow);
}

/** Numbers the operation in its replica's chain, with running counts of arrivals. */
function chain(draft: Work['draft'], op: Arriving, counted: boolean): void {
  const { hash, header } = op;
  const head = draft.get<HeadRow>(keys.head(header.log, header.replica));
  const news = counted && isArrival(header) ? 1 : 0;
  const arrivals = (head?.arrivals ?? 0) + news;
  draft.put(keys.chain(header.log, header.replica, header.seq), { hash, arrivals } satisfies ChainRow);
  draft.put(keys.head(header.log, header.replica), {
    seq: header.seq,
    hash,
    members: header.members?.join(',') ?? head?.members ?? '',
    arrivals,
  } satisfies HeadRow);
  if (news === 1 && header.member !== undefined) {
    const latest = ownCountKey(header.member, header.log, header.replica);
    const own = (draft.get<number>(latest) ?? 0) + 1;
    draft.put(latest, own);
    draft.put(keys.own(header.member, header.log, header.replica, header.seq), own);
  }
}

const ownCountKey = (member: Hash, log: string, replica: Hash): string =>
  `v/owns/${member}/${log}/${replica}`;

export function idempotencyKey(crypto: Crypto, header: Header): string | undefined {
  if (header.imported) return keys.idempotency('source', hashOf(crypto, header.imported.source));
  return header.key === undefined || header.member === undefined
    ? undefined
    : keys.idempotency(header.member, header.key);
}

export function counters(reader: Pick<Reader, 'get'>): CountersRow {
  const row = reader.get<CountersRow>(keys.meta('counters'));
  if (!row) throw new Error('a workspace without counters');
  return row;
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
