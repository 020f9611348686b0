import type { Hash } from '../../../schemas/index.ts';
import { isAdmin, speaker } from '../shared.ts';
import type { Op, Past, StatusWritten, TaskState } from '../types.ts';
import { seen as holding } from './claims.ts';

/** The cells in which the writes of a task's reviewer and of its done-criteria are remembered. */
export const reviewerCell = 'reviewer';
export const criteriaCell = 'criteria';

/** The reviewers that an operation saw; more than one where they were named apart. */
export const reviewersOf = (state: TaskState, past: Past): Hash[] =>
  past.shows(reviewerCell, state.reviewer).flatMap(({ value }) => (value === null ? [] : [value]));

/** What decides whether a task may be called done: who says so, and what shows of the task. */
export interface DoneAsked extends Pick<TaskState, 'claims' | 'status'> {
  readonly by: Hash | undefined;
  readonly isAdmin: boolean;
  readonly hasCriteria: boolean;
  readonly hasEvidence: boolean;
  readonly reviewers: readonly Hash[];
}

/**
 * Why somebody may not call the task done. Who says done again says nothing new. While another holds the task by a grant
 * anybody may: the result is contested, and the reviewer decides.
 */
export function whyNotDone(asked: DoneAsked): string | undefined {
  const { by, claims, reviewers, status } = asked;
  if (status.some(({ value }) => value === 'done')) return undefined;
  if (asked.hasCriteria && !asked.hasEvidence)
    return 'a task with done-criteria is not done without evidence';
  if (reviewers.length === 0) return undefined;
  if (claims.some((claim) => claim.grant !== undefined && claim.by !== by)) return undefined;
  if ((by === undefined || !reviewers.includes(by)) && !asked.isAdmin)
    return 'a task that has a reviewer is done when the reviewer says so';
  const worked = claims[0]?.by === by || status.some((one) => one.value === 'review' && one.by === by);
  return worked ? 'nobody reviews their own work' : undefined;
}

/** Why an operation may not call the task done, by what it saw. History is not judged again. */
export function refuseDone(
  state: TaskState,
  op: Op,
  past: Past,
  status: readonly StatusWritten[],
): string | undefined {
  if (op.header.imported !== undefined) return undefined;
  return whyNotDone({
    by: speaker(op.header),
    isAdmin: isAdmin(op),
    hasCriteria: past.shows(criteriaCell, state.criteria).some(({ value }) => value !== null),
    hasEvidence: state.evidence.some(({ op: by }) => past.has(by)),
    reviewers: reviewersOf(state, past),
    claims: holding(state, past).claims,
    status,
  });
}
