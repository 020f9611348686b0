import type { Entry, Hash } from '../../../schemas/index.ts';
import { keyId, readEntry, selfKey, verifyAdmission, verifySignature } from '../../op/index.ts';
import type { Database } from '../commit/database.ts';
import { entryOf, keys, type OperationRow, type SegmentRow } from '../commit/rows.ts';
import type { AbsorbContext } from '../ledger/state.ts';
import type { Receiving } from './receive/receive.ts';

/** Credentials are few and small; more is no honest peer's. */
const most = 64;
/** They come before there is a session; those are numbered from 1 up, and from -1 down. */
const nobody = 0;

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

  const isHere = (hash: Hash): boolean => database.get(keys.operation(hash)) !== undefined;

  function idOf(publicKey: string): Hash | undefined {
    try {
      return keyId(crypto, publicKey);
    } catch {
      return undefined;
    }
  }

  function read(text: string): { entry: Entry; hash: Hash; key: Hash } | undefined {
    try {
      const found = readEntry(crypto, JSON.parse(text));
      if (!found.ok || found.entry.header.log !== 'members') return undefined;
      const of = found.entry.header.workspace === '' ? found.hash : found.entry.header.workspace;
      return of === workspace ? found : undefined;
    } catch {
      return undefined;
    }
  }

  /** True for an admission of this key by the owner's seed, which proves itself: whatever else is still to come. */
  async function isOwners({ header, sig }: Entry, publicKey: string): Promise<boolean> {
    if (header.type !== 'replica.admit' || selfKey(header) !== publicKey) return false;
    if (header.data['seed'] !== membership.state.owner) return false;
    if (!(await verifySignature(crypto, { header, sig }, publicKey))) return false;
    const proof = await verifyAdmission(crypto, header, (id) => membership.keyOf(id));
    return proof.state === 'holds';
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
      if (membership.state.replicas.has(id) || credentials.length > most) return 'stranger';
      const entries = credentials.map(read).filter((one) => one !== undefined);
      const vouching = await Promise.all(entries.map(({ entry }) => isOwners(entry, publicKey)));
      const vouched = vouching.includes(true);
      // Without anything of this workspace it is no peer's.
      if (!vouched && !entries.some(({ hash }) => isHere(hash))) return 'stranger';
      const fresh = entries.filter(({ hash }) => !isHere(hash));
      const newest = database.get<SegmentRow>(keys.segment('members'))?.n ?? 1;
      if (fresh.length > 0)
        await receiving.take(
          `log/members/${newest}`,
          fresh.map(({ key, entry }) => [key, JSON.stringify(entry)]),
          nobody,
        );
      if (isAdmitted(id)) return 'admitted';
      return vouched && !membership.state.replicas.has(id) ? 'admitted' : 'stranger';
    },
  };
}
