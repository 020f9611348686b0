import type { Hash } from '../../../schemas/index.ts';
import { entryKey } from '../../op/index.ts';
import type { Work } from '../commit/commits.ts';
import { entryOf, keys, type OperationRow, type TwinRow } from '../commit/rows.ts';
import { checkSignatures } from './judging.ts';
import type { AbsorbContext } from './state.ts';
import { changeRow } from './turn.ts';

/**
 * Of an operation whose signature does not hold, the entry with the same header whose does, if one is here: it takes
 * the row, and the other stands as its twin. Returns the row with a signature that holds.
 */
export async function signedTwin(
  context: Pick<AbsorbContext, 'membership' | 'crypto'>,
  work: Work,
  hash: Hash,
  row: OperationRow,
): Promise<OperationRow | undefined> {
  if (!row.twins) return undefined;
  const { draft } = work;
  for (const [key, twin] of await draft.under<TwinRow>(`twin/${hash}/`)) {
    const signed = await checkSignatures(context, { ...entryOf(row), sig: twin.sig });
    if (signed !== 'holds') continue;
    const old = { sig: row.sig, segments: [row.segment, ...(row.also ?? [])] } satisfies TwinRow;
    draft.put(keys.twin(hash, entryKey(context.crypto, hash, row.sig)), old);
    draft.remove(key);
    const [segment = row.segment, ...also] = twin.segments;
    return changeRow(work, hash, {
      sig: twin.sig,
      segment,
      also: also.length > 0 ? also : undefined,
      unchecked: undefined,
    });
  }
  return undefined;
}
