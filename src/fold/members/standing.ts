import { type Header, operationType, type Role, roles } from '../../../schemas/index.ts';
import { rejected } from '../shared.ts';
import type { Grant, MembersState, Verdict } from '../types.ts';

/**
 * How a grant looks to one operation: in force; `ended` by a narrowing that reaches this operation; or `unseen`,
 * where only what the operation saw may count.
 */
export type Sight = (grant: Grant<unknown>) => 'holds' | 'ended' | 'unseen';

/** Who an operation is by, as far as it may speak. The role is absent where a replica speaks for itself. */
export type Standing =
  | { readonly is: 'unknown' }
  | { readonly is: 'refused'; readonly verdict: Verdict & { readonly state: 'rejected' } }
  | { readonly is: 'known'; readonly role: Role | undefined };

export const rank = (role: Role | undefined): number => (role === undefined ? -1 : roles.indexOf(role));

/** The highest role in force, if any is. */
export function roleIn(grants: readonly Grant<Role>[], sight: Sight): Role | undefined {
  let highest: Role | undefined;
  for (const grant of grants)
    if (rank(grant.value) > rank(highest) && sight(grant) === 'holds') highest = grant.value;
  return highest;
}

const refused = (reason: 'permission' | 'frontier', message: string): Standing => ({
  is: 'refused',
  verdict: rejected(reason, message),
});

/** Where several grants say the same, one in force is enough. */
function best(grants: readonly Grant<unknown>[], sight: Sight): 'holds' | 'ended' | 'unseen' {
  let found: 'ended' | 'unseen' = 'unseen';
  for (const grant of grants) {
    const seen = sight(grant);
    if (seen === 'holds') return seen;
    if (seen === 'ended') found = seen;
  }
  return found;
}

/**
 * May this replica speak, for this member, at this operation? A reader may not write; how far it has read is its own
 * to say.
 */
export function standing(header: Header, members: MembersState, sight: Sight): Standing {
  const replica = members.replicas.get(header.replica);
  const admission = replica === undefined ? 'unseen' : best(replica.admissions, sight);
  if (admission === 'unseen') return { is: 'unknown' };
  if (admission === 'ended') return refused('frontier', 'its replica was revoked before it');

  const type = operationType(header.type);
  if (header.member === undefined) {
    if (type?.replicaSpeaks) return { is: 'known', role: undefined };
    return refused('permission', `${header.type} is for a member to write`);
  }
  const member = members.members.get(header.member);
  const hosts = (member?.hosts ?? []).filter((grant) => grant.value === header.replica);
  const hosting = best(hosts, sight);
  if (member === undefined || hosting === 'unseen')
    return refused('permission', 'its replica does not speak for this member');
  if (hosting === 'ended') return refused('frontier', 'its replica was unbound from this member before it');
  const role = roleIn(member.roles, sight) ?? 'reader';
  if (role === 'reader' && header.type !== 'mark.set') return refused('permission', 'a reader may not write');
  return { is: 'known', role };
}
