import type { Hash } from '../../../schemas/index.ts';
import { createClock } from '../../op/index.ts';
import type { Database } from '../commit/database.ts';
import { keys } from '../commit/rows.ts';
import type { WorkspaceRow } from './key.ts';
import { findMachineWorkspace, type MachineWorkspace, openMachineWorkspace } from './machine.ts';

/**
 * Whose a directory is: of its workspace for good once it holds that one's members log. Before that, when it is new or
 * every opening of it was refused so far, it is of the one that it was begun with while this user has a secret of that,
 * and else of the one that is named, made now if there is none.
 */
export async function settle(options: {
  readonly database: Pick<Database, 'getConfirmed'>;
  /** What the directory says. */
  readonly known: WorkspaceRow | undefined;
  readonly config: string;
  readonly as: string;
  readonly name: string | undefined;
  readonly replica: Hash;
  readonly now: () => number;
  readonly random: (bytes: number) => Uint8Array;
}): Promise<{ row: WorkspaceRow; chosen: MachineWorkspace | undefined; isNew: boolean }> {
  const { database, known, as, name, now, random } = options;
  if (known && (await database.getConfirmed(keys.segment('members'))) !== undefined)
    return { row: known, chosen: undefined, isNew: false };
  if (known && (name ?? known.name) === known.name) return begun(known, as);
  if (known && (await findMachineWorkspace(options.config, known.id))) return begun(known, as);
  const stamp = () => createClock({ now, random, replica: options.replica }).next();
  const chosen = await openMachineWorkspace({
    config: options.config,
    name: name ?? 'default',
    arbiter: options.replica,
    maker: as,
    now,
    random,
    stamp,
  });
  return { row: rowFor(chosen, as), chosen, isNew: true };
}

const begun = (known: WorkspaceRow, as: string) =>
  ({ row: { ...known, as }, chosen: undefined, isNew: true }) as const;

export const rowFor = ({ id, name, machine, maker }: MachineWorkspace, as: string): WorkspaceRow => ({
  id,
  name,
  machine: machine.publicKey,
  maker,
  as,
});
