import type { Hash } from '../../../schemas/index.ts';
import { keyId, verifySignature } from '../../op/index.ts';
import type { CheckedEntry } from '../../sync/guard/index.ts';
import { keys, type OperationRow } from '../commit/rows.ts';
import { checkSignatures, keyFor, type Signed } from '../ledger/judging.ts';
import type { AbsorbContext } from '../ledger/state.ts';

/** An entry from elsewhere, and what its signature says. */
export interface Looked extends CheckedEntry {
  readonly signed: Signed;
}

type Context = Pick<AbsorbContext, 'membership' | 'crypto'>;

/**
 * Checks the signatures of entries, many at a time and off this thread. A replica is named by the hash of its key, so
 * a key that an admission among them brings is the right one, whoever admitted it. What is stored here with the same
 * signature is not checked again.
 */
export async function checkAll(
  context: Context & { readonly stored: (hash: Hash) => OperationRow | undefined },
  entries: readonly CheckedEntry[],
): Promise<Looked[]> {
  const brought = new Map<Hash, string>();
  for (const { entry } of entries) {
    const key = entry.header.type === 'replica.admit' ? entry.header.data['key'] : undefined;
    if (typeof key !== 'string' || key.length !== 43) continue;
    try {
      brought.set(keyId(context.crypto, key), key);
    } catch {
      // No key: its operation will not hold.
    }
  }
  return Promise.all(
    entries.map(async (one): Promise<Looked> => {
      const known = context.stored(one.hash);
      if (known && known.sig === one.entry.sig && !known.unchecked)
        return { ...one, signed: known.flaw?.reason === 'signature' ? 'fails' : 'holds' };
      const { header } = one.entry;
      const key = brought.get(header.replica);
      if (key !== undefined && header.type !== 'replica.admit' && keyFor(context, header) === undefined)
        return {
          ...one,
          signed: (await verifySignature(context.crypto, one.entry, key, one.signedBytes))
            ? 'holds'
            : 'fails',
        };
      return { ...one, signed: await checkSignatures(context, one.entry, one.signedBytes) };
    }),
  );
}

/** The row of an operation, as the disk has it. */
export const storedIn =
  (database: { get<T>(key: string): T | undefined }) =>
  (hash: Hash): OperationRow | undefined =>
    database.get<OperationRow>(keys.operation(hash));
