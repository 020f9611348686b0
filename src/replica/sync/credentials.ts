import type { Entry, Hash } from '../../../schemas/index.ts';
import { checkShape, keyId, readEntry, selfKey } from '../../op/index.ts';
import type { Database } from '../commit/database.ts';
import { entryOf, keys, type OperationRow, type SegmentRow } from '../commit/rows.ts';
import { sure } from '../commit/transaction.ts';
import { checkSignatures, isBlocked } from '../ledger/judging.ts';
import type { AbsorbContext } from '../ledger/state.ts';
import type { Receiving } from './receive/receive.ts';

/** They come before there is a session; those are numbered from 1 up, and from -1 down. */
const nobody = 0;

/** An entry that a peer showed. */
interface Brought {
  readonly entry: Entry;
  readonly hash: Hash;
  readonly key: Hash;
}

/** Who this replica is to others, and who they are to it. */
export function createCredentials(options: {
  readonly context: AbsorbContext;
  readonly database: Database;
  readonly receiving: Receiving;
  readonly workspace: Hash;
  /** This replica. */
  readonly self: { readonly id: Hash };
}) {
  const { context, database, receiving, workspace, self } = options;
  const { crypto, membership } = context;

  const isAdmitted = (id: Hash): boolean =>
    membership.state.replicas.get(id)?.admissions.some(({ ended }) => ended.length === 0) ?? false;

  const isHere = async (hash: Hash): Promise<boolean> =>
    (await sure<OperationRow>(database, keys.operation(hash))) !== undefined;

  function idOf(publicKey: string): Hash | undefined {
    try {
      return keyId(crypto, publicKey);
    } catch {
      return undefined;
    }
  }

  function read(text: string): Brought | undefined {
    try {
      const found = readEntry(crypto, JSON.parse(text));
      if (!found.ok || found.entry.header.log !== 'members') return undefined;
      return found.entry.header.workspace === workspace ? found : undefined;
    } catch {
      return undefined;
    }
  }

  /** The signatures of an entry hold, and nothing is wrong with its form; `later` where it waits for a later version. */
  async function formOf({ entry }: Brought): Promise<'whole' | 'later' | 'wrong'> {
    const { state } = checkShape(crypto, entry);
    if (state === 'rejected' || (await checkSignatures(context, entry)) !== 'holds') return 'wrong';
    return state === 'counted' ? 'whole' : 'later';
  }

  /** The invite that an admission names, if it is among what was brought, is not here, and may count. */
  async function inviteOf(admission: Brought, brought: readonly Brought[]): Promise<Brought | undefined> {
    const named = admission.entry.header.data['invite'];
    const invite = brought.find(({ hash }) => hash === named);
    // Who is not in force here has nothing stored by this door.
    if (invite?.entry.header.type !== 'invite.create' || !isAdmitted(invite.entry.header.replica))
      return undefined;
    return !(await isHere(invite.hash)) && (await formOf(invite)) === 'whole' ? invite : undefined;
  }

  /** Nothing that these name is missing here and among them. */
  async function isComplete(proof: readonly Brought[]): Promise<boolean> {
    const among = new Set(proof.map(({ hash }) => hash));
    for (const { entry } of proof)
      for (const one of entry.header.after) {
        if (among.has(one)) continue;
        const row = await sure<OperationRow>(database, keys.operation(one));
        if (!row || isBlocked(row.state)) return false;
      }
    return true;
  }

  /**
   * Of all that was brought the little that proves this key, looked at before anything is stored: its admission, and
   * the invite that this one names where that is not here. `vouched`: by the owner's seed, which proves itself, whatever
   * else is still to come.
   */
  async function proofOf(
    publicKey: string,
    id: Hash,
    brought: readonly Brought[],
  ): Promise<{ readonly entries: readonly Brought[]; readonly vouched: boolean } | undefined> {
    const admission = brought.find(
      ({ entry: { header } }) => header.type === 'replica.admit' && selfKey(header) === publicKey,
    );
    if (!admission) return undefined;
    const form = await formOf(admission);
    if (form === 'wrong') return undefined;
    const { data } = admission.entry.header;
    const vouched = data['seed'] === membership.state.owner;
    const invite = vouched ? undefined : await inviteOf(admission, brought);
    const entries = invite ? [invite, admission] : [admission];
    if (form === 'later' || !(await isComplete(entries))) return vouched ? { entries, vouched } : undefined;
    // Folding costs more than looking: whoever has no invite at all is not worth it.
    if (!vouched && !invite && !membership.state.invites.has(data['invite'] as Hash)) return undefined;
    const ops = entries.map(({ hash, entry: { header } }) => ({ hash, header, role: undefined }));
    return membership.wouldAdmit(id, ops) ? { entries, vouched } : undefined;
  }

  return {
    /** The genesis, this replica's admission, and the invite that it came by. */
    async own(): Promise<string[]> {
      const hashes = [workspace];
      const admission = membership.state.replicas.get(self.id)?.admitted;
      const row = admission === undefined ? undefined : database.get<OperationRow>(keys.operation(admission));
      const invite = row?.header.data['invite'];
      if (typeof invite === 'string') hashes.push(invite);
      if (admission !== undefined) hashes.push(admission);
      const rows = await database.getMany<OperationRow>(hashes.map(keys.operation));
      return rows.flatMap((one) => (one ? [JSON.stringify(entryOf(one))] : []));
    },

    async admit(
      publicKey: string,
      credentials: readonly string[],
    ): Promise<'admitted' | 'stranger' | 'self'> {
      const id = idOf(publicKey);
      if (id === undefined) return 'stranger';
      if (id === self.id) return 'self';
      if (isAdmitted(id)) return 'admitted';
      // Who was revoked stays out, whatever it brings.
      if (membership.state.replicas.has(id)) return 'stranger';
      const brought = credentials.map(read).filter((one) => one !== undefined);
      const proof = await proofOf(publicKey, id, brought);
      if (!proof) return 'stranger';
      const fresh: [Hash, string][] = [];
      for (const { hash, key, entry } of proof.entries)
        if (!(await isHere(hash))) fresh.push([key, JSON.stringify(entry)]);
      const newest = database.get<SegmentRow>(keys.segment('members'))?.n ?? 1;
      if (fresh.length > 0) await receiving.take(`log/members/${newest}`, fresh, nobody);
      if (isAdmitted(id)) return 'admitted';
      return proof.vouched && !membership.state.replicas.has(id) ? 'admitted' : 'stranger';
    },
  };
}
