import type { Hash, TaskStatus } from '../../../schemas/index.ts';
import { flagOf, textOf } from '../data.ts';
import { place, written } from '../register.ts';
import { type Applied, apply, isAdmin, refuse, speaker } from '../shared.ts';
import type { ClaimState, Op, Past, TaskState, Written } from '../types.ts';
import { endAll, type Holding } from './claims.ts';
import { reviewersOf } from './done.ts';
import { statusCell } from './status.ts';

/** A result that the reviewer has to decide on: who called the task done while others hold it by a grant. */
export interface Contested {
  readonly moves: readonly Written<TaskStatus>[];
  readonly grants: readonly ClaimState[];
}

/**
 * A task is contested while it is done by a move and a grant is in force all the same: of another member, or of
 * another incarnation, which that move did not see.
 */
export function contestedOf(state: Pick<TaskState, 'status' | 'claims' | 'id'>): Contested | undefined {
  const moves = state.status.filter(({ value, op }) => value === 'done' && op !== state.id);
  const grants = state.claims.filter(({ grant }) => grant !== undefined);
  return moves.length > 0 && grants.length > 0 ? { moves, grants } : undefined;
}

/** Who decides on a result, by what the operation saw: the reviewer, who made the task where it has none, an admin. */
export function decides(state: TaskState, op: Op, past: Past): boolean {
  if (isAdmin(op)) return true;
  const by = speaker(op.header);
  const reviewers = reviewersOf(state, past);
  return reviewers.length > 0 ? reviewers.includes(by) : state.created.by === by;
}

/** A task is called done: by who may decide nobody holds it any more, by anyone else what others were granted stays. */
export const finished = (state: TaskState, op: Op, past: Past): Holding =>
  endAll(state, past, decides(state, op, past) ? undefined : speaker(op.header));

/** A contested result is taken, and nobody holds the task; or it is not, and the task is in work again. */
export function decide(state: TaskState, op: Op, past: Past): Applied<TaskState> {
  const { data } = op.header;
  const move: Hash | undefined = textOf(data, 'move');
  const accept = flagOf(data, 'accept');
  if (move === undefined || accept === undefined) return refuse(state, 'schema', 'it names no result');
  const shown = past.shows(statusCell, state.status);
  if (!shown.some(({ op: by, value }) => by === move && value === 'done'))
    return refuse(state, 'not_found', 'it names no result that shows');
  if (!decides(state, op, past))
    return refuse(state, 'permission', 'only the reviewer or an admin decides on a result');
  const to: TaskStatus = accept ? 'done' : 'doing';
  const added = written(op, to);
  past.changed(statusCell, shown, added);
  const status = place(state.status, past, added);
  return apply({ ...state, status, ...(accept ? endAll(state, past) : {}) });
}
