import { legalMoves, type RejectedReason, type TaskStatus, taskStatuses } from '../../../schemas/index.ts';
import { flagOf, listOf, wordOf } from '../data.ts';
import { latestFirst, place, written } from '../register.ts';
import { isAdmin, speaker } from '../shared.ts';
import type { Op, Past, StatusWritten, TaskState } from '../types.ts';
import { refuseDone } from './done.ts';

/** The cell in which the writes of a task's status are remembered. */
export const statusCell = 'status';

interface Refusal {
  readonly reason: RejectedReason;
  readonly message: string;
  readonly legal?: readonly string[];
}

/**
 * Where a task may go from a status. One that waits for others may be blocked no more, which only the link graph can
 * tell: so what was legal before it was blocked is legal too.
 */
export const movesFrom = ({ value, former, on }: StatusWritten): readonly TaskStatus[] =>
  taskStatuses.filter(
    (to) =>
      legalMoves[value].includes(to) ||
      (on !== undefined && (former === to || legalMoves[former ?? 'todo'].includes(to))),
  );

/**
 * A move of a task. It is legal from any status that its past shows; a move made apart, however early its stamp,
 * changes nothing about that. An admin may force any move.
 */
export function move(
  state: TaskState,
  op: Op,
  past: Past,
): { readonly status: TaskState['status']; readonly to: TaskStatus } | Refusal {
  const { data } = op.header;
  const to = wordOf(data, 'to', taskStatuses);
  if (to === undefined) return { reason: 'schema', message: 'a move names no status' };
  const seen = [...past.shows(statusCell, state.status)].sort(latestFirst);
  const forced = flagOf(data, 'force') === true && isAdmin(op);
  const fromSeen = taskStatuses.filter((status) => seen.some((one) => movesFrom(one).includes(status)));
  const why = forced ? undefined : refuseDone(state, op, past, seen);
  const legal = fromSeen.filter((status) => status !== 'done' || why === undefined);
  if (!forced && !fromSeen.includes(to) && !seen.some(({ value }) => value === to)) {
    const was = seen.map(({ value }) => value).join(' and ');
    return { reason: 'illegal_move', message: `a task that is ${was} can't become ${to}`, legal };
  }
  if (to === 'done' && why !== undefined) return { reason: 'illegal_move', message: why, legal };
  const added: StatusWritten = {
    ...written(op, to),
    ...(to === 'blocked' ? waiting(op, seen) : {}),
    ...returned(op, to, seen),
  };
  past.changed(statusCell, seen, added);
  return { status: place(state.status, past, added), to };
}

/** What a blocked task was, and what it waits for. Blocked again it is still what it was at first. */
function waiting(op: Op, [shown]: readonly StatusWritten[]): Pick<StatusWritten, 'former' | 'on'> {
  const was = shown?.value === 'blocked' ? shown.former : shown?.value;
  const former = was === 'done' || was === 'cancelled' ? undefined : was;
  const on = listOf(op.header.data, 'on');
  return { ...(former === undefined ? {} : { former }), ...(on.length === 0 ? {} : { on }) };
}

/** Whose work a reviewer gives back. */
function returned(
  op: Op,
  to: TaskStatus,
  [shown]: readonly StatusWritten[],
): Pick<StatusWritten, 'returned'> {
  const isBack = shown?.value === 'review' && (to === 'todo' || to === 'doing' || to === 'blocked');
  return isBack && shown.by !== speaker(op.header) ? { returned: shown.by } : {};
}
