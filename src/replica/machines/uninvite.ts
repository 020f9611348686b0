import { CoterieError, type Hash, type InviteInfo, type List } from '../../../schemas/index.ts';
import type { InviteState } from '../../fold/types.ts';
import { type PageQuery, pageOf, type Reading } from '../reading/context.ts';
import { type Actor, once, type Writing } from '../writing/context.ts';
import { type InviteRow, inviteKey } from './invites.ts';
import { type Frontier, frontierOf, lastNarrowing } from './replicas.ts';

/** Replicas that were ever admitted by the seed of an invite. */
const admitted = ({ membership }: Reading, { seed }: InviteState): Hash[] =>
  [...membership.state.replicas.values()]
    .filter(({ admissions }) => admissions.some(({ value }) => value === seed))
    .map(({ id }) => id);

async function shape(reading: Reading, invite: InviteState): Promise<InviteInfo> {
  const { database, membership, replica } = reading;
  const row =
    invite.countersigner === replica
      ? await database.getConfirmed<InviteRow>(inviteKey(invite.id))
      : undefined;
  return {
    id: invite.id,
    role: invite.role,
    expires: new Date(invite.expires).toISOString(),
    uses: invite.uses,
    used: row ? Object.keys(row.machines).length : null,
    by: membership.person(invite.by),
    countersigner: invite.countersigner,
    replicas: admitted(reading, invite),
    revoked: lastNarrowing(reading, 'invite.revoke', invite.id),
  };
}

/** All invites that were ever made, those that end last first. */
export async function listInvites(reading: Reading, query: PageQuery = {}): Promise<List<InviteInfo>> {
  const all = [...reading.membership.state.invites.values()].sort(
    (a, b) => b.expires - a.expires || (a.id < b.id ? -1 : 1),
  );
  const { page, more } = pageOf(all, query, ({ id }) => id);
  const items = await Promise.all(page.map((invite) => shape(reading, invite)));
  return { items, ...more };
}

function findInvite({ membership }: Reading, id: string): InviteState {
  const found = membership.state.invites.get(id);
  if (!found)
    throw new CoterieError('not_found', `There is no invite ${id}.`, { hint: 'See: coterie invites' });
  return found;
}

/**
 * Revokes an invite: nobody new comes in by it, anywhere. Replicas that came in by it, and members that they made, stay as
 * they are here. Rejects with `not_found`, `forbidden` for who neither made it nor is an admin, and `too_large` where
 * more replicas came in by it than one operation can name.
 */
export async function revokeInvite(
  writing: Writing,
  actor: Actor,
  id: string,
  key: string | undefined,
): Promise<InviteInfo> {
  const { reading } = writing;
  findInvite(reading, id);
  await once(writing, { actor, key, input: { revokeInvite: id } }, async (work, hashed) => {
    // What is queued counts too: it is here.
    await work.settled();
    const frontier: Frontier = {};
    for (const replica of admitted(reading, findInvite(reading, id)))
      Object.assign(frontier, await frontierOf(reading, replica, 'members'));
    return writing.ledger.append(work, {
      log: 'members',
      type: 'invite.revoke',
      subject: writing.reading.workspace,
      member: actor.id,
      data: { invite: id, frontier },
      key: hashed,
    });
  });
  return shape(reading, findInvite(reading, id));
}
