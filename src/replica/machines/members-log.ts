import type { Admission, Hash } from '../../../schemas/index.ts';
import { order } from '../../fold/order.ts';
import { keyId, selfKey } from '../../op/index.ts';
import { entryOf, keys, type OperationRow } from '../commit/rows.ts';
import { operationsOf } from '../ledger/chain.ts';
import type { Reading } from '../reading/context.ts';

/**
 * The members log as it is here, causes first: whoever reads it so knows each key before what is signed by it. That is not
 * the order in which it came, where it came from others. What is malformed is left out; it comes by sync.
 */
export async function membersLog(
  { database, crypto }: Pick<Reading, 'database' | 'crypto'>,
  workspace: Hash,
): Promise<Admission['members']> {
  const hashes = await operationsOf(database, 'members');
  const rows = await database.getMany<OperationRow>(hashes.map(keys.operation));
  const sound = hashes.flatMap((hash, at) => {
    const row = rows[at];
    return row && !row.flaw ? [{ hash, row }] : [];
  });
  const admissions = new Map<Hash, Hash>();
  for (const { hash, row } of sound) {
    const own = selfKey(row.header);
    if (own !== undefined) admissions.set(keyId(crypto, own), hash);
  }
  const causes = ({ header }: OperationRow): Hash[] => {
    const countersigner = (header.data['countersign'] as { replica?: Hash } | undefined)?.replica;
    const signers = [selfKey(header) === undefined ? header.replica : undefined, countersigner];
    const admitted = signers.map((replica) => replica && admissions.get(replica));
    return [...header.after, header.prev, ...admitted.filter((hash) => hash !== undefined)];
  };
  const { ops } = order(
    sound.map(({ hash, row }) => ({ hash, row, header: { stamp: row.header.stamp, after: causes(row) } })),
    workspace,
  );
  return ops.map(({ row }) => ({ segment: row.segment, entry: entryOf(row) }));
}
