import type { Hash } from '../../../schemas/index.ts';
import type { Work } from '../commit/commits.ts';
import type { Database } from '../commit/database.ts';
import { entryOf, keys, type OperationRow } from '../commit/rows.ts';
import { evaluate } from './absorb.ts';
import { enchain } from './chain.ts';
import { checkSignatures } from './judging.ts';
import { type AbsorbContext, owe } from './state.ts';
import { changeRow, waitersOf } from './turn.ts';
import { signedTwin } from './twins.ts';

/** Operations that one write judges again; the rest is left to following ones. */
export interface ReleaseBudget {
  left: number;
}

export const releaseBudget = (): ReleaseBudget => ({ left: 200 });

/** Judges again what waits under these names, and what that lets go in turn. */
export async function release(
  context: AbsorbContext,
  work: Work,
  names: readonly string[],
  breathe: () => Promise<void> = async () => undefined,
  budget = releaseBudget(),
): Promise<void> {
  const { draft } = work;
  const open = [...names];
  for (let name = open.shift(); name !== undefined; name = open.shift()) {
    if (!context.awaited.has(name)) continue;
    for (const hash of await waitersOf(draft, name)) {
      if (budget.left-- <= 0) {
        owe(context, work, 'release', name);
        break;
      }
      open.push(...(await again(context, work, hash)));
      await breathe();
    }
  }
}

/** Judges one waiting operation again. */
export async function again(context: AbsorbContext, work: Work, hash: Hash): Promise<string[]> {
  const { draft } = work;
  let row = draft.get<OperationRow>(keys.operation(hash));
  if (row?.state?.state !== 'waiting') return [];
  const was = row.state;
  const op = { hash, header: row.header, body: row.body };
  let unread: readonly Hash[] = [];
  if (row.unchecked) {
    const signed = await checkSignatures(context, entryOf(row));
    if (signed === 'holds') {
      row = (await changeRow(work, hash, { unchecked: undefined })) ?? row;
      unread = await enchain(draft, op, 'waits');
    } else if (signed === 'fails') {
      const twin = await signedTwin(context, work, hash, row);
      if (twin) {
        unread = await enchain(draft, op, 'waits');
        return evaluate(context, work, op, twin, was, unread);
      }
      const flaw = { reason: 'signature' as const, message: 'its signature does not hold' };
      row = (await changeRow(work, hash, { unchecked: undefined, flaw })) ?? row;
    }
  }
  return evaluate(context, work, op, row, was, unread);
}

/** What operations wait for, as the rows say. */
export async function listAwaited(database: Pick<Database, 'under'>, awaited: Set<string>): Promise<void> {
  for (const [key] of await database.under<number>('v/waitingfor/')) awaited.add(key.split('/')[2] ?? '');
}
