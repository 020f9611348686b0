import { type Hash, legalMoves, type Task, type TaskStatus } from '../../../schemas/index.ts';
import { stampTime } from '../../fold/index.ts';
import { whyNotDone } from '../../fold/subjects/done.ts';
import type { TaskState } from '../../fold/types.ts';
import { keys } from '../commit/rows.ts';
import { stateOf } from '../ledger/state.ts';
import { isKept } from '../presence/attending.ts';
import type { LinkRow } from '../views/links.ts';
import { isOver, statusOf } from '../views/tasks.ts';
import { type Reading, stampIso, textOf, time } from './context.ts';
import { shortOf } from './names.ts';

/** Who holds a task without a lease and is not heard of for so long seems to be gone, ms. */
export const silence = 60 * 60 * 1000;

export const isOverdue = (reading: Pick<Reading, 'now'>, state: TaskState): boolean =>
  !isOver(statusOf(state)) && (state.due[0]?.value ?? Number.POSITIVE_INFINITY) < reading.now();

/** A task that is held and at which nobody seems to be: by what was heard here, never a fact. */
export function staleOf(
  reading: Pick<Reading, 'now' | 'presence'>,
  state: TaskState,
): Task['stale'] | undefined {
  const [holder] = state.claims;
  const now = reading.now();
  if (!holder || isOver(statusOf(state)) || isKept(reading.presence, state.id, holder)) return undefined;
  if (holder.until !== undefined)
    return holder.until <= now ? { why: 'lease', since: time(holder.until) } : undefined;
  const last = Math.max(stampTime(holder.stamp), state.updated, reading.presence.heard(holder.by) ?? 0);
  return now - last > silence ? { why: 'silent', since: time(last) } : undefined;
}

/** Why a task is blocked, and what it waits for; nothing once that is over. */
export async function blockedShape(
  reading: Reading,
  state: TaskState,
  status: TaskStatus,
): Promise<Pick<Task, 'blocked'>> {
  const [shown] = state.status;
  if (status !== 'blocked' || shown?.value !== 'blocked') return {};
  const named = async (id: Hash) => {
    const other = stateOf(reading, reading.database, id);
    return other?.kind === 'task' ? { id, short: await shortOf(reading, other) } : { id };
  };
  return {
    blocked: {
      operation: shown.op,
      by: reading.membership.person(shown.by),
      since: stampIso(shown.stamp),
      reason: shown.op === state.id || state.redacted ? null : textOf(reading, shown.op, 'reason'),
      former: shown.former ?? null,
      on: await Promise.all((shown.on ?? []).map(named)),
    },
  };
}

/** Parts of a task by its held links; what is cancelled, or is not here, is no part. */
function partsOf(reading: Reading, state: TaskState): TaskState[] {
  const parts = new Map<Hash, TaskState>();
  for (const { kind, to } of state.links) {
    if (kind !== 'parent' || parts.has(to)) continue;
    if (reading.database.get<LinkRow>(keys.link(to, 'parent', state.id))?.dropped) continue;
    const part = stateOf(reading, reading.database, to);
    if (part?.kind === 'task') parts.set(to, part);
  }
  return [...parts.values()];
}

function tallyOf(parts: readonly TaskState[]): { done: number; total: number } {
  const left = parts.filter((part) => statusOf(part) !== 'cancelled');
  return { done: left.filter((part) => statusOf(part) === 'done').length, total: left.length };
}

/** How much of a task's parts is done; with `deep` of parts of parts too, at the price of reading each. */
export function progressShape(reading: Reading, state: TaskState, deep: boolean): Pick<Task, 'progress'> {
  const parts = partsOf(reading, state);
  if (parts.length === 0) return {};
  if (!deep) return { progress: tallyOf(parts) };
  const all = new Map<Hash, TaskState>();
  const open = [...parts];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    if (all.has(part.id)) continue;
    all.set(part.id, part);
    open.push(...partsOf(reading, part));
  }
  return { progress: { ...tallyOf(parts), deep: tallyOf([...all.values()]) } };
}

/**
 * Where a member may move a task now: a reader nowhere, and to `done` only who may call it so. Without a member, where
 * somebody may who is no reviewer.
 */
export function legalFor(
  { membership }: Pick<Reading, 'membership'>,
  state: TaskState,
  status: TaskStatus,
  by: Hash | undefined,
): TaskStatus[] {
  const role = by === undefined ? undefined : membership.state.members.get(by)?.role;
  if (role === 'reader') return [];
  const why = whyNotDone({
    by,
    isAdmin: role === 'admin' || role === 'owner',
    hasCriteria: state.criteria.some(({ value }) => value !== null),
    hasEvidence: state.evidence.length > 0,
    reviewers: state.reviewer.flatMap(({ value }) => (value === null ? [] : [value])),
    claims: state.claims,
    status: state.status,
  });
  return legalMoves[status].filter((to) => to !== 'done' || why === undefined);
}
