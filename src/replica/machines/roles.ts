import { CoterieError, type Hash, type Member, type Role } from '../../../schemas/index.ts';
import { rank } from '../../fold/members/standing.ts';
import type { MemberState } from '../../fold/types.ts';
import { keys, type OperationRow } from '../commit/rows.ts';
import { sure } from '../commit/transaction.ts';
import type { Reading } from '../reading/context.ts';
import { memberShape } from '../reading/members.ts';
import { findMember } from '../reading/names.ts';
import { type Actor, once, type Writing } from '../writing/context.ts';
import { type Frontier, frontierOf } from './replicas.ts';

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
 * Gives a member a role; an admin does, for `owner` and to an owner an owner. A higher one counts wherever it is known, from
 * what the member writes next; a lower one leaves what is here of the member and cuts what is not. Rejects with
 * `not_found`, `ambiguous`, `forbidden`, `invalid` for the role that the member has anyway and for the last owner's, and
 * `too_large` where the member's replicas wrote into more logs than one operation can name.
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
    const state = findMember(reading, id);
    const owners = role === 'owner' || state.role === 'owner';
    const lowers = rank(role) < rank(state.role);
    if (id !== actor.id || !lowers)
      mustBe(
        writing,
        actor,
        owners ? 'owner' : 'admin',
        lowers ? `lowers that role` : `grants the role ${role}`,
      );
    const { handle } = reading.membership.person(id);
    if (state.imported)
      throw new CoterieError('invalid', `Nobody speaks for ${handle}, an author of imported history.`);
    if (state.role === role) throw new CoterieError('invalid', `${handle} has the role ${role} already.`);
    if (!lowers)
      return writing.ledger.append(work, {
        log: 'members',
        type: 'role.grant',
        subject: id,
        member: actor.id,
        data: { role },
        key: hashed,
      });
    refuseLastOwner(reading, state);
    // What is queued counts too: it is here.
    await work.settled();
    return writing.ledger.append(work, {
      log: 'members',
      type: 'role.demote',
      subject: id,
      member: actor.id,
      data: { role, frontier: await frontiersOf(reading, state) },
      key: hashed,
    });
  });
  return memberShape(reading, findMember(reading, id));
}

function refuseLastOwner({ membership }: Reading, { id, role }: MemberState): void {
  const others = [...membership.state.members.values()].filter(
    (other) => other.id !== id && other.role === 'owner' && other.replicas.length > 0,
  );
  if (role === 'owner' && others.length === 0)
    throw new CoterieError('invalid', 'A workspace keeps an owner, and this is the last one.', {
      hint: 'Make another member an owner first.',
    });
}

/** So far back it is looked whether the member wrote into a log; one where that stays open is named. */
const lookedAt = 2_000;

/** What is here of every replica that ever spoke for a member, in the logs into which it wrote: only that can be cut. */
async function frontiersOf(reading: Reading, member: MemberState): Promise<Frontier> {
  const frontier: Frontier = {};
  for (const { value } of member.hosts) {
    const logs = (await frontierOf(reading, value))[value] ?? {};
    const touched: Record<string, Hash[]> = {};
    for (const [log, heads] of Object.entries(logs))
      if (await mayHaveWritten(reading, member.id, heads)) touched[log] = heads;
    frontier[value] = touched;
  }
  return frontier;
}

async function mayHaveWritten({ database }: Reading, member: Hash, heads: readonly Hash[]): Promise<boolean> {
  let [at] = heads;
  for (let looked = 0; looked < lookedAt; looked++) {
    const row = at === undefined ? undefined : await sure<OperationRow>(database, keys.operation(at));
    if (row === undefined) return false;
    if (row.header.member === member) return true;
    at = row.header.prev || undefined;
  }
  return true;
}
