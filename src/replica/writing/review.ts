import type { z } from 'zod';
import { CoterieError, type Hash, type TaskDecide } from '../../../schemas/index.ts';
import type { TaskState } from '../../fold/types.ts';
import type { Work } from '../commit/commits.ts';
import { mustBe } from '../machines/roles.ts';
import { legalFor } from '../reading/flow.ts';
import { findTask } from '../reading/names.ts';
import { shownStatus } from '../views/flow.ts';
import { type Actor, once, onTask, queuedState, type Writing } from './context.ts';

type Deciding = z.infer<typeof TaskDecide>;

/** The reviewer takes the result of a task in review, or a contested one; or sends the task back into work. */
export async function decideTask(
  writing: Writing,
  actor: Actor,
  ref: string,
  input: Deciding,
  key: string | undefined,
): Promise<Hash> {
  const { id } = await findTask(writing.reading, ref);
  await once(writing, { actor, key, input: { decide: id, input } }, async (work, keyHash) => {
    const state = await queuedState(writing, work, id, 'task');
    const result = state.status.find(({ value }) => value === 'done');
    if (!result) return review(writing, work, actor, state, input, keyHash);
    return onTask(writing, work, actor, id, {
      type: 'claim.decide',
      data: { move: result.op, accept: input.accept },
      body: { reason: input.reason },
      key: keyHash,
      base: input.base,
    });
  });
  return id;
}

/** What is accepted is done, what is not goes on, and whose work it is learns why. */
function review(
  writing: Writing,
  work: Work,
  actor: Actor,
  state: TaskState,
  { accept, reason, base }: Deciding,
  key: Hash | undefined,
): Promise<Hash> {
  const status = shownStatus(work.draft, state);
  if (status !== 'review')
    throw new CoterieError('illegal_move', `The task is ${status}: there is no result to decide on.`, {
      legal: legalFor(writing.reading, state, status, actor.id),
    });
  const reviewers = state.reviewer.flatMap(({ value }) => (value === null ? [] : [value]));
  const decides = reviewers.length > 0 ? reviewers.includes(actor.id) : state.created.by === actor.id;
  if (!decides) mustBe(writing, actor, 'admin', 'decides on a result that others review');
  if (!accept && reason === undefined)
    throw new CoterieError('invalid', 'reason: what is sent back says why', { hint: 'Add a reason.' });
  return onTask(writing, work, actor, state.id, {
    type: 'task.move',
    data: { to: accept ? 'done' : 'doing', from: 'review' },
    body: { reason },
    key,
    base,
  });
}
