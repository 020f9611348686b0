import type { Hash, Header, Role, WaitingFor } from '../../../schemas/index.ts';
import { numberOf, own, recordOf, textOf } from '../data.ts';
import { rejected } from '../shared.ts';
import type { Epoch, FrontierMap, Grant, MembersState, Verdict } from '../types.ts';
import { isLater } from './draft.ts';
import { type Sight, standing } from './standing.ts';

/** What membership says of an operation. */
export interface Judgement {
  /** Undefined: membership has nothing against it. */
  readonly verdict: (Verdict & { readonly state: 'rejected' }) | undefined;
  /** The member's role at this operation; undefined where the replica speaks for itself, and when it is refused. */
  readonly role: Role | undefined;
  /** What must arrive before it can be judged. */
  readonly waiting?: readonly WaitingFor[];
}

/** Whether an operation is one of these or before one of them in its replica's chain in its log. */
export type IsAtOrBefore = (hash: Hash, frontier: readonly Hash[]) => boolean;

/** What a frontier lists for the chain in which an operation stands. */
export const listed = (frontier: FrontierMap, header: Pick<Header, 'replica' | 'log'>): readonly Hash[] =>
  own(own(frontier, header.replica) ?? {}, header.log) ?? [];

/**
 * Judges an operation outside the members log by all that is known of membership. What was granted holds without
 * time: also for operations made before. What was ended still holds for operations at or before its frontier.
 */
export function judge(
  op: { readonly hash: Hash; readonly header: Header },
  members: MembersState,
  isAtOrBefore: IsAtOrBefore,
): Judgement {
  const { hash, header } = op;
  const reaches = (frontier: FrontierMap): boolean => {
    const last = listed(frontier, header);
    return last.length > 0 && isAtOrBefore(hash, last);
  };
  const sight: Sight = (grant: Grant<unknown>) =>
    grant.ended.every(({ frontier }) => reaches(frontier)) ? 'holds' : 'ended';
  const found = standing(header, members, sight);
  if (found.is === 'unknown')
    return { verdict: undefined, role: undefined, waiting: [{ kind: 'key', replica: header.replica }] };
  if (found.is === 'refused') return { verdict: found.verdict, role: undefined };
  if (header.type === 'mark.set' && header.log !== `marks.${header.member}`)
    return { verdict: rejected('permission', 'a mark is its own member’s to set'), role: undefined };
  const refusal = arbiterRefusal(header, members, reaches);
  if (refusal !== undefined) return { verdict: refusal, role: undefined };
  return { verdict: undefined, role: found.role };
}

/** The term of the arbiter under which an operation says that it was made. */
export const epochOf = (header: Pick<Header, 'data'>): Epoch | undefined => {
  const epoch = recordOf(header.data, 'epoch') ?? {};
  const [term, move, counter] = [numberOf(epoch, 'term'), textOf(epoch, 'move'), numberOf(epoch, 'counter')];
  if (term === undefined || move === undefined || counter === undefined) return undefined;
  return { term, move, counter };
};

/** True for what only the arbiter writes: a replica that grants, renews or ends a claim. */
export const isArbiters = ({ type, member, log, data }: Header): boolean =>
  type === 'claim.grant' ||
  (type === 'claim.renew' && member === undefined) ||
  (type === 'lease.expire' && (log === 'tasks' || Object.hasOwn(data, 'epoch')));

/**
 * What the arbiter writes counts under a term that was its own. After a forced move nothing of an earlier term counts
 * but what the frontier of the move lists.
 */
function arbiterRefusal(
  header: Header,
  members: MembersState,
  reaches: (frontier: FrontierMap) => boolean,
): (Verdict & { readonly state: 'rejected' }) | undefined {
  if (!isArbiters(header)) return undefined;
  const epoch = epochOf(header);
  const term = members.terms.find(({ op, term }) => op === epoch?.move && term === epoch.term);
  if (header.member !== undefined || term?.arbiter !== header.replica)
    return rejected('permission', 'its replica is not the arbiter of that term');
  for (const move of members.frontiers) {
    if (move.type !== 'arbiter.move') continue;
    const begun = members.terms.find(({ op }) => op === move.op);
    if (begun !== undefined && isLater(begun, term) && !reaches(move.frontier))
      return rejected('frontier', 'the arbiter was moved before it');
  }
  return undefined;
}
