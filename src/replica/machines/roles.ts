import { CoterieError, type Member, type Role } from '../../../schemas/index.ts';
import { rank } from '../../fold/members/standing.ts';
import type { Reading } from '../reading/context.ts';
import { memberShape } from '../reading/members.ts';
import { findMember } from '../reading/names.ts';
import { type Actor, once, type Writing } from '../writing/context.ts';

/** Handles of those who have at least a role, at most three: whom to ask. */
function whoHas({ membership }: Reading, least: Role): string {
  const some = [...membership.state.members.values()]
    .filter(({ role, replicas }) => replicas.length > 0 && rank(role) >= rank(least))
    .map(({ id }) => membership.person(id).handle)
    .sort();
  return [...new Set(some)].slice(0, 3).join(', ');
}

/** Throws `forbidden`, with whom to ask, for a member that has not at least this role. */
export function mustBe(
  { reading, maker }: Pick<Writing, 'reading' | 'maker'>,
  actor: Actor,
  least: 'admin' | 'owner',
  does: string,
): void {
  const role = reading.membership.state.members.get(actor.id)?.role ?? 'reader';
  if (rank(role) >= rank(least)) return;
  // Who made the workspace is its owner with the first write, which may not have been yet.
  const others = whoHas(reading, least) || maker;
  throw new CoterieError('forbidden', `Only an ${least} ${does}; ${actor.handle} is a ${role}.`, {
    hint: others === undefined ? `No ${least} is known here.` : `Ask, or speak as, one who is: ${others}`,
  });
}

/**
 * Gives a member a role; an admin does, for `owner` an owner. It counts wherever it is known, from what the member writes
 * next. Rejects with `not_found`, `ambiguous`, `forbidden`, and `invalid` for a role that the member has anyway.
 */
export async function grantRole(
  writing: Writing,
  actor: Actor,
  ref: string,
  { role }: { readonly role: Role },
  key: string | undefined,
): Promise<Member> {
  const { reading } = writing;
  const { id } = findMember(reading, ref);
  await once(writing, { actor, key, input: { grant: id, role } }, async (work, hashed) => {
    mustBe(writing, actor, role === 'owner' ? 'owner' : 'admin', `grants the role ${role}`);
    const state = findMember(reading, id);
    const { handle } = reading.membership.person(id);
    if (state.imported)
      throw new CoterieError('invalid', `Nobody speaks for ${handle}, an author of imported history.`);
    if (rank(state.role) >= rank(role))
      throw new CoterieError('invalid', `${handle} has the role ${state.role} already.`, {
        hint: 'Roles are granted upwards only: reader, member, admin, owner.',
      });
    return writing.ledger.append(work, {
      log: 'members',
      type: 'role.grant',
      subject: id,
      member: actor.id,
      data: { role },
      key: hashed,
    });
  });
  return memberShape(reading, findMember(reading, id));
}
