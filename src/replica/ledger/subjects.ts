import type { Hash, OperationState, OperationTypeName } from '../../../schemas/index.ts';
import { everything } from '../../fold/fold.ts';
import { extendSubject, type FoldKind, foldOf, foldSubject } from '../../fold/index.ts';
import type { Judgement } from '../../fold/members/judge.ts';
import type { AnyState, Op, Verdict } from '../../fold/types.ts';
import { keys, type OperationRow } from '../commit/rows.ts';
import { sure } from '../commit/transaction.ts';
import type { Arriving } from '../views/context.ts';
import { judgementOf } from './judging.ts';
import { list, relist, unlist } from './listing.ts';
import { strip } from './redaction.ts';
import { repeatable } from './repeats.ts';
import { foldFor } from './state.ts';
import { stateIn, type Turn } from './turn.ts';

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
  if (!before) return judged.verdict ?? (isThing(turn, header.subject) ? notThere : fine);
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

/**
 * All operations of a subject folded anew: because one came that did not see all others, or membership says something
 * else of one. Those whose state changes are filed anew. Returns the verdict of `fresh`, which is filed by the caller.
 */
export async function refold(turn: Turn, subject: Hash, fresh?: Fresh): Promise<Verdict | undefined> {
  const { context, draft } = turn;
  const on = (await draft.under<number>(`v/on/${subject}/`)).map(([key]) =>
    key.slice(key.lastIndexOf('/') + 1),
  );
  const rows = new Map<Hash, OperationRow>();
  const verdicts = new Map<Hash, Verdict | undefined>();
  const ops: Op[] = [];
  for (const hash of [subject, ...on]) {
    const row = hash === fresh?.op.hash ? fresh.row : draft.get<OperationRow>(keys.operation(hash));
    if (!row || row.flaw || (row.state?.state === 'waiting' && hash !== fresh?.op.hash)) continue;
    const judged = hash === fresh?.op.hash ? fresh.judged : judgementOf(context, draft, hash, row.header);
    rows.set(hash, row);
    verdicts.set(hash, judged.verdict);
    ops.push({ hash, header: row.header, role: judged.role });
  }
  const before = turn.state(subject);
  const creation = rows.get(subject);
  const kind = before?.kind ?? kindAt(turn, subject);
  if (kind === undefined) return refileAll(turn, rows, verdicts, fresh);
  const initial = creation ? undefined : context.defaultChannel(subject);
  const result = foldSubject(foldFor(kind), ops, ({ hash }) => verdicts.get(hash), initial);
  const after = result.state;
  // What its creation alone makes needs no row.
  if (after && (after.operations > 1 || !creation)) draft.put(keys.state(subject), after);
  else if (draft.get(keys.state(subject)) !== undefined) draft.remove(keys.state(subject));
  for (const [hash, row] of rows)
    if (hash !== fresh?.op.hash) await refile(turn, hash, row, result.verdicts.get(hash) ?? notThere);
  if (before && after) await relist(turn, before, after);
  else if (creation) {
    const op = { hash: subject, header: creation.header };
    if (after) await list(context, turn, op, after);
    else if (before) await unlist(context, turn, op, before);
  }
  if (after?.redacted) await strip(context, turn.work, subject, after.redacted.op);
  return fresh && (result.verdicts.get(fresh.op.hash) ?? notThere);
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
