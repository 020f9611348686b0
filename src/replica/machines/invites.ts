import {
  CoterieError,
  type Hash,
  type Invitation,
  type InviteCreate,
  type Package,
} from '../../../schemas/index.ts';
import type { Transport } from '../../client/transport.ts';
import { signerFromSeed } from '../../keys/node.ts';
import type { Host } from '../../machines/host.ts';
import {
  markOf,
  sealPackage,
  secretBytes,
  secretOf,
  type TicketContent,
  ticketKeys,
  writeTicket,
} from '../../machines/ticket/index.ts';
import { keyId, type Signer, toBase64url } from '../../op/index.ts';
import { entryOf, keys, type OperationRow } from '../commit/rows.ts';
import type { Keyring } from '../epochs/keyring.ts';
import { pooledRandom } from '../random.ts';
import { type Actor, once, type Writing } from '../writing/context.ts';
import { openTicketRelay, type TicketRelay } from './relay-tickets.ts';
import { mustBe } from './roles.ts';

/** What the countersigner keeps of an invite: a fact that no operation tells. */
export interface InviteRow {
  /** The ticket's secret, so that a repeat of the request answers with the same ticket; none of what a relay came in by. */
  readonly secret?: string | undefined;
  readonly addresses: readonly string[];
  /** The relay that countersigns who joins by it; it counts the uses then. */
  readonly relay?: RelayOfInvite | undefined;
  /** Of one that another replica made: the package that was brought for it. */
  readonly kept?: string | undefined;
  /** Machines that joined by it, and the replicas of each that were countersigned. */
  readonly machines: Readonly<Record<string, Readonly<Record<string, Countersigned>>>>;
}

interface RelayOfInvite {
  readonly url: string;
  readonly key: string;
  readonly mode: 'readable' | 'sealed';
}

export interface Countersigned {
  readonly encryption: string;
  readonly at: number;
  readonly sig: string;
}

export const inviteKey = (invite: Hash): string => `invite/${invite}`;

/** What who has a ticket gets for it, by the id that follows from the ticket. */
export const packageKey = (id: string): string => `package/${id}`;

/** Key epochs that a ticket brings, beside the founding one. */
const mostEpochs = 32;

/** A sealed relay keeps a package for a year, ms. */
const longest = 365 * 24 * 3_600_000;

/** Seven days, ms. */
const usualTime = 7 * 24 * 3_600_000;

export interface InviteOptions {
  readonly host: Host | undefined;
  readonly now: () => number;
  /** This replica's own key. */
  readonly signer: Pick<Signer, 'publicKey' | 'sign'>;
  /** Key epochs that are known here. */
  readonly keyring: Pick<Keyring, 'founding' | 'all'>;
  readonly transport?: Transport | undefined;
}

/** Who countersigns, and where who joins asks for it. */
interface Countersigner {
  readonly id: Hash;
  readonly addresses: readonly string[];
  /** Where it is no node. */
  readonly relay: InviteRow['relay'];
}

/**
 * Makes a ticket: a seed that an `invite.create` names, countersigned by this replica alone, or by a relay.
 * Rejects with `forbidden` for who may not invite, `invalid` for an end that has passed, `unreachable` where nobody could
 * ask this replica or the relay does not answer, `not_found` for a relay that is no remote, `ticket_elsewhere` for a
 * repeat of one that was made before the backup that this directory was restored from.
 */
export async function createInvite(
  writing: Writing,
  actor: Actor,
  options: InviteOptions,
  input: InviteCreate,
  key: string | undefined,
): Promise<Invitation> {
  const { now } = options;
  const { role = 'member', uses = 1, handle } = input;
  const by = countersignerFor(writing, options, input);
  const expires = input.expires === undefined ? now() + usualTime : Date.parse(input.expires);
  if (expires <= now()) throw new CoterieError('invalid', 'expires: it has passed');
  if (by.relay?.mode === 'sealed' && expires > now() + longest)
    throw new CoterieError('invalid', 'expires: a relay keeps a ticket for a year at most');
  // An invite that nobody can use is worse than none.
  if (by.relay) await relayOf(writing, options, by.relay).reach();
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
        countersigner: by.id,
        ...(handle === undefined ? {} : { handle }),
      },
      key: hashed,
    });
    const { addresses, relay } = by;
    const row: InviteRow = {
      ...{ secret: toBase64url(secret), addresses, machines: {} },
      ...(relay ? { relay } : {}),
    };
    work.draft.put(inviteKey(hash), row);
    return hash;
  });
  return invitation(writing, options, invite);
}

const relayOf = (
  { reading }: Writing,
  { signer, now, transport }: InviteOptions,
  relay: RelayOfInvite,
): TicketRelay => openTicketRelay({ relay, workspace: reading.workspace, signer, now, transport });

function countersignerFor(
  { reading: { crypto, replica, workspace } }: Writing,
  { host }: InviteOptions,
  { addresses, at }: InviteCreate,
): Countersigner {
  const relays = (host?.remotes?.list() ?? []).filter(({ mode }) => mode === 'sealed' || mode === 'readable');
  const named =
    at === undefined || at === 'node' ? undefined : relays.find(({ url }) => url === originOf(at));
  if (at !== undefined && at !== 'node' && !named)
    throw new CoterieError('not_found', `${at} is no relay that this node syncs with.`, {
      hint: 'See: coterie remote status',
    });
  const usual = relays.find(({ state, added }) => state === 'linked' && added !== null);
  const relay = named ?? (at === undefined && addresses === undefined ? usual : undefined);
  if (relay && relay.key !== null) {
    const mode = relay.mode === 'sealed' ? 'sealed' : 'readable';
    const url = mode === 'sealed' ? relay.url : `${relay.url}/w/${workspace}`;
    return { id: keyId(crypto, relay.key), addresses: [url], relay: { url, key: relay.key, mode } };
  }
  const own = addresses ?? host?.addresses ?? [];
  if (own.length > 0 && host) return { id: replica, addresses: own, relay: undefined };
  throw new CoterieError('unreachable', 'No node runs here that who joins could ask.', {
    hint: 'Start one with: coterie up; and invite while it runs.',
  });
}

function originOf(url: string): string | undefined {
  try {
    return new URL(url).origin;
  } catch {
    return undefined;
  }
}

/** The ticket, and its package in its place, where that is not there yet. */
async function invitation(writing: Writing, options: InviteOptions, invite: Hash): Promise<Invitation> {
  const { reading, commits } = writing;
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
  const key = row.relay?.key ?? options.host?.key;
  if (!genesis || !state || !secret || url === undefined || key === undefined)
    throw new CoterieError('internal', `the invite ${invite} is not stored whole`);
  const { role, uses, expires, seed } = state;
  const { id } = ticketKeys(secret);
  const content: TicketContent = {
    workspace,
    name: membership.state.name,
    genesis: entryOf(genesis),
    invite,
    addresses: row.addresses,
    key,
    expires,
    role,
    by: membership.person(state.by).handle,
    ...(row.relay?.mode === 'sealed' ? { sealed: { epochs: epochsOf(options.keyring) } } : {}),
  };
  const kept = await commits.write(async ({ draft }) => {
    const before = await draft.getConfirmed<Package>(packageKey(id));
    const made = before ?? { sealed: sealPackage(secret, content, pooledRandom), expires };
    if (!before) draft.put(packageKey(id), made);
    return made;
  });
  if (row.relay) {
    const made = await database.getConfirmed<OperationRow>(keys.operation(invite));
    if (!made) throw new CoterieError('internal', `the invite ${invite} is not stored`);
    await relayOf(writing, options, row.relay).give({
      invite: { invite, workspace, seed, uses, expires },
      operation: { segment: made.segment, entry: entryOf(made) },
      id,
      kept,
    });
  }
  const kind = row.relay?.mode ?? 'readable';
  return {
    ticket: writeTicket(crypto, { url, kind, secret, mark: markOf(crypto, key) }),
    invite,
    relay: kind,
    role,
    expires: new Date(expires).toISOString(),
    uses,
  };
}

/** Secrets that a joiner needs to read the mailbox, the founding one first. */
function epochsOf(keyring: InviteOptions['keyring']): [Hash, string][] {
  const founding = keyring.founding();
  if (!founding)
    throw new CoterieError('unreachable', 'This replica has not the keys of its sealed relay yet.', {
      hint: 'Another replica hands them over: try again when it is linked, or see: coterie doctor',
    });
  const others = keyring.all().filter(({ id }) => id !== founding.id);
  return [founding, ...others.slice(-mostEpochs)].map(({ id, secret }) => [id, toBase64url(secret)]);
}

/**
 * Tells the relay that countersigns a ticket that it is over, whichever replica made the ticket. Rejects as the relay
 * does.
 */
export async function endAtRelay(writing: Writing, options: InviteOptions, invite: Hash): Promise<void> {
  const { database, membership, crypto } = writing.reading;
  const row = await database.getConfirmed<InviteRow>(inviteKey(invite));
  const countersigner = membership.state.invites.get(invite)?.countersigner;
  const named = (options.host?.remotes?.list() ?? []).flatMap(({ url, key, mode }) =>
    mode === 'sealed' && key !== null && keyId(crypto, key) === countersigner
      ? [{ url, key, mode: 'sealed' as const }]
      : [],
  );
  const relay = row?.relay ?? named[0];
  if (relay) await relayOf(writing, options, relay).end(invite);
}

/** What a ticket stands for, sealed. Rejects with `not_found`. */
export async function packageOf({ database }: Writing['reading'], id: string): Promise<Package> {
  const found = await database.getConfirmed<Package>(packageKey(id));
  if (!found) throw new CoterieError('not_found', 'There is no such package here.');
  return found;
}
