import type { Hash } from '../../../schemas/index.ts';
import type { ClaimState, Promised, RequestState, TaskState } from '../../fold/types.ts';
import { statusOf } from '../views/tasks.ts';

/** What the arbiter has to say of a task. */
export type Answer =
  | { readonly say: 'grant'; readonly request: Hash; readonly until: number }
  | { readonly say: 'expire'; readonly claim: Hash };

/** A lease that nobody gave a length, ms. */
const usualLease = 60 * 60 * 1000;
/** No lease is longer, ms: what its holder forgot comes free at last. */
const longestLease = 7 * 24 * 60 * 60 * 1000;

/** The end of a lease that begins now. */
export const leaseFrom = (now: number, ttl = usualLease): number => now + Math.min(ttl, longestLease);

const isOver = (claim: ClaimState, now: number): boolean => claim.until !== undefined && claim.until <= now;

/** May this request be granted now? Not past its time, not while somebody else holds the task by a grant. */
function isGrantable(request: RequestState, holders: readonly ClaimState[], now: number): boolean {
  if (request.until !== undefined && request.until <= now) return false;
  return request.force === true || holders.every(({ by }) => by === request.by);
}

/**
 * What the arbiter has to say of a task at this time of its clock, and when it has to look again. `promised` is what an
 * earlier arbiter gave out and what is not here yet: until that is over the task is given to nobody.
 */
export function answersTo(
  state: TaskState,
  now: number,
  promised: readonly Promised[],
): { readonly answers: readonly Answer[]; readonly again: number | undefined } {
  const answers: Answer[] = [];
  const times: number[] = [];
  const holders: ClaimState[] = [];
  for (const claim of state.claims) {
    if (isOver(claim, now)) {
      answers.push({ say: 'expire', claim: claim.op });
      continue;
    }
    if (claim.until !== undefined) times.push(claim.until);
    if (claim.grant !== undefined) holders.push(claim);
  }
  const status = statusOf(state);
  if (status !== 'done' && status !== 'cancelled') {
    const live = new Set(state.claims.map(({ op }) => op));
    const open = state.requests
      .filter((one) => one.need === 'granted' && !live.has(one.op))
      .sort((a, b) => (`${a.stamp} ${a.op}` < `${b.stamp} ${b.op}` ? -1 : 1));
    const next = open.find((request) => isGrantable(request, holders, now));
    const unseen = promised.filter(({ until }) => until > now);
    if (unseen.length > 0) times.push(...unseen.map(({ until }) => until));
    else if (next) {
      const until = leaseFrom(now, next.ttl);
      answers.push({ say: 'grant', request: next.op, until });
      times.push(until);
    }
  }
  return { answers, again: times.length > 0 ? Math.min(...times) : undefined };
}
