import type { Hash, RejectedReason } from '../../../schemas/index.ts';
import { flagOf, numberOf, textOf, wordOf } from '../data.ts';
import { compareText, stampTime } from '../order.ts';
import { isAdmin, speaker } from '../shared.ts';
import type { ClaimState, Epoch, LeaseState, Op, Past, RequestState, TaskState } from '../types.ts';

/** The part of a task that says who holds it. */
export type Holding = Pick<TaskState, 'requests' | 'leases' | 'claims'>;

/** What came of an operation on claims: who holds the task after it, or why it is refused. */
export type ClaimsAfter =
  | { readonly holding: Holding; readonly taken?: readonly Pick<ClaimState, 'op' | 'by'>[] }
  | { readonly reason: RejectedReason; readonly message: string };

/** Requests and leases are remembered in cells of their own: claims follow from both. */
const requestCell = 'claims';
const leaseCell = 'leases';
const needs = ['tentative', 'granted'] as const;
/** The highest time that an operation may name, ms. */
const lastTime = 2 ** 48 - 1;

/** By term, then the hash of the move that began it, then the counter. */
export const compareEpochs = (a: Epoch, b: Epoch): number =>
  a.term - b.term || compareText(a.move, b.move) || a.counter - b.counter;

/** The holder first: the highest epoch, then the lowest stamp, then the lowest hash. */
function inLine(a: ClaimState, b: ClaimState): number {
  if ((a.grant === undefined) !== (b.grant === undefined)) return a.grant === undefined ? 1 : -1;
  // An arbiter that lies may give one epoch twice.
  const byEpoch = a.grant && b.grant ? compareEpochs(b.grant.epoch, a.grant.epoch) : 0;
  return byEpoch || compareText(a.stamp, b.stamp) || compareText(a.op, b.op);
}

/** A request as the claim that it is; undefined for one that no grant names. */
function claimOf(request: RequestState, leases: readonly LeaseState[]): ClaimState | undefined {
  const { op, stamp, by, need, incarnation } = request;
  let best: LeaseState | undefined;
  for (const lease of leases)
    if (lease.request === op && (best === undefined || compareEpochs(lease.epoch, best.epoch) > 0))
      best = lease;
  if (need === 'granted' && best === undefined) return undefined;
  const until = best?.until ?? request.ends;
  return {
    ...{ op, stamp, by, need, incarnation },
    ...(until === undefined ? {} : { until }),
    ...(best === undefined ? {} : { grant: { op: best.op, epoch: best.epoch } }),
  };
}

const lineOf = (requests: readonly RequestState[], leases: readonly LeaseState[]): ClaimState[] =>
  requests.flatMap((request) => claimOf(request, leases) ?? []).sort(inLine);

/** What the past of an operation shows of who holds the task, judged by that alone. */
export function seen(held: Holding, past: Past): Holding {
  const requests = past.shows(requestCell, held.requests);
  const leases = past.shows(leaseCell, held.leases);
  return { requests, leases, claims: lineOf(requests, leases) };
}

const only = ({ requests, leases, claims }: Holding): Holding => ({ requests, leases, claims });

/** Who holds the task after requests ended and one was made. A lease of what is over is over too. */
export function changed(
  held: Holding,
  past: Past,
  ended: readonly { readonly op: Hash }[],
  added?: RequestState,
): Holding {
  const over = new Set(ended.map(({ op }) => op));
  past.changed(requestCell, ended, added);
  if (over.size === 0 && added === undefined) return only(held);
  const left = held.requests.filter(({ op }) => !over.has(op));
  const requests = added === undefined ? left : [...left, added];
  const leases = held.leases.filter(({ request }) => !over.has(request));
  return { requests, leases, claims: lineOf(requests, leases) };
}

/** Who holds the task with one more lease, in place of those that it saw. One of a request that is over is void. */
export function leased(
  held: Holding,
  past: Past,
  replaced: readonly LeaseState[],
  lease: LeaseState,
): Holding {
  past.changed(leaseCell, replaced, lease);
  if (!held.requests.some(({ op }) => op === lease.request)) return only(held);
  const left = held.leases.filter(({ op }) => !replaced.some((other) => other.op === op));
  const leases = [...left, lease];
  return { requests: held.requests, leases, claims: lineOf(held.requests, leases) };
}

/**
 * A request is a claim at once when it needs no more than `tentative`. It is judged by the claims that its past
 * shows; claims made apart are all live, and stand in line.
 */
export function request(held: Holding, op: Op, past: Past): ClaimsAfter {
  const { data, stamp } = op.header;
  const need = wordOf(data, 'need', needs) ?? 'tentative';
  const by = speaker(op.header);
  const incarnation = textOf(data, 'incarnation') ?? '';
  const { claims } = seen(held, past);
  const mine = claims.filter((claim) => claim.by === by);
  const others = claims.filter((claim) => claim.by !== by);
  const again = mine.find(
    (claim) => claim.incarnation === incarnation && (need === 'tentative' || claim.grant !== undefined),
  );
  const force = flagOf(data, 'force') === true && isAdmin(op);
  const [first] = claims;
  const ttl = numberOf(data, 'ttl');
  // Who has it already asks for a longer lease, or for nothing.
  if (again !== undefined && ttl === undefined && !(force && others.length > 0))
    return { holding: only(held) };
  // The holder's first claim decides: one that lost to another's is no hold on the task. Whether a lease that seems
  // to be over is over, the arbiter says.
  const over = need === 'granted' && first?.until !== undefined && first.until <= stampTime(stamp);
  if (others.length > 0 && !force && first?.by !== by && !over)
    return { reason: 'held', message: `it is claimed by ${first?.by}` };

  const ended = force ? others : [];
  const asked = {
    ...{ op: op.hash, stamp, by, need, incarnation },
    ...(ttl === undefined ? {} : { ttl }),
  };
  if (need === 'granted') {
    const until = numberOf(data, 'until');
    const added: RequestState = {
      ...asked,
      ...(until === undefined ? {} : { until }),
      ...(force ? { force } : {}),
    };
    return { holding: changed(held, past, [], added) };
  }
  if (again !== undefined && ttl === undefined) return { holding: changed(held, past, ended), taken: ended };
  // A new incarnation of the same member takes its claims over, and their place in the line.
  const added: RequestState = {
    ...asked,
    stamp: mine.reduce((lowest, claim) => (claim.stamp < lowest ? claim.stamp : lowest), stamp),
    ...(ttl === undefined ? {} : { ends: Math.min(stampTime(stamp) + ttl, lastTime) }),
  };
  return { holding: changed(held, past, [...ended, ...mine], added), taken: ended };
}

/** The request that an id stands for: its own, or that of a grant or renewal of it. */
export const requestOf = (held: Holding, named: string | undefined): Hash | undefined =>
  held.leases.find(({ op }) => op === named)?.request ?? named;

/**
 * Ends the request that a release or a withdrawal names, if its past shows it live, and with it each grant of it: also
 * one that is made apart from this. One that is over already, or that it did not see, is left as it is.
 */
export function release(held: Holding, op: Op, past: Past, named: string | undefined): ClaimsAfter {
  const shown = seen(held, past);
  const id = requestOf(shown, named);
  const ended = shown.requests.filter((one) => one.op === id);
  if (ended.some((one) => one.by !== speaker(op.header)) && !isAdmin(op))
    return { reason: 'permission', message: 'only its holder or an admin ends a claim' };
  return { holding: changed(held, past, ended) };
}

/**
 * A task that is over is claimed by nobody: ends what the past shows. With `sparing` what anyone else was granted, or
 * asks to be, stays: so the result is contested.
 */
export function endAll(held: Holding, past: Past, sparing?: Hash): Holding {
  const { requests } = seen(held, past);
  const spared = (one: RequestState): boolean =>
    sparing !== undefined && one.need === 'granted' && one.by !== sparing;
  return changed(
    held,
    past,
    requests.filter((one) => !spared(one)),
  );
}
