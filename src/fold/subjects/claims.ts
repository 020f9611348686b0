import type { RejectedReason } from '../../../schemas/index.ts';
import { flagOf, textOf, wordOf } from '../data.ts';
import { compareText } from '../order.ts';
import { isAdmin, speaker } from '../shared.ts';
import type { ClaimState, Op, Past } from '../types.ts';

type Claims = readonly ClaimState[];

/** What came of an operation on claims: the claims after it, or why it is refused. */
export type ClaimsAfter =
  | { readonly claims: Claims }
  | { readonly reason: RejectedReason; readonly message: string };

const cell = 'claims';
const needs = ['tentative', 'granted'] as const;

/** The holder first: lowest stamp, then lowest hash. */
const inLine = (a: ClaimState, b: ClaimState): number =>
  compareText(a.stamp, b.stamp) || compareText(a.op, b.op);

const without = (claims: Claims, ended: Claims): Claims =>
  ended.length === 0 ? claims : claims.filter(({ op }) => !ended.some((other) => other.op === op));

/**
 * A request is a claim at once when it needs no more than `tentative`. It is judged by the claims that its past
 * shows; claims made apart are all live, and stand in line.
 */
export function request(claims: Claims, op: Op, past: Past): ClaimsAfter {
  const { data, stamp } = op.header;
  // With `granted` it is no claim before a grant names it. Grants, renewals and decisions are recorded; what they
  // mean is not folded yet.
  if (wordOf(data, 'need', needs) !== 'tentative') return { claims };
  const by = speaker(op.header);
  const incarnation = textOf(data, 'incarnation') ?? '';
  const seen = [...past.shows(cell, claims)].sort(inLine);
  const mine = seen.filter((claim) => claim.by === by);
  const others = seen.filter((claim) => claim.by !== by);
  const again = mine.find((claim) => claim.incarnation === incarnation);
  const forced = flagOf(data, 'force') === true && isAdmin(op);
  // The holder's first claim decides: one that lost to another's is no hold on the task.
  const held = others.length > 0 && !forced;
  if (again !== undefined && !(forced && others.length > 0)) return { claims };
  if (held && seen[0]?.by !== by) return { reason: 'held', message: `it is claimed by ${seen[0]?.by}` };

  const ended = forced ? others : [];
  if (again !== undefined) {
    past.changed(cell, ended);
    return { claims: without(claims, ended) };
  }
  // A new incarnation of the same member takes its claims over, and their place in the line.
  const added: ClaimState = {
    op: op.hash,
    stamp: mine.reduce((first, claim) => (claim.stamp < first ? claim.stamp : first), stamp),
    by,
    need: 'tentative',
    incarnation,
  };
  past.changed(cell, [...ended, ...mine], added);
  return { claims: [...without(claims, [...ended, ...mine]), added].sort(inLine) };
}

/**
 * Ends the claim that a release or a withdrawal names, if its past shows it live. One that is over already, or that
 * it did not see, is left as it is.
 */
export function release(claims: Claims, op: Op, past: Past, named: string | undefined): ClaimsAfter {
  const ended = past.shows(cell, claims).filter((claim) => claim.op === named);
  if (ended.some((claim) => claim.by !== speaker(op.header)) && !isAdmin(op))
    return { reason: 'permission', message: 'only its holder or an admin ends a claim' };
  past.changed(cell, ended);
  return { claims: without(claims, ended) };
}

/** A task that is over is claimed by nobody: ends what the past shows. */
export function endAll(claims: Claims, past: Past): Claims {
  const ended = past.shows(cell, claims);
  past.changed(cell, ended);
  return without(claims, ended);
}
