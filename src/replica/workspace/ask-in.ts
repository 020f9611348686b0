import { type Admission, CoterieError, type Entry, type Hash } from '../../../schemas/index.ts';
import { fetchTransport, type Transport } from '../../client/transport.ts';
import { nodeCrypto } from '../../keys/node.ts';
import { fromBase64url, keyId, proveAdmission, type Signer } from '../../op/index.ts';
import { pooledRandom } from '../random.ts';
import type { MembersLog } from './adopt.ts';
import { askForAdmission } from './joining.ts';
import type { WorkspaceRow } from './key.ts';
import { findMachineWorkspace, type Joined, type MachineWorkspace } from './machine.ts';
import { type MailboxOptions, readInvite } from './mailbox.ts';

/** The public keys of a replica, base64url. */
export interface ReplicaKeys {
  readonly key: string;
  readonly encryption: string;
}

type Countersign = Admission['countersign'] & { readonly key?: string | undefined };

/** On whose word a replica comes in, and what it has to know before its first link. */
export interface AdmittedBy {
  readonly genesis: Entry;
  /** Where others have more of the members log than its beginning. */
  readonly members: MembersLog | undefined;
  readonly proof: Awaited<ReturnType<typeof proveAdmission>>;
  /** Of a ticket. */
  readonly invited: { readonly invite: Hash; readonly countersign: Countersign } | undefined;
  /** Secrets of key epochs, for a workspace that was joined through a sealed relay. */
  readonly epochs: readonly (readonly [epoch: Hash, secret: string])[];
  /** How the replica is called. */
  readonly name: string;
}

export interface AskInOptions {
  readonly signer: Signer;
  readonly row: WorkspaceRow;
  readonly config: string;
  /** The workspace as it was just chosen for a new directory. */
  readonly chosen: MachineWorkspace | undefined;
  readonly now: () => number;
  readonly random?: ((bytes: number) => Uint8Array) | undefined;
  readonly transport?: Transport | undefined;
}

/**
 * Has a replica let in: by the secret of the workspace that this user has; where it was joined by a ticket, its
 * countersigner is asked. Throws `forbidden` when this user has no secret of the workspace, and what `requestAdmission`
 * does.
 */
export async function askIn(options: AskInOptions, replica: ReplicaKeys): Promise<AdmittedBy> {
  const { row, config, random = pooledRandom, transport } = options;
  const workspace = options.chosen ?? (await findMachineWorkspace(config, row.id));
  if (workspace?.id !== row.id)
    throw new CoterieError(
      'forbidden',
      `This replica is not admitted to the workspace ${row.id}, and this user has no secret of it.`,
      { hint: 'Open it as the user who made the workspace, or join it with: coterie join TICKET' },
    );
  const { joined, genesis } = workspace;
  const answer =
    joined &&
    (await askForAdmission({ config, workspace, replica, random, transport }).catch((error: unknown) => {
      throw withHint(error);
    }));
  return {
    genesis,
    members:
      joined?.sealed === undefined
        ? answer?.members
        : await readInvite(mailboxOf(workspace, joined, options), joined.invite),
    proof: await proveAdmission(workspace.machine, { workspace: workspace.id, ...replica }),
    invited: joined && answer && { invite: joined.invite, countersign: countersignOf(answer) },
    epochs: joined?.sealed?.epochs ?? [],
    // Named after who speaks through it: the id says nothing to people.
    name: row.as,
  };
}

/** The countersignature as an operation holds it: who is no replica brings its key, by which it is checked. */
const countersignOf = ({ countersign, key }: Admission): Countersign =>
  keyId(nodeCrypto, key) === countersign.replica ? { ...countersign, key } : countersign;

/** Where a workspace lies that was joined through a sealed relay. */
function mailboxOf(
  { id }: MachineWorkspace,
  { addresses, key, sealed }: Joined,
  options: AskInOptions,
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
