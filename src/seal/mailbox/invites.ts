import { type Admission, type AdmissionRequest, CoterieError, muxProtocol } from '../../../schemas/index.ts';
import { SealedInvite, type SealedJoined } from '../../../schemas/sealed.ts';
import { answerBytes } from '../../machines/admission.ts';
import { type Admitted, countersignBytes, proofBytes } from '../../op/index.ts';
import type { ToRelay } from '../wire.ts';
import { type Mailbox, Refusal } from './mailbox.ts';
import { type CountersignedRow, type InviteRow, inviteIndexKey, joinedKey, jsonRow } from './rows.ts';
import type { OwnSession } from './session.ts';
import { inviteWrite, isAdmin } from './state.ts';

type Asked<Type extends ToRelay['type']> = Extract<ToRelay, { readonly type: Type }>;

/** Replicas that one machine may bring in by one ticket. */
const replicasOfMachine = 64;

export function readInvite(text: string): SealedInvite {
  try {
    return SealedInvite.parse(JSON.parse(text));
  } catch {
    throw new Refusal('invalid', 'this is no invite');
  }
}

const same = (a: SealedInvite, b: SealedInvite): boolean =>
  a.workspace === b.workspace && a.seed === b.seed && a.uses === b.uses && a.expires === b.expires;

/**
 * Registers an invite that this relay countersigns, for who has a key. It is of one mailbox for good: who joined by it
 * could else register it anew, in a mailbox of its own and with more uses. Resolves once it is durable.
 */
export async function registerInvite(mailbox: Mailbox, key: string, asked: SealedInvite): Promise<void> {
  const { state, store, claims, limits } = mailbox;
  if (!isAdmin(state, key)) throw new Refusal('not_admin', 'an admin alone invites');
  const { invite } = asked;
  const index = await store.getConfirmed(inviteIndexKey(invite));
  const known = state.invites.get(invite);
  if (!known && (index || claims.has(invite)))
    throw new Refusal('exists', 'the invite is registered elsewhere');
  if (known && !same(known.registered, asked))
    throw new Refusal('exists', 'the invite is registered with other terms');
  const { head } = state;
  // What is known may still be on its way to the disk.
  if (known || !head) return mailbox.writeNow([]);
  if (head.invites >= limits.invites) throw new Refusal('quota', 'too many invites were registered');
  head.invites += 1;
  claims.add(invite);
  state.invites.set(invite, { registered: asked, revoked: false, machines: {} });
  mailbox.dirty();
  await mailbox.writeNow([inviteWrite(state, invite), [inviteIndexKey(invite), Buffer.from(state.id)]]);
  claims.delete(invite);
}

/** Ends an invite, for who has a key. Who came in by it stays. */
export async function endInvite(mailbox: Mailbox, key: string, invite: string): Promise<void> {
  const { state } = mailbox;
  if (!isAdmin(state, key)) throw new Refusal('not_admin', 'an admin alone ends an invite');
  const row = state.invites.get(invite);
  if (!row) throw new Refusal('not_found', 'there is no such invite');
  row.revoked = true;
  await mailbox.writeNow([inviteWrite(state, invite)]);
}

export async function register(
  mailbox: Mailbox,
  session: OwnSession,
  { tag, text }: Asked<'invite'>,
): Promise<void> {
  await registerInvite(mailbox, session.key, readInvite(text));
  session.send({ type: 'ok', tag });
}

export async function unregister(
  mailbox: Mailbox,
  session: OwnSession,
  { tag, invite }: Asked<'uninvite'>,
): Promise<void> {
  await endInvite(mailbox, session.key, invite);
  session.send({ type: 'ok', tag });
}

const elsewhere = (): CoterieError =>
  new CoterieError('ticket_elsewhere', 'This relay does not countersign that ticket.');

/** The countersignature that was given for these keys, or undefined where a use is to be counted. */
function usedBefore(
  { registered, revoked, machines }: InviteRow,
  { machine, key, encryption }: AdmissionRequest,
  now: number,
): CountersignedRow | undefined {
  if (revoked) throw new CoterieError('ticket_expired', 'The ticket was revoked.');
  const own = machines[machine];
  const before = own?.[key];
  if (before && before.encryption === encryption) return before;
  const { expires, uses } = registered;
  if (now > expires)
    throw new CoterieError('ticket_expired', `The ticket ended at ${new Date(expires).toISOString()}.`);
  if (!own && Object.keys(machines).length >= uses)
    throw new CoterieError(
      'ticket_used',
      uses === 1 ? 'The ticket was used already.' : `The ticket was used ${uses} times already.`,
    );
  if (own && Object.keys(own).length >= replicasOfMachine)
    throw new CoterieError(
      'ticket_used',
      `One machine brings in at most ${replicasOfMachine} replicas by a ticket.`,
    );
  return undefined;
}

/**
 * Countersigns who joins by an invite, and lets its key in until the next list. As a node does it, a use is durable
 * before the answer, a repeat for the same keys gets the same one, and a refusal is no use. The members log is not in the
 * answer: this relay can't read it.
 */
export async function countersignAt(
  mailbox: Mailbox,
  invite: string,
  request: AdmissionRequest,
): Promise<Admission> {
  const { state, crypto, signer } = mailbox;
  const { versions, workspace, key, encryption, seed } = request;
  if (!versions.some((version) => muxProtocol.versions.some((own) => own === version)))
    throw new CoterieError('protocol_newer', `Who joins speaks version ${versions.join(', ')} alone.`);
  const row = state.invites.get(invite);
  if (!row || row.registered.workspace !== workspace) throw elsewhere();
  const admitted: Admitted = { workspace, key, encryption, seed };
  const bytes = proofBytes(admitted);
  const holds =
    seed === row.registered.seed &&
    (await crypto.verify(seed, bytes, request.proof)) &&
    (await crypto.verify(request.machine, bytes, request.vouched));
  if (!holds)
    throw new CoterieError('ticket_invalid', 'The admission is not signed by the seed of the ticket.');
  if (state.admitted?.list.revoked.includes(key))
    throw new CoterieError('ticket_invalid', 'The key of this replica was revoked.');
  const made = await counted(mailbox, row, request, admitted);
  return {
    countersign: { replica: signer.id, at: made.at, sig: made.sig },
    members: [],
    key: signer.publicKey,
    sig: await signer.sign(answerBytes(request.nonce, made.sig)),
  };
}

async function counted(
  mailbox: Mailbox,
  { registered: { invite } }: InviteRow,
  request: AdmissionRequest,
  admitted: Admitted,
): Promise<CountersignedRow> {
  const { state, signer, counts, limits } = mailbox;
  const at = mailbox.now();
  const made: CountersignedRow = {
    encryption: request.encryption,
    at,
    sig: await signer.sign(countersignBytes(admitted, invite, at)),
  };
  // From here to the write nothing comes between, so no use is counted by two.
  const row = state.invites.get(invite);
  if (!row) throw elsewhere();
  const before = usedBefore(row, request, at);
  // Who was taken off the list does not come back by its old ticket.
  if (before) return before;
  const { machine, key, encryption, seed, proof, workspace } = request;
  const countersign = { replica: signer.id, at, sig: made.sig };
  const joined: SealedJoined = { key, encryption, workspace, invite, seed, machine, proof, countersign };
  const letIn = !state.admitted?.keys.has(key) && !state.joined.has(key);
  if (letIn && state.joined.size >= limits.joined)
    throw new CoterieError('busy', 'Too many joined since an admin was here.');
  const own = { ...row.machines[machine], [key]: made };
  state.invites.set(invite, { ...row, machines: { ...row.machines, [machine]: own } });
  if (letIn) state.joined.set(key, joined);
  const writes = letIn ? [jsonRow(joinedKey(state.id, key), joined)] : [];
  await mailbox.writeNow([inviteWrite(state, invite), ...writes]);
  counts.admissions += 1;
  if (letIn) mailbox.tell({ type: 'joined', text: JSON.stringify(joined) });
  return made;
}
