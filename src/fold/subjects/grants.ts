import { numberOf, textOf } from '../data.ts';
import { epochOf } from '../members/judge.ts';
import type { LeaseState, Op, Past } from '../types.ts';
import { type ClaimsAfter, changed, type Holding, leased, requestOf, seen } from './claims.ts';

// Whether a grant, a renewal or an end is the arbiter's to write, and under which term, membership has judged.

const malformed: ClaimsAfter = { reason: 'schema', message: 'it names no request, epoch or end' };
const nothing: ClaimsAfter = { reason: 'not_found', message: 'it names no request or claim in force' };

/**
 * The arbiter grants a request that it saw open. That ends the other claims of its member that it saw, and every
 * granted one: there is one holder by grant. A tentative claim of another stays behind it in the line, unless an admin
 * forced the request.
 */
export function grant(held: Holding, op: Op, past: Past): ClaimsAfter {
  const { data } = op.header;
  const named = textOf(data, 'request');
  const until = numberOf(data, 'until');
  const epoch = epochOf(op.header);
  if (named === undefined || until === undefined || epoch === undefined) return malformed;
  const shown = seen(held, past);
  const request = shown.requests.find((one) => one.op === named);
  if (request?.need !== 'granted') return nothing;
  const replaced = shown.claims.filter(
    (claim) => claim.by === request.by || claim.grant !== undefined || request.force,
  );
  const pending = shown.requests.filter(
    ({ need, by, incarnation }) =>
      need === 'granted' && by === request.by && incarnation === request.incarnation,
  );
  const ended = [...replaced, ...pending].filter((one) => one.op !== request.op);
  return {
    holding: lease(changed(held, past, ended), shown, past, { op: op.hash, request: named, until, epoch }),
    taken: replaced.filter(({ by }) => by !== request.by),
  };
}

/** A lease in place of those of its request that the operation saw. */
const lease = (held: Holding, shown: Holding, past: Past, added: LeaseState): Holding =>
  leased(
    held,
    past,
    shown.leases.filter(({ request }) => request === added.request),
    added,
  );

/** The arbiter makes a lease longer, without being asked in a request. */
export function renew(held: Holding, op: Op, past: Past): ClaimsAfter {
  const { data } = op.header;
  const until = numberOf(data, 'until');
  const epoch = epochOf(op.header);
  if (until === undefined || epoch === undefined) return malformed;
  const shown = seen(held, past);
  const id = requestOf(shown, textOf(data, 'claim'));
  const claim = shown.claims.find((one) => one.op === id);
  if (claim === undefined) return nothing;
  return { holding: lease(held, shown, past, { op: op.hash, request: claim.op, until, epoch }) };
}

/** The arbiter says that a lease is over. One that is over already, or that it did not see, is left as it is. */
export function expire(held: Holding, op: Op, past: Past): ClaimsAfter {
  const shown = seen(held, past);
  const id = requestOf(shown, textOf(op.header.data, 'lease'));
  return {
    holding: changed(
      held,
      past,
      shown.requests.filter((one) => one.op === id),
    ),
    taken: shown.claims.filter((one) => one.op === id),
  };
}
