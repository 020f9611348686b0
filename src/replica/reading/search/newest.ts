import type { Hash } from '../../../../schemas/index.ts';
import type { MemoryState } from '../../../fold/types.ts';
import { keys } from '../../commit/rows.ts';
import { stateOf } from '../../ledger/state.ts';
import type { Reading } from '../context.ts';

/** Memories that say of this one that they replace it. */
export const replacing = async (reading: Reading, id: Hash): Promise<Hash[]> =>
  (await reading.database.under<string>(keys.superseded(id, ''))).map(([key]) =>
    key.slice(key.lastIndexOf('/') + 1),
  );

/** Who replaces a memory. */
type Replacing = (id: Hash) => Promise<readonly Hash[]> | readonly Hash[];

/** So many rows are read at once; where there are more each memory is looked up by itself. */
const most = 1000;

/** The same for many memories: one look where few were superseded at all, as a rule. */
export async function replacingMany(reading: Reading): Promise<Replacing> {
  const rows = await reading.database.under<string>(keys.superseded('', '').slice(0, -1), { limit: most });
  if (rows.length === most) return (id) => replacing(reading, id);
  const by = new Map<Hash, Hash[]>();
  for (const [key] of rows) {
    const [id = '', other = ''] = key.split('/').slice(-2);
    by.set(id, [...(by.get(id) ?? []), other]);
  }
  return (id) => by.get(id) ?? [];
}

/**
 * What stands for a memory now: the end of the line of those that superseded it, as far as `may` allows; of several that
 * superseded one apart, the newest. Where memories supersede each other in a circle the line ends before it closes.
 */
export async function newestOf(
  reading: Reading,
  replaced: Replacing,
  id: Hash,
  may: (id: Hash) => boolean,
): Promise<Hash> {
  const passed = new Set<Hash>([id]);
  let at = id;
  for (;;) {
    let next: MemoryState | undefined;
    for (const other of await replaced(at)) {
      const state = stateOf(reading, reading.database, other);
      if (state?.kind !== 'memory' || state.redacted || state.forgotten || passed.has(other) || !may(other))
        continue;
      if ((state.versions[0]?.stamp ?? '') > (next?.versions[0]?.stamp ?? '')) next = state;
    }
    if (next === undefined) return at;
    passed.add(next.id);
    at = next.id;
  }
}
