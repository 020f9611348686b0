import { CoterieError, type Hash, type OperationState, type RejectedReason } from '../../../schemas/index.ts';
import type { Verdict } from '../../fold/types.ts';
import type { Work } from '../commit/commits.ts';
import { keys, type OperationRow } from '../commit/rows.ts';
import type { Arriving } from '../views/context.ts';
import { enchain, isArrival, recount, type Standing } from './chain.ts';
import { isBlocked, judgementOf, waitsOf } from './judging.ts';
import { type AbsorbContext, counters, owe } from './state.ts';
import { foldMember } from './subjects/members.ts';
import { foldThing, operationsOn, refold } from './subjects/subjects.ts';
import { beginTurn, isChained, standingOf, type Turn } from './turn.ts';

/**
 * Takes in one operation that is being made here: judged by membership, folded into its subject, listed, chained,
 * entered in the feed. A rejection is an error.
 */
export async function absorb(
  context: AbsorbContext,
  work: Work,
  op: Arriving,
  row: OperationRow,
): Promise<void> {
  const { draft } = work;
  const { header } = op;
  const turn = beginTurn(context, work, op);
  const { stamp } = counters(draft);
  store(work, op, row, header.stamp > stamp ? header.stamp : stamp);
  turn.reopen(await enchain(draft, op, guessed(op)));
  const judged = header.log === 'members' ? undefined : judgementOf(context, draft, op.hash, header);
  if (judged?.waiting) throw new CoterieError('forbidden', 'This replica is not admitted to the workspace.');
  const verdict = judged ? await foldThing(turn, op, row, judged) : (await foldMember(turn, op)).verdict;
  if (verdict.state === 'rejected') throw refusal(verdict);
  await turn.settle(op, row, verdict, undefined);
  turn.finish();
}

/** What an operation is in its chain if it counts, as most do. */
const guessed = ({ header }: Arriving): Standing => (isArrival(header) ? 'news' : 'quiet');

/** The row of a new operation, in its order of arrival. */
function store({ draft }: Work, { hash, header }: Arriving, row: OperationRow, stamp: string): void {
  const before = counters(draft);
  const operations = before.operations + 1;
  draft.put(keys.operation(hash), Object.assign(row, { arrival: row.arrival ?? operations }));
  draft.put(keys.meta('counters'), { ...before, operations, stamp });
  if (header.subject !== '') draft.put(keys.on(header.subject, hash), 0);
}

/**
 * Takes in one operation from elsewhere, or one that is replayed: it is kept whatever it is. Returns what it lets go:
 * names under which others wait.
 */
export async function arrive(
  context: AbsorbContext,
  work: Work,
  op: Arriving,
  row: OperationRow,
): Promise<string[]> {
  const { draft } = work;
  const { stamp } = counters(draft);
  const followed = context.follow(op.header.stamp);
  store(work, op, row, followed !== undefined && followed > stamp ? followed : stamp);
  const unread = isChained(row) ? await enchain(draft, op, guessed(op)) : [];
  return evaluate(context, work, op, row, undefined, unread);
}

/**
 * Judges an operation that was just stored, or that waited. `was` is its state before; `unread` is news of which it is open
 * again whether it was read. Returns names under which others
 * may wait for what it is now.
 */
export async function evaluate(
  context: AbsorbContext,
  work: Work,
  op: Arriving,
  row: OperationRow,
  was: OperationState | undefined,
  unread: readonly Hash[] = [],
): Promise<string[]> {
  const turn = beginTurn(context, work, op);
  turn.reopen(unread);
  const { next, known } = await judged(turn, op, row);
  if (was?.state === 'waiting' && next.state === 'waiting' && JSON.stringify(was) === JSON.stringify(next))
    return [];
  // Folding may have stripped it.
  const now = work.draft.get<OperationRow>(keys.operation(op.hash)) ?? row;
  await turn.settle(op, now, next, was);
  if (was === undefined && isChained(row)) await recount(work.draft, op, guessed(op), standingOf(op, next));
  const { type, subject } = op.header;
  if (type === 'redact' && next.state === 'rejected') await unsettle(turn, subject);
  turn.finish();
  if (context.membership.isFrontier(op.hash)) owe(context, work, 'judge', op.header.replica);
  const lets = isBlocked(next) ? [] : [`op.${op.hash}`, ...known.map((replica) => `key.${replica}`)];
  // What lacks its text for this redact waits no longer, whatever the redact itself waits for.
  return type === 'redact' ? [`redact.${subject}`, ...lets] : lets;
}

/** A redact turned out not to count: what lacks its text for no other reason waits for it. */
async function unsettle(turn: Turn, subject: Hash): Promise<void> {
  const { context, draft } = turn;
  const on = await operationsOn(draft, subject);
  let changed = false;
  for (const hash of [subject, ...on]) {
    const row = draft.get<OperationRow>(keys.operation(hash));
    if (!row || row.state || row.header.log === 'members') continue;
    const op = { hash, header: row.header, body: row.body };
    const waits = await waitsOf(context, draft, op, row);
    if (waits.length === 0) continue;
    await turn.settle(op, row, { state: 'waiting', for: waits }, { state: 'counted' });
    changed = true;
  }
  if (changed) await refold(turn, subject);
}

async function judged(
  turn: Turn,
  op: Arriving,
  row: OperationRow,
): Promise<{ next: OperationState; known: readonly Hash[] }> {
  const { context, draft } = turn;
  const { hash, header } = op;
  if (row.flaw) return { next: { state: 'rejected', ...row.flaw }, known: [] };
  const waits = await waitsOf(context, draft, op, row);
  if (waits.length > 0) return { next: { state: 'waiting', for: waits }, known: [] };
  if (header.log === 'members') {
    const { verdict, known } = await foldMember(turn, op);
    return { next: verdict, known };
  }
  const judgement = judgementOf(context, draft, hash, header);
  if (judgement.waiting) return { next: { state: 'waiting', for: judgement.waiting }, known: [] };
  const verdict = await foldThing(turn, op, row, judgement);
  return { next: verdict, known: [] };
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
