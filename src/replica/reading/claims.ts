import type { Task } from '../../../schemas/index.ts';
import { contestedOf } from '../../fold/subjects/results.ts';
import type { ClaimState, TaskState } from '../../fold/types.ts';
import { type Reading, stampIso, time } from './context.ts';

const certaintyOf = ({ grant }: ClaimState): 'tentative' | 'granted' =>
  grant === undefined ? 'tentative' : 'granted';

/** Who holds a task, how certain that is, and who lost it. */
export function claimShape(reading: Reading, state: TaskState): Task['claim'] {
  const [holder, ...others] = state.claims;
  if (holder === undefined) return null;
  const shape = (claim: ClaimState) => ({
    operation: claim.op,
    by: reading.membership.person(claim.by),
    since: stampIso(claim.stamp),
    certainty: certaintyOf(claim),
  });
  // A second claim of one's own is nothing that anyone lost.
  const lost = others.filter(({ by }) => by !== holder.by);
  const { until, grant } = holder;
  return {
    ...shape(holder),
    incarnation: holder.incarnation,
    ...(until === undefined ? {} : { until: time(until) }),
    ...(grant === undefined ? {} : { grant: { operation: grant.op, epoch: grant.epoch } }),
    ...(lost.length > 0 ? { lost: lost.map(shape) } : {}),
  };
}

/** A result that the reviewer has to decide on. */
export function contestedShape(reading: Reading, state: TaskState): Pick<Task, 'contested'> {
  const contested = contestedOf(state);
  if (contested === undefined) return {};
  const { person } = reading.membership;
  return {
    contested: {
      results: contested.moves.map(({ op, by, stamp }) => ({
        operation: op,
        by: person(by),
        at: stampIso(stamp),
      })),
      grants: contested.grants.map(({ op, by }) => ({ operation: op, by: person(by) })),
    },
  };
}
