import type { Hash, OperationState, OperationTypeName } from '../../../../schemas/index.ts';
import { everything } from '../../../fold/fold.ts';
import { extendSubject, type FoldKind, foldFor, foldOf, foldSubject } from '../../../fold/index.ts';
import type { Judgement } from '../../../fold/members/judge.ts';
import type { AnyState, Op, Verdict } from '../../../fold/types.ts';
import { keys, type OperationRow } from '../../commit/rows.ts';
import { type Draft, sure } from '../../commit/transaction.ts';
import type { Arriving } from '../../views/context.ts';
import { judgementOf } from '../judging.ts';
import { stateIn, type Turn } from '../turn.ts';
import { list, relist, unlist } from './listing.ts';
import { strip } from './redaction.ts';
import { repeatable } from './repeats.ts';

const notThere: Verdict = { state: 'rejected', reason: 'not_found', message: 'there is nothing of that id' };
const fine: Verdict = { state: 'counted' };

export const kindOf = (type: string): FoldKind | undefined => foldOf(type as OperationTypeName);

/** Folds one operation that waits for nothing, and is not of the members log, into its subject. */
export async function foldThing(
  turn: Turn,
  op: Arriving,
  row: OperationRow,
  judged: Judgement,
): Promise<Verdict> {
  const { context, draft } = turn;
  const { hash, header } = op;
  const folded: Op = { hash, header, role: judged.role };
  if (header.subject === '') {
    if (judged.verdict) return judged.verdict;
    const kind = kindOf(header.type);
    if (kind) await list(context, turn, op, foldFor(kind).create(folded, everything));
    return fine;
  }
  if (judged.verdict === undefined) repeatable(context, draft, op);
  // A plain look that misses the row would take an old state for the present one.
  await sure(draft, keys.state(header.subject));
  const before = turn.state(header.subject);
  if (!before) {
    if (judged.verdict || !isThing(turn, header.subject)) return judged.verdict ?? fine;
    const verdict = redaction(turn, folded) ?? notThere;
    if (verdict.state === 'counted') await strip(context, turn.work, header.subject, hash);
    else if (op.body) await stripLate(turn, op);
    return verdict;
  }
  const extended = extendSubject(foldFor(before.kind), before, folded, judged.verdict);
  const after = extended?.state;
  if (!extended || !after) return (await refold(turn, header.subject, { op, row, judged })) ?? notThere;
  draft.put(keys.state(header.subject), after);
  await relist(turn, before, after);
  await removed(turn, op, after, extended.verdict);
  return extended.verdict;
}

/** True for the id of something that a fold would know if it counted. */
function isThing(turn: Turn, id: Hash): boolean {
  const row = turn.draft.get<OperationRow>(keys.operation(id));
  return row !== undefined && (row.header.subject !== '' || kindOf(row.header.type) !== undefined);
}

/**
 * A removal of something that does not count (its author was cut, say) is judged as if it did: the text is there, and
 * whoever holds a redact that counts takes it away.
 */
function redaction({ draft }: Turn, op: Op): Verdict | undefined {
  if (op.header.type !== 'redact') return undefined;
  const row = draft.get<OperationRow>(keys.operation(op.header.subject));
  const kind = row && row.header.subject === '' && !row.flaw ? kindOf(row.header.type) : undefined;
  if (!row || !kind) return undefined;
  const fold = foldFor(kind);
  const state = fold.create({ hash: op.header.subject, header: row.header, role: 'member' }, everything);
  return fold.apply(state, op, everything).verdict;
}

/** A text on something that does not count, whose texts were removed before. */
async function stripLate({ context, draft, work }: Turn, { hash, header }: Arriving): Promise<void> {
  for (const one of await operationsOn(draft, header.subject)) {
    const row = draft.get<OperationRow>(keys.operation(one));
    if (row?.header.type === 'redact' && row.state === undefined && row.feed !== undefined)
      return strip(context, work, header.subject, one, [hash]);
  }
}

/** What a removal takes, and what comes after one. */
async function removed(turn: Turn, op: Arriving, state: AnyState, verdict: Verdict): Promise<void> {
  const { redacted } = state;
  if (redacted === undefined || verdict.state === 'rejected') return;
  if (redacted.op === op.hash) await strip(turn.context, turn.work, state.id, op.hash);
  else if (op.header.type !== 'redact')
    await strip(turn.context, turn.work, state.id, redacted.op, [op.hash]);
}

interface Fresh {
  readonly op: Arriving;
  readonly row: OperationRow;
  readonly judged: Judgement;
}

interface Gathered {
  readonly ops: readonly Op[];
  readonly rows: ReadonlyMap<Hash, OperationRow>;
  /** What membership says of each. */
  readonly judged: ReadonlyMap<Hash, Verdict | undefined>;
}

/** Operations of a subject that can be folded: what waits, or is no operation, is left out. */
async function gather({ context, draft }: Turn, subject: Hash, fresh: Fresh | undefined): Promise<Gathered> {
  const ops: Op[] = [];
  const rows = new Map<Hash, OperationRow>();
  const judged = new Map<Hash, Verdict | undefined>();
  for (const hash of [subject, ...(await operationsOn(draft, subject))]) {
    const isFresh = hash === fresh?.op.hash;
    const row = isFresh ? fresh.row : draft.get<OperationRow>(keys.operation(hash));
    if (!row || row.flaw || (row.state?.state === 'waiting' && !isFresh)) continue;
    // On a member there are marks and what the members log says: that is folded as a whole, and judged by itself.
    if (row.header.log === 'members') continue;
    const said = isFresh ? fresh.judged : judgementOf(context, draft, hash, row.header);
    rows.set(hash, row);
    judged.set(hash, said.verdict);
    ops.push({ hash, header: row.header, role: said.role });
  }
  return { ops, rows, judged };
}

/** The operations of a subject besides its creation. */
export const operationsOn = async (draft: Pick<Draft, 'under'>, subject: Hash): Promise<Hash[]> =>
  (await draft.under<number>(`v/on/${subject}/`)).map(([key]) => key.slice(key.lastIndexOf('/') + 1));

/**
 * All operations of a subject folded anew: because one came that did not see all others, or membership says something
 * else of one. Those whose state changes are filed anew. Returns the verdict of `fresh`, which is filed by the caller.
 */
export async function refold(turn: Turn, subject: Hash, fresh?: Fresh): Promise<Verdict | undefined> {
  const { context, draft } = turn;
  const { ops, rows, judged } = await gather(turn, subject, fresh);
  const before = turn.state(subject);
  const creation = rows.get(subject);
  const kind = before?.kind ?? kindAt(turn, subject);
  if (kind === undefined) return refileAll(turn, rows, judged, fresh);
  const initial = creation ? undefined : context.defaultChannel(subject);
  const { state: after, verdicts } = foldSubject(foldFor(kind), ops, ({ hash }) => judged.get(hash), initial);
  const redact = after ? after.redacted?.op : redactionOf(turn, ops, judged, verdicts);
  // What its creation alone makes needs no row.
  if (after && (after.operations > 1 || !creation)) draft.put(keys.state(subject), after);
  else if (draft.get(keys.state(subject)) !== undefined) draft.remove(keys.state(subject));
  for (const [hash, row] of rows)
    if (hash !== fresh?.op.hash) await refile(turn, hash, row, verdicts.get(hash) ?? notThere);
  // A creation that turned out to be none leaves the lists all the same.
  const made = creation ?? draft.get<OperationRow>(keys.operation(subject));
  if (made) await replace(turn, { hash: subject, header: made.header }, before, after);
  else if (before && after) await relist(turn, before, after);
  if (redact !== undefined) await strip(context, turn.work, subject, redact);
  return fresh && (verdicts.get(fresh.op.hash) ?? notThere);
}

/** A thing comes into the lists, changes in them, or leaves them. */
async function replace(
  turn: Turn,
  op: Arriving,
  before: AnyState | undefined,
  after: AnyState | undefined,
): Promise<void> {
  if (before && after) return relist(turn, before, after);
  if (after) return list(turn.context, turn, op, after);
  if (before) return unlist(turn.context, turn, op, before);
}

/** Removals of a thing that does not count, judged all the same. Returns the first that counts. */
function redactionOf(
  turn: Turn,
  ops: readonly Op[],
  judged: ReadonlyMap<Hash, Verdict | undefined>,
  verdicts: Map<Hash, Verdict>,
): Hash | undefined {
  let first: Hash | undefined;
  for (const op of ops) {
    const verdict = judged.get(op.hash) ?? redaction(turn, op);
    if (!verdict) continue;
    verdicts.set(op.hash, verdict);
    if (op.header.type === 'redact' && verdict.state === 'counted' && (!first || op.hash < first))
      first = op.hash;
  }
  return first;
}

/** What kind of thing an id is, whether it counts or not; undefined for what no fold knows. */
function kindAt({ context, draft }: Turn, id: Hash): FoldKind | undefined {
  const row = draft.get<OperationRow>(keys.operation(id));
  if (row) return kindOf(row.header.type);
  return context.defaultChannel(id) ? 'channel' : undefined;
}

/** Operations on something that no fold knows: membership alone judges them. */
async function refileAll(
  turn: Turn,
  rows: ReadonlyMap<Hash, OperationRow>,
  verdicts: ReadonlyMap<Hash, Verdict | undefined>,
  fresh: Fresh | undefined,
): Promise<Verdict> {
  for (const [hash, row] of rows)
    if (hash !== fresh?.op.hash) await refile(turn, hash, row, verdicts.get(hash) ?? fine);
  return (fresh && verdicts.get(fresh.op.hash)) ?? fine;
}

/** A verdict that differs from the one before is filed. */
export async function refile(turn: Turn, hash: Hash, row: OperationRow, verdict: Verdict): Promise<void> {
  const now = stateIn(row);
  const next: OperationState = verdict;
  const same =
    now.state === next.state &&
    (now.state !== 'rejected' ||
      (next.state === 'rejected' && now.reason === next.reason && now.message === next.message));
  if (!same) await turn.settle({ hash, header: row.header, body: row.body }, row, next, now);
}
