import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Admission, CoterieError, type Hash, type Role } from '../../../schemas/index.ts';
import { fetchTransport, type Transport } from '../../client/transport.ts';
import { nodeCrypto, signerFromSeed, x25519FromSeed } from '../../keys/node.ts';
import { requestAdmission } from '../../machines/admission.ts';
import { askForTicket, type OpenedTicket } from '../../machines/ticket/index.ts';
import { fromBase64url } from '../../op/index.ts';
import { openStorage, type Storage } from '../../storage/open.ts';
import { decodeRow, encodeRow, keys, under } from '../commit/rows.ts';
import { asCoterie } from '../failures.ts';
import { pooledRandom } from '../random.ts';
import { copiedKey } from '../sync/own-key.ts';
import { salvagedKey } from '../upkeep/take-salvaged.ts';
import { openNextKey, openReplicaKey, type WorkspaceRow } from './key.ts';
import {
  findMachineWorkspace,
  type Joined,
  keepEpochs,
  keepJoined,
  type MachineWorkspace,
  renewJoined,
} from './machine.ts';
import { openMachineKey } from './machine-key.ts';

/** Asks the countersigner of a joined workspace to admit one more replica of this machine. */
export async function askForAdmission(options: {
  readonly config: string;
  readonly workspace: MachineWorkspace;
  readonly replica: { readonly key: string; readonly encryption: string };
  readonly random: (bytes: number) => Uint8Array;
  readonly transport?: Transport | undefined;
}): Promise<Admission> {
  const { config, workspace, replica, random, transport = fetchTransport } = options;
  const { joined, machine: seed, id } = workspace;
  if (!joined) throw new CoterieError('internal', 'the workspace was not joined by a ticket');
  const machine = await openMachineKey(config, random);
  const ticket = { workspace: id, ...joined };
  return requestAdmission({ ticket, seed, machine, replica, crypto: nodeCrypto, transport, random });
}

/** Of a ticket of a workspace at a readable relay: its doors there. */
const atRelay = /\/w\/[a-z2-7]{26}$/;

/**
 * Where a workspace that was joined is synced: the addresses of its ticket, of a workspace at a readable relay the relay.
 * Empty for one's own.
 */
export async function joinedUpstreams(config: string, workspace: Hash): Promise<readonly string[]> {
  const { joined } = (await findMachineWorkspace(config, workspace)) ?? {};
  return (joined?.addresses ?? []).map((address) => address.replace(atRelay, ''));
}

export interface JoinOptions {
  readonly directory: string;
  readonly config: string;
  readonly ticket: string;
  /** Called with what the ticket stands for, before anything is done with it. */
  readonly onTicket?: ((ticket: Pick<OpenedTicket, 'name' | 'by' | 'role'>) => void) | undefined;
  readonly transport?: Transport | undefined;
  readonly random?: ((bytes: number) => Uint8Array) | undefined;
}

/** What a directory became. */
export interface JoinedDirectory {
  readonly directory: string;
  readonly workspace: { readonly id: Hash; readonly name: string };
  /** Name of the workspace's file; a directory opened with it is one of this workspace. */
  readonly file: string;
  /** Where to find the others of the workspace, and the listening key that is proved there. */
  readonly addresses: readonly string[];
  readonly key: string;
  /** Handle of who invited, and what members of who joined may be at most. */
  readonly by: string;
  readonly role: Role;
  /** False when the directory was one of this workspace already, and no copied one that needed a key of its own. */
  readonly fresh: boolean;
}

/**
 * Prepares a directory to be opened as a replica of a ticket's workspace: its countersigner is asked, and the workspace
 * kept for this user; opening does the rest. A directory of another workspace gives way if it holds nothing but
 * membership and marks. A copied directory of the workspace itself that could take no key of its own gets one, and keeps
 * what it holds. Done again, after whatever cut it off, it uses the ticket no further. Rejects as `askForTicket` and
 * `requestAdmission` do, with `directory_not_empty` and, while it is in use, `directory_locked`.
 */
export async function joinByTicket(options: JoinOptions): Promise<JoinedDirectory> {
  const { config, transport = fetchTransport, random = pooledRandom } = options;
  const directory = resolve(options.directory);
  const ticket = await askForTicket(options.ticket, { crypto: nodeCrypto, transport });
  options.onTicket?.(ticket);
  const before = await onStorage(directory, holds);
  const done = (file: string, fresh: boolean): JoinedDirectory => ({
    directory,
    workspace: { id: ticket.workspace, name: ticket.name },
    file,
    addresses: ticket.addresses,
    key: ticket.key,
    by: ticket.by,
    role: ticket.role,
    fresh,
  });
  const { isIn } = before;
  const isItsOwn = before.workspace?.id === ticket.workspace;
  if (isIn && isItsOwn)
    return done(before.workspace.name, before.isCopied && (await joinAnew(options, ticket)));
  if (before.content !== undefined && !isItsOwn)
    throw new CoterieError(
      'directory_not_empty',
      `${directory} is a replica of the workspace ${before.workspace?.name}, and holds ${before.content}.`,
      { hint: 'Join with a directory of its own: coterie join TICKET --data DIR' },
    );
  const workspace = workspaceOf(ticket);
  const { signer, seed } = await openReplicaKey(directory, random);
  const replica = { key: signer.publicKey, encryption: x25519FromSeed(seed).publicKey };
  await askForAdmission({ config, workspace, replica, random, transport });
  const { invite } = ticket;
  const joined = joinedOf(ticket);
  const replaced = isItsOwn ? undefined : before.workspace?.id;
  const file = await keepJoined(config, { ...workspace, seed: ticket.seed }, joined, replaced);
  const kept = await findMachineWorkspace(config, ticket.workspace);
  if (kept?.joined && kept.joined.invite !== invite) {
    // One ticket is as good as another while it admits: who speaks stays the same member.
    const works = await askForAdmission({ config, workspace: kept, replica, random, transport }).then(
      () => true,
      (error: unknown) => !(error instanceof CoterieError),
    );
    if (!works) await renewJoined(config, { ...workspace, seed: ticket.seed }, joined);
    else if (joined.sealed) await keepEpochs(config, ticket.workspace, joined.sealed);
  }
  if (replaced !== undefined) await onStorage(directory, empty);
  else if (before.workspace)
    await onStorage(directory, (storage) => given(config, ticket.workspace, storage));
  return done(file, true);
}

/**
 * A copied directory gets a key of its own by another ticket. Its next opening finds that key named by its workspace, and
 * is admitted with it. Whoever speaks there is another member from then on: one of the ticket. False where this user owns the
 * workspace: then no ticket is needed.
 */
async function joinAnew(options: JoinOptions, ticket: OpenedTicket): Promise<boolean> {
  const { config, transport, random = pooledRandom } = options;
  const directory = resolve(options.directory);
  const kept = await findMachineWorkspace(config, ticket.workspace);
  if (kept && !kept.joined) return false;
  const workspace = workspaceOf(ticket);
  const { signer, seed } = await openNextKey(directory, random);
  const replica = { key: signer.publicKey, encryption: x25519FromSeed(seed).publicKey };
  await askForAdmission({ config, workspace, replica, random, transport });
  const joined = joinedOf(ticket);
  if (kept) await renewJoined(config, { ...workspace, seed: ticket.seed }, joined);
  else await keepJoined(config, { ...workspace, seed: ticket.seed }, joined);
  await onStorage(directory, async ({ store }) => {
    const row = await store.getConfirmed(keys.meta('workspace'));
    if (!row) throw new CoterieError('internal', 'a workspace without its row');
    const machine = workspace.machine.publicKey;
    const next = { ...decodeRow<WorkspaceRow>(row), machine, next: signer.publicKey } satisfies WorkspaceRow;
    await store.commit([
      [keys.meta('workspace'), encodeRow(next)],
      [copiedKey, undefined],
    ]);
  });
  return true;
}

/** Of a ticket, what a later replica of this user needs. */
const joinedOf = ({ invite, addresses, key, expires, sealed }: OpenedTicket): Joined => ({
  ...{ invite, addresses: [...addresses], key, expires },
  ...(sealed ? { sealed: { epochs: sealed.epochs.map(([id, secret]) => [id, secret]) } } : {}),
});

function workspaceOf(ticket: OpenedTicket): MachineWorkspace {
  const seed = fromBase64url(ticket.seed, 32);
  if (!seed) throw new CoterieError('ticket_invalid', 'The ticket has no seed.');
  return {
    genesis: ticket.genesis,
    id: ticket.workspace,
    name: ticket.name,
    machine: signerFromSeed(seed),
    joined: joinedOf(ticket),
  };
}

/** Runs a task on the storage of a directory, alone. */
async function onStorage<T>(directory: string, task: (storage: Storage) => Promise<T>): Promise<T> {
  try {
    const storage = await openStorage({ directory });
    return await task(storage).finally(() => storage.close());
  } catch (error) {
    throw asCoterie(error);
  }
}

interface Held {
  readonly workspace: WorkspaceRow | undefined;
  /** It was one of its workspace once: it has the members log. */
  readonly isIn: boolean;
  /** What stands in the way of giving the directory to another workspace: its first log with content. */
  readonly content: string | undefined;
  /** Its key is used elsewhere too. */
  readonly isCopied: boolean;
}

async function holds({ store }: Storage): Promise<Held> {
  const row = await store.getConfirmed(keys.meta('workspace'));
  const logs = (await store.list(under('segment/'))).map(([key]) => key.slice('segment/'.length));
  const content = logs.find((log) => log !== 'members' && !log.startsWith('marks.'));
  const isSalvaged = (await store.getConfirmed(salvagedKey)) !== undefined;
  return {
    workspace: row && decodeRow<WorkspaceRow>(row),
    isIn: logs.includes('members'),
    content: content ? `the log ${content}` : isSalvaged ? 'what was salvaged of a damaged one' : undefined,
    isCopied: (await store.getConfirmed(copiedKey)) !== undefined,
  };
}

/** A directory that was never let in is one of the machine that the kept ticket makes; what was salvaged for it stays. */
async function given(config: string, workspace: Hash, { store }: Storage): Promise<void> {
  const key = keys.meta('workspace');
  const row = await store.getConfirmed(key);
  const kept = await findMachineWorkspace(config, workspace);
  if (!row || !kept) return;
  const { next: _, ...known } = decodeRow<WorkspaceRow>(row);
  await store.commit([[key, encodeRow({ ...known, machine: kept.machine.publicKey })]]);
}

/** The journal in one batch, and first: what is cut off after that is an empty directory with files of no meaning. */
async function empty({ store, documents, info }: Storage): Promise<void> {
  const rows = await store.list({ gte: '\u{1}', lt: '\u{10ffff}' });
  await store.commit(rows.map(([key]) => [key, undefined]));
  for (const name of await documents.names()) await documents.remove(name);
  await rm(join(info.directory, 'search'), { recursive: true, force: true });
}
