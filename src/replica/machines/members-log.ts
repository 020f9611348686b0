import type { Admission, Hash } from '../../../schemas/index.ts';
import { type Causality, compare, type Ordered, order } from '../../fold/order.ts';
import { keyId, selfKey } from '../../op/index.ts';
import { entryOf, keys, type OperationRow } from '../commit/rows.ts';
import { operationsOf } from '../ledger/chain.ts';
import type { Reading } from '../reading/context.ts';

/** The order of before, and what it rests on. */
interface Known {
  readonly graph: Causality<Ordered>;
  /** Whose key each admission brings. */
  readonly admissions: Map<Hash, Hash>;
  /** Replicas that something is signed by. */
  readonly signers: Set<Hash>;
}

const signersOf = ({ header }: OperationRow): Hash[] => {
  const countersigner = (header.data['countersign'] as { replica?: Hash } | undefined)?.replica;
  const self = selfKey(header) === undefined ? header.replica : undefined;
  return [self, countersigner].filter((replica) => replica !== undefined);
};

/**
 * The members log as it is here, causes first: whoever reads it so knows each key before what is signed by it. That is not
 * the order in which it came, where it came from others. What is malformed is left out; it comes by sync. The order is
 * kept, and followed by what is new: of many admissions none sorts the log again.
 */
export function createMembersLog(
  { database, crypto }: Pick<Reading, 'database' | 'crypto'>,
  workspace: Hash,
): () => Promise<Admission['members']> {
  let known: Known | undefined;

  const placed = (hash: Hash, row: OperationRow, admissions: ReadonlyMap<Hash, Hash>): Ordered => {
    const admitted = signersOf(row).map((replica) => admissions.get(replica));
    const after = [...row.header.after, row.header.prev, ...admitted.filter((one) => one !== undefined)];
    return { hash, header: { stamp: row.header.stamp, after } };
  };

  function anew(sound: ReadonlyMap<Hash, OperationRow>): Known {
    const admissions = new Map<Hash, Hash>();
    const signers = new Set<Hash>();
    for (const [hash, row] of sound) {
      const own = selfKey(row.header);
      if (own !== undefined) admissions.set(keyId(crypto, own), hash);
      for (const replica of signersOf(row)) signers.add(replica);
    }
    const all = [...sound].map(([hash, row]) => placed(hash, row, admissions));
    return { graph: order(all, workspace), admissions, signers };
  }

  /** Takes in what is new; false where something of before would stand elsewhere. */
  function follow({ graph, admissions, signers }: Known, sound: ReadonlyMap<Hash, OperationRow>): boolean {
    if (graph.ops.some(({ hash }) => !sound.has(hash))) return false;
    const fresh = [...sound].filter(([hash]) => !graph.indexOf.has(hash));
    for (const [hash, row] of fresh) {
      const own = selfKey(row.header);
      const replica = own === undefined ? undefined : keyId(crypto, own);
      if (replica === undefined) continue;
      if (admissions.has(replica) || signers.has(replica)) return false;
      admissions.set(replica, hash);
    }
    const ranked = fresh.map(([hash, row]) => placed(hash, row, admissions)).sort(compare);
    for (const [, row] of fresh) for (const replica of signersOf(row)) signers.add(replica);
    return ranked.every((op) => graph.append(op));
  }

  return async () => {
    const hashes = await operationsOf(database, 'members');
    const rows = await database.getMany<OperationRow>(hashes.map(keys.operation));
    const sound = new Map<Hash, OperationRow>();
    for (const [at, hash] of hashes.entries()) {
      const row = rows[at];
      if (row && !row.flaw) sound.set(hash, row);
    }
    if (!known || !follow(known, sound)) known = anew(sound);
    return known.graph.ops.flatMap(({ hash }) => {
      const row = sound.get(hash);
      return row ? [{ segment: row.segment, entry: entryOf(row) }] : [];
    });
  };
}
