import { type Admission, CoterieError, type Hash } from '../../../schemas/index.ts';
import { fetchTransport, type Transport } from '../../client/transport.ts';
import { nodeCrypto, x25519FromSeed } from '../../keys/node.ts';
import {
  createClock,
  fromBase64url,
  keyId,
  proveAdmission,
  type Signer,
  toBase64url,
} from '../../op/index.ts';
import type { Commits } from '../commit/commits.ts';
import type { Database } from '../commit/database.ts';
import { emptyCounters, keys, viewsVersion } from '../commit/rows.ts';
import { epochRow } from '../epochs/keyring.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { AbsorbContext } from '../ledger/state.ts';
import { pooledRandom } from '../random.ts';
import { adoptMembers, type MembersLog } from './adopt.ts';
import { askForAdmission } from './joining.ts';
import type { WorkspaceRow } from './key.ts';
import { findMachineWorkspace, type Joined, type MachineWorkspace, openMachineWorkspace } from './machine.ts';
import { type MailboxOptions, readInvite } from './mailbox.ts';

export { keyFileName, openReplicaKey, type WorkspaceRow } from './key.ts';

/**
 * Whose a directory is: of its workspace for good once it holds that one's members log. Before that, when it is new or
 * every opening of it was refused so far, it is of the one that it was begun with while this user has a secret of that,
 * and else of the one that is named, made now if there is none.
 */
export async function settle(options: {
  readonly database: Pick<Database, 'getConfirmed'>;
  /** What the directory says. */
  readonly known: WorkspaceRow | undefined;
  readonly config: string;
  readonly as: string;
  readonly name: string | undefined;
  readonly replica: Hash;
  readonly now: () => number;
  readonly random: (bytes: number) => Uint8Array;
}): Promise<{ row: WorkspaceRow; chosen: MachineWorkspace | undefined; isNew: boolean }> {
  const { database, known, as, name, now, random } = options;
  if (known && (await database.getConfirmed(keys.segment('members'))) !== undefined)
    return { row: known, chosen: undefined, isNew: false };
  if (known && (name ?? known.name) === known.name) return begun(known, as);
  if (known && (await findMachineWorkspace(options.config, known.id))) return begun(known, as);
  const stamp = () => createClock({ now, random, replica: options.replica }).next();
  const chosen = await openMachineWorkspace({
    config: options.config,
    name: name ?? 'default',
    arbiter: options.replica,
    maker: as,
    now,
    random,
    stamp,
  });
  return { row: rowFor(chosen, as), chosen, isNew: true };
}

const begun = (known: WorkspaceRow, as: string) =>
  ({ row: { ...known, as }, chosen: undefined, isNew: true }) as const;

export const rowFor = ({ id, name, machine, maker }: MachineWorkspace, as: string): WorkspaceRow => ({
  id,
  name,
  machine: machine.publicKey,
  maker,
  as,
});

/** First rows of a new directory: workspace, counters, sentinels, a fresh feed epoch. */
export const firstRows = (
  row: WorkspaceRow,
  epoch: string,
): readonly (readonly [key: string, value: unknown])[] => [
  [keys.meta('workspace'), row],
  [keys.meta('epoch'), epoch],
  [keys.meta('views'), viewsVersion],
  [keys.meta('counters'), emptyCounters],
  // A live row at the end of what is trimmed: a scan that ends there does not walk every tombstone.
  ...['rec', 'feed', 'op', 'v', 'purge', 'tail', 'checkpoint', 'segment'].map(
    (sublevel) => [`${sublevel}0`, 0] as const,
  ),
];

export async function writeFirstRows(commits: Commits, row: WorkspaceRow, epoch: string): Promise<void> {
  await commits.write(({ draft }) => {
    for (const [key, value] of firstRows(row, epoch)) draft.put(key, value);
  });
}

type Countersign = Admission['countersign'] & { readonly key?: string };

/** This replica's key joins the workspace on the machine's word, or on a ticket's and its countersigner's. */
async function admitSelf(
  ledger: Ledger,
  commits: Commits,
  workspace: MachineWorkspace,
  replica: { readonly key: string; readonly encryption: string },
  name: string,
  countersign: Countersign | undefined,
): Promise<void> {
  const proof = await proveAdmission(workspace.machine, { workspace: workspace.id, ...replica });
  const { joined } = workspace;
  await commits.write(async (work) => {
    // Without them nothing in the mailbox of the workspace can be read.
    for (const [epoch, secret] of joined?.sealed?.epochs ?? [])
      if (work.draft.get(epochRow(epoch)) === undefined) work.draft.put(epochRow(epoch), secret);
    await ledger.append(work, {
      log: 'members',
      type: 'replica.admit',
      data: {
        ...replica,
        ...proof,
        name,
        ...(joined && countersign ? { invite: joined.invite, countersign } : {}),
      },
    });
  });
}

/** The countersignature as an operation holds it: who is no replica brings its key, by which it is checked. */
const countersignOf = ({ countersign, key }: Admission): Countersign =>
  keyId(nodeCrypto, key) === countersign.replica ? { ...countersign, key } : countersign;

/**
 * Makes this replica one of the workspace: a new directory, one whose first opening was cut short, or a restored copy
 * with a key of its own. Where the workspace was joined by a ticket, its countersigner is asked. Throws `forbidden` when
 * this user has no secret of the workspace, and what `requestAdmission` does.
 */
export async function joinWorkspace(options: {
  readonly context: AbsorbContext;
  readonly commits: Commits;
  readonly ledger: Ledger;
  readonly signer: Signer;
  readonly seed: Uint8Array;
  readonly row: WorkspaceRow;
  readonly config: string;
  /** The workspace as it was just chosen for a new directory. */
  readonly chosen: MachineWorkspace | undefined;
  readonly now: () => number;
  readonly random?: ((bytes: number) => Uint8Array) | undefined;
  readonly transport?: Transport | undefined;
  /** Takes in what the countersigner has of the members log, where one is here already: the ticket may be a later one. */
  readonly take?: ((log: MembersLog) => Promise<void>) | undefined;
}): Promise<void> {
  const { context, commits, ledger, signer, row, config, random = pooledRandom, transport } = options;
  const workspace = options.chosen ?? (await findMachineWorkspace(config, row.id));
  if (workspace?.id !== row.id)
    throw new CoterieError(
      'forbidden',
      `This replica is not admitted to the workspace ${row.id}, and this user has no secret of it.`,
      { hint: 'Open it as the user who made the workspace, or join it with: coterie join TICKET' },
    );
  const replica = { key: signer.publicKey, encryption: x25519FromSeed(options.seed).publicKey };
  const answer =
    workspace.joined &&
    (await askForAdmission({ config, workspace, replica, random, transport }).catch((error: unknown) => {
      throw withHint(error);
    }));
  const members =
    workspace.joined?.sealed === undefined
      ? answer?.members
      : await readInvite(mailboxOf(workspace, workspace.joined, options), workspace.joined.invite);
  if (context.membership.heads.length === 0)
    await adoptMembers(context, commits, workspace.id, members ?? [{ segment: 1, entry: workspace.genesis }]);
  else if (members) await options.take?.(members);
  // Named after who speaks through it: the id says nothing to people.
  await admitSelf(ledger, commits, workspace, replica, row.as, answer && countersignOf(answer));
}

/** Where a workspace lies that was joined through a sealed relay. */
function mailboxOf(
  { id }: MachineWorkspace,
  { addresses, key, sealed }: Joined,
  options: Pick<Parameters<typeof joinWorkspace>[0], 'signer' | 'transport' | 'random' | 'now'>,
): MailboxOptions {
  const { signer, transport = fetchTransport, random = pooledRandom, now } = options;
  const epochs = (sealed?.epochs ?? []).map(([epoch, secret]) => ({
    id: epoch,
    secret: fromBase64url(secret, 32) ?? new Uint8Array(0),
  }));
  return { workspace: id, url: addresses[0] ?? '', relay: key, epochs, signer, transport, now, random };
}

/** What the countersigner of a kept ticket says, with what to do about this directory. */
function withHint(error: unknown): unknown {
  if (!(error instanceof CoterieError)) return error;
  const { code, message } = error;
  if (code === 'unreachable')
    return new CoterieError(code, message, {
      hint: 'It runs on the machine of who invited you: ask whether their node is up, then open this directory again.',
      cause: error,
    });
  if (!code.startsWith('ticket_')) return error;
  return new CoterieError(code, message, {
    hint: 'Ask an admin for another ticket, and use it on this same directory: coterie join TICKET',
    cause: error,
  });
}

/** A new feed epoch: cursors of an earlier one are unknown from now on. */
export const freshEpoch = (random: (bytes: number) => Uint8Array): string =>
  toBase64url(random(6)).replaceAll(/[-_]/g, '0');

export function checkHandle(handle: string): string {
  if (!/^[a-z0-9]+(?:[._-][a-z0-9]+)*$/.test(handle) || handle.length > 32)
    throw new CoterieError('invalid', `"${handle}" is not a handle.`, {
      hint: 'A handle is 1 to 32 of a-z 0-9 . _ -, beginning and ending with a letter or digit.',
    });
  return handle;
}
