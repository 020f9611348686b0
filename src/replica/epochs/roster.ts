import type { Hash } from '../../../schemas/index.ts';
import type { MembersState } from '../../fold/types.ts';
import type { Roster } from '../../seal/link/port.ts';
import type { Database } from '../commit/database.ts';
import { keys, type OperationRow } from '../commit/rows.ts';

/** Who belongs to the workspace, as a sealed relay is told. */
export function rosterOf(
  { epochs, members, replicas }: Pick<MembersState, 'epochs' | 'members' | 'replicas'>,
  database: Pick<Database, 'get'>,
): Roster {
  const admins = new Set<Hash>();
  for (const { role, replicas: hosts } of members.values())
    if (role === 'owner' || role === 'admin') for (const host of hosts) admins.add(host);
  const sealed = epochs.map(({ id }) => {
    const row = database.get<OperationRow>(keys.operation(id));
    return (row?.header.data['sealed'] ?? {}) as Readonly<Record<Hash, unknown>>;
  });
  const inForce: Roster['inForce'][number][] = [];
  const revoked: string[] = [];
  for (const { id, key, admissions } of replicas.values())
    if (admissions.every(({ ended }) => ended.length > 0)) revoked.push(key);
    else
      inForce.push({ id, key, admin: admins.has(id), late: sealed.some((one) => !Object.hasOwn(one, id)) });
  return { inForce, revoked };
}
