import {
  CoterieError,
  type Hash,
  type Invitation,
  type InviteCreate,
  type Package,
} from '../../../schemas/index.ts';
import { signerFromSeed } from '../../keys/node.ts';
import type { Host } from '../../machines/host.ts';
import {
  markOf,
  sealPackage,
  secretBytes,
  secretOf,
  ticketKeys,
  writeTicket,
} from '../../machines/ticket/index.ts';
import { toBase64url } from '../../op/index.ts';
import { entryOf, keys, type OperationRow } from '../commit/rows.ts';
import { pooledRandom } from '../random.ts';
import { type Actor, once, type Writing } from '../writing/context.ts';
import { mustBe } from './roles.ts';

/** What the countersigner keeps of an invite: a fact that no operation tells. */
export interface InviteRow {
  /** The ticket's secret, so that a repeat of the request answers with the same ticket; none of what a relay came in by. */
  readonly secret?: string | undefined;
  readonly addresses: readonly string[];
  /** Machines that joined by it, and the replicas of each that were countersigned. */
  readonly machines: Readonly<Record<string, Readonly<Record<string, Countersigned>>>>;
}

export interface Countersigned {
  readonly encryption: string;
  readonly at: number;
  readonly sig: string;
}

export const inviteKey = (invite: Hash): string => `invite/${invite}`;

/** What who has a ticket gets for it, by the id that follows from the ticket. */
export const packageKey = (id: string): string => `package/${id}`;

/** Seven days, ms. */
const usualTime = 7 * 24 * 3_600_000;

/**
 * Makes a ticket: a seed that an `invite.create` names, countersigned by this replica alone. Rejects with `forbidden` for
 * who may not invite, `invalid` for an end that has passed, `unreachable` where nobody could ask this replica,
 * `ticket_elsewhere` for a repeat of one that was made before the backup that this directory was restored from.
 */
export async function createInvite(
  writing: Writing,
  actor: Actor,
  options: { readonly host: Host | undefined; readonly now: () => number },
  input: InviteCreate,
  key: string | undefined,
): Promise<Invitation> {
  const { host, now } = options;
  const { role = 'member', uses = 1, handle } = input;
  const addresses = input.addresses ?? host?.addresses ?? [];
  if (host === undefined || addresses.length === 0)
    throw new CoterieError('unreachable', 'No node runs here that who joins could ask.', {
      hint: 'Start one with: coterie up; and invite while it runs.',
    });
  const expires = input.expires === undefined ? now() + usualTime : Date.parse(input.expires);
  if (expires <= now()) throw new CoterieError('invalid', 'expires: it has passed');
  const secret = pooledRandom(secretBytes);
  const { seed } = ticketKeys(secret);
  const invite = await once(writing, { actor, key, input: { invite: input } }, async (work, hashed) => {
    mustBe(
      writing,
      actor,
      role === 'owner' ? 'owner' : 'admin',
      role === 'owner' ? 'invites owners' : 'invites',
    );
    const hash = await writing.ledger.append(work, {
      log: 'members',
      type: 'invite.create',
      member: actor.id,
      data: {
        seed: signerFromSeed(seed).publicKey,
        role,
        expires,
        uses,
        countersigner: writing.reading.replica,
        ...(handle === undefined ? {} : { handle }),
      },
      key: hashed,
    });
    const row: InviteRow = { secret: toBase64url(secret), addresses, machines: {} };
    work.draft.put(inviteKey(hash), row);
    return hash;
  });
  return invitation(writing, host, invite);
}

/** The ticket, and its package in its place, where that is not there yet. */
async function invitation({ reading, commits }: Writing, host: Host, invite: Hash): Promise<Invitation> {
  const { database, membership, crypto, workspace } = reading;
  const row = await database.getConfirmed<InviteRow>(inviteKey(invite));
  const genesis = await database.getConfirmed<OperationRow>(keys.operation(workspace));
  const state = membership.state.invites.get(invite);
  if (!row)
    throw new CoterieError('ticket_elsewhere', 'This node does not know how often that ticket was used.', {
      hint: 'Its directory was restored from a backup. Invite again, under another key.',
    });
  const secret = secretOf(row.secret ?? '');
  const [url] = row.addresses;
  if (!genesis || !state || !secret || url === undefined)
    throw new CoterieError('internal', `the invite ${invite} is not stored whole`);
  const { role, uses, expires } = state;
  const { id } = ticketKeys(secret);
  const made: Package = {
    sealed: sealPackage(
      secret,
      {
        workspace,
        name: membership.state.name,
        genesis: entryOf(genesis),
        invite,
        addresses: row.addresses,
        key: host.key,
        expires,
        role,
        by: membership.person(state.by).handle,
      },
      pooledRandom,
    ),
    expires,
  };
  await commits.write(async ({ draft }) => {
    if (!(await draft.getConfirmed<Package>(packageKey(id)))) draft.put(packageKey(id), made);
  });
  const mark = markOf(crypto, host.key);
  return {
    ticket: writeTicket(crypto, { url, kind: 'readable', secret, mark }),
    invite,
    relay: 'readable',
    role,
    expires: new Date(expires).toISOString(),
    uses,
  };
}

/** What a ticket stands for, sealed. Rejects with `not_found`. */
export async function packageOf({ database }: Writing['reading'], id: string): Promise<Package> {
  const found = await database.getConfirmed<Package>(packageKey(id));
  if (!found) throw new CoterieError('not_found', 'There is no such package here.');
  return found;
}
