import { CoterieError, type Hash, type TaskStatus } from '../../../schemas/index.ts';
import { currentTerm } from '../../fold/members/draft.ts';
import type { TaskState } from '../../fold/types.ts';
import { holdsFrontier } from '../arbiter/frontier.ts';
import { legalFor } from '../reading/flow.ts';
import { statusOf } from '../views/tasks.ts';
import type { Actor, Writing } from './context.ts';

export const isOver = (status: TaskStatus): boolean => status === 'done' || status === 'cancelled';

const handleOf = ({ reading }: Writing, member: Hash): string => reading.membership.person(member).handle;

export function held(writing: Writing, by: Hash): CoterieError {
  const who = handleOf(writing, by);
  return new CoterieError('held', `The task is held by ${who}.`, {
    legal: ['comment', 'ready'],
    hint: `Take another task, or talk to @${who}.`,
  });
}

export function closed({ reading }: Writing, actor: Actor, state: TaskState): CoterieError {
  const status = statusOf(state);
  return new CoterieError('illegal_move', `The task is ${status}; it can't be claimed.`, {
    legal: legalFor(reading, state, status, actor.id),
    hint: 'Reopen it first with a legal move.',
  });
}

/** The claim is lost: what may be done instead. */
export function lost(writing: Writing, actor: Actor, state: TaskState, why?: string): CoterieError {
  const status = statusOf(state);
  const [holder] = state.claims;
  if (isOver(status) && (!holder || holder.by === actor.id))
    return new CoterieError('not_held', why ?? `Nobody holds this task: it is ${status}.`, {
      legal: legalFor(writing.reading, state, status, actor.id),
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

const nothingLeft =
  'Nothing is left of the request. Ask again under a new key, or claim with need "tentative".';

/** No grant came in time; where this replica is the arbiter and may not grant yet, why. */
export function notGranted({ reading }: Writing, wait: number): CoterieError {
  const { database, membership, replica } = reading;
  const { state } = membership;
  if (currentTerm(state.terms)?.arbiter === replica && !holdsFrontier(database, state))
    return new CoterieError(
      'not_certain',
      'This replica is the arbiter by a forced move, and grants nothing before it has all that those before it granted.',
      { hint: `Let it sync with the replica where the office was moved. ${nothingLeft}` },
    );
  return new CoterieError('not_certain', `The arbiter did not grant it within ${wait} ms.`, {
    hint: nothingLeft,
  });
}
