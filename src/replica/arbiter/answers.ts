import type { Hash } from '../../../schemas/index.ts';
import type { ClaimState, Promised, RequestState, TaskState } from '../../fold/types.ts';
import { statusOf } from '../views/tasks.ts';

/** What the arbiter has to say of a task. */
export type Answer =
  | { readonly say: 'grant'; readonly request: Hash; readonly until: number }
  | { readonly say: 'renew'; readonly claim: Hash; readonly until: number }
  | { readonly say: 'expire'; readonly claim: Hash };

/** A lease that nobody gave a length, ms. */
const usualLease = 60 * 60 * 1000;
/** No lease is longer, ms: what its holder forgot comes free at last. */
const longestLease = 7 * 24 * 60 * 60 * 1000;

/** The end of a lease that begins now. */
export const leaseFrom = (now: number, ttl = usualLease): number => now + Math.min(ttl, longestLease);

/** While its session lives a lease is made longer when this part of it is left: once in the rest of its time. */
const left = 1 / 4;
/** A tentative claim whose lease is over and whose session lives is looked at again after this, ms. */
const later = 60_000;

/** What becomes of the lease of a claim now, and when to look at it again. One that has none is looked at by nobody. */
function leaseOf(
  { op, until, grant }: ClaimState,
  { requests }: TaskState,
  now: number,
  lives: () => boolean,
): { readonly answer?: Answer; readonly again?: number } {
  if (until === undefined) return {};
  const ttl = requests.find((one) => one.op === op)?.ttl;
  // Whole milliseconds: a timer that a fraction makes too short finds nothing to say.
  const renewal = Math.ceil(until - left * leaseFrom(0, ttl));
  if (now < renewal) return { again: renewal };
  if (lives()) {
    const longer = leaseFrom(now, ttl);
    return grant
      ? { answer: { say: 'renew', claim: op, until: longer }, again: longer }
      : { again: Math.max(until, now + later) };
  }
  return until <= now ? { answer: { say: 'expire', claim: op } } : { again: until };
}

/** May this request be granted now? Not past its time, not while somebody else holds the task by a grant. */
function isGrantable(request: RequestState, holders: readonly ClaimState[], now: number): boolean {
  if (request.until !== undefined && request.until <= now) return false;
  return request.force === true || holders.every(({ by }) => by === request.by);
}

/**
 * What the arbiter has to say of a task at this time of its clock, and when it has to look again. `promised` is what an
 * earlier arbiter gave out and what is not here yet: until that is over the task is given to nobody. `lives` tells
 * whether the session of a claim does: then its lease does not end.
 */
export function answersTo(
  state: TaskState,
  now: number,
  promised: readonly Promised[],
  lives: (claim: ClaimState) => boolean,
): { readonly answers: readonly Answer[]; readonly again: number | undefined } {
  const answers: Answer[] = [];
  const times: number[] = [];
  const holders: ClaimState[] = [];
  const status = statusOf(state);
  const isOpen = status !== 'done' && status !== 'cancelled';
  for (const claim of state.claims) {
    const { answer, again } = leaseOf(claim, state, now, () => isOpen && lives(claim));
    if (answer) answers.push(answer);
    if (again !== undefined) times.push(again);
    if (answer?.say !== 'expire' && claim.grant !== undefined) holders.push(claim);
  }
  if (isOpen) {
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
