import {
  type Admission,
  type AdmissionRequest,
  CoterieError,
  type Hash,
  muxProtocol,
} from '../../../schemas/index.ts';
import type { InviteState } from '../../fold/types.ts';
import { answerBytes } from '../../machines/admission.ts';
import type { Host } from '../../machines/host.ts';
import { type Admitted, countersignBytes, keyId, proofBytes, type Signer } from '../../op/index.ts';
import type { Writing } from '../writing/context.ts';
import { type Countersigned, type InviteRow, inviteKey } from './invites.ts';

/** Replicas that one machine may bring in by one ticket. */
const replicasOfMachine = 64;

export interface CountersignOptions {
  readonly writing: Writing;
  readonly signer: Signer;
  readonly host: Host | undefined;
  /** The members log as it is here, causes first. */
  readonly membersLog: () => Promise<Admission['members']>;
  readonly now: () => number;
}

/**
 * Countersigns the admission of a new replica, as the one whom its invite names: nobody else looks at expiry and uses.
 * A use is counted durably before the answer; a repeat for the same keys is answered with the same countersignature,
 * and further replicas of a machine use the ticket no further. Rejects with `ticket_elsewhere`, `ticket_invalid`,
 * `ticket_expired`, `ticket_used`, `protocol_newer`.
 */
export async function countersign(
  options: CountersignOptions,
  invite: Hash,
  request: AdmissionRequest,
): Promise<Admission> {
  const { writing, host } = options;
  writing.allowed();
  const { versions } = request;
  if (!versions.some((version) => muxProtocol.versions.some((own) => own === version)))
    throw new CoterieError(
      'protocol_newer',
      `Who joins speaks version ${versions.join(', ')} of the protocol; this node speaks ${muxProtocol.versions.join(', ')}.`,
    );
  const state = inviteOf(options, invite, request.workspace);
  const admitted: Admitted = {
    workspace: writing.reading.workspace,
    key: request.key,
    encryption: request.encryption,
    seed: request.seed,
  };
  await prove(writing, state, request, admitted);
  const { at, sig } = await count(options, state, request, admitted);
  if (!host) throw new CoterieError('closed', 'The node is stopping.');
  return {
    countersign: { replica: state.countersigner, at, sig },
    members: await options.membersLog(),
    key: host.key,
    sig: await host.sign(answerBytes(request.nonce, sig)),
  };
}

/** Who signs for an invite: this replica, or the relay that it is a part of, by the key with which that listens. */
const signerFor = (
  { writing: { reading }, signer, host }: CountersignOptions,
  { countersigner }: InviteState,
): Pick<Signer, 'sign'> | undefined => {
  if (countersigner === reading.replica) return signer;
  return host && countersigner === keyId(reading.crypto, host.key) ? host : undefined;
};

function inviteOf(options: CountersignOptions, id: Hash, asked: Hash): InviteState {
  const { reading } = options.writing;
  const invite = reading.membership.state.invites.get(id);
  if (asked !== reading.workspace || invite === undefined || !signerFor(options, invite))
    throw new CoterieError('ticket_elsewhere', 'This node did not give out that ticket.');
  return invite;
}

async function prove(
  { reading: { crypto } }: Writing,
  invite: InviteState,
  request: AdmissionRequest,
  admitted: Admitted,
): Promise<void> {
  const bytes = proofBytes(admitted);
  const holds =
    request.seed === invite.seed &&
    (await crypto.verify(request.seed, bytes, request.proof)) &&
    (await crypto.verify(request.machine, bytes, request.vouched));
  if (!holds)
    throw new CoterieError('ticket_invalid', 'The admission is not signed by the seed of the ticket.');
}

/** Revocations that are here end it, whatever they reach back to: nobody new comes in by it. */
const isRevoked = (invite: InviteState): boolean => invite.grants.every(({ ended }) => ended.length > 0);

async function count(
  options: CountersignOptions,
  invite: InviteState,
  { machine, key, encryption }: AdmissionRequest,
  admitted: Admitted,
): Promise<Countersigned> {
  const { writing, now } = options;
  if (isRevoked(invite)) throw new CoterieError('ticket_expired', 'The ticket was revoked.');
  return writing.commits.write(async ({ draft }) => {
    // This replica may have taken another key since.
    inviteOf(options, invite.id, writing.reading.workspace);
    const signer = signerFor(options, invite);
    const row = await draft.getConfirmed<InviteRow>(inviteKey(invite.id));
    // A restored directory keeps no row of what was given out before: it does not know of the uses since its backup.
    if (!row || !signer)
      throw new CoterieError('ticket_elsewhere', 'This node does not know how often that ticket was used.');
    const own = row.machines[machine] ?? {};
    const before = own[key];
    if (before && before.encryption === encryption) return before;
    const at = now();
    if (at > invite.expires)
      throw new CoterieError(
        'ticket_expired',
        `The ticket ended at ${new Date(invite.expires).toISOString()}.`,
      );
    if (row.machines[machine] === undefined && Object.keys(row.machines).length >= invite.uses)
      throw new CoterieError(
        'ticket_used',
        invite.uses === 1
          ? 'The ticket was used already.'
          : `The ticket was used ${invite.uses} times already.`,
      );
    if (Object.keys(own).length >= replicasOfMachine)
      throw new CoterieError(
        'ticket_used',
        `One machine brings in at most ${replicasOfMachine} replicas by a ticket.`,
      );
    const made: Countersigned = {
      encryption,
      at,
      sig: await signer.sign(countersignBytes(admitted, invite.id, at)),
    };
    const machines = { ...row.machines, [machine]: { ...own, [key]: made } };
    draft.put(inviteKey(invite.id), { ...row, machines } satisfies InviteRow);
    return made;
  });
}
