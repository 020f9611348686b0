import { CoterieError, type Hash, legalMoves, type TaskStatus } from '../../../schemas/index.ts';
import type { TaskState } from '../../fold/types.ts';
import { statusOf } from '../views/tasks.ts';
import type { Actor, Writing } from './context.ts';

export const isOver = (status: TaskStatus): boolean => status === 'done' || status === 'cancelled';

const handleOf = ({ reading }: Writing, member: Hash): string => reading.membership.person(member).handle;

export function held(writing: Writing, by: Hash): CoterieError {
  const who = handleOf(writing, by);
  return new CoterieError('held', `The task is held by ${who}.`, {
    hint: `Take another task, or talk to @${who}.`,
  });
}

export function closed(state: TaskState): CoterieError {
  const status = statusOf(state);
  return new CoterieError('illegal_move', `The task is ${status}; it can't be claimed.`, {
    legal: legalMoves[status],
    hint: 'Reopen it first with a legal move.',
  });
}

/** The claim is lost: what may be done instead. */
export function lost(writing: Writing, actor: Actor, state: TaskState, why?: string): CoterieError {
  const status = statusOf(state);
  const [holder] = state.claims;
  if (isOver(status))
    return new CoterieError('not_held', why ?? `Nobody holds this task: it is ${status}.`, {
      legal: legalMoves[status],
      hint: 'Reopen it first with a legal move.',
    });
  if (!holder || holder.by === actor.id)
    return new CoterieError('not_held', why ?? 'Nobody holds this task.', {
      legal: ['claim'],
      hint: 'Claim the task again.',
    });
  const who = handleOf(writing, holder.by);
  return new CoterieError('not_held', `The task is held by ${who}, not by ${actor.handle}.`, {
    legal: ['comment', 'ready'],
    hint: `Talk to @${who}, or take another task.`,
  });
}
