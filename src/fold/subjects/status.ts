import { legalMoves, type RejectedReason, type TaskStatus, taskStatuses } from '../../../schemas/index.ts';
import { flagOf, wordOf } from '../data.ts';
import { write, written } from '../register.ts';
import { isAdmin } from '../shared.ts';
import type { Op, Past, Register } from '../types.ts';

/** The cell in which the writes of a task's status are remembered. */
export const statusCell = 'status';

interface Refusal {
  readonly reason: RejectedReason;
  readonly message: string;
  readonly legal?: readonly string[];
}

/**
 * A move of a task. It is legal from any status that its past shows; a move made apart, however early its stamp,
 * changes nothing about that. An admin may force any move.
 */
export function move(
  register: Register<TaskStatus>,
  op: Op,
  past: Past,
): { readonly status: Register<TaskStatus>; readonly to: TaskStatus } | Refusal {
  const to = wordOf(op.header.data, 'to', taskStatuses);
  if (to === undefined) return { reason: 'schema', message: 'a move names no status' };
  const seen = past.shows(statusCell, register);
  const forced = flagOf(op.header.data, 'force') === true && isAdmin(op);
  if (!forced && !seen.some(({ value }) => value === to || legalMoves[value].includes(to))) {
    return {
      reason: 'illegal_move',
      message: `a task that is ${seen.map(({ value }) => value).join(' and ')} can't become ${to}`,
      legal: taskStatuses.filter((status) => seen.some(({ value }) => legalMoves[value].includes(status))),
    };
  }
  past.changed(statusCell, seen, written(op, to));
  return { status: write(register, op, past, to), to };
}
