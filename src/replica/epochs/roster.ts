import type { Hash } from '../../../schemas/index.ts';
import type { MembersState } from '../../fold/types.ts';
import type { Roster } from '../../seal/link/port.ts';

/** Who belongs to the workspace, as a sealed relay is told. */
export function rosterOf({ members, replicas }: Pick<MembersState, 'members' | 'replicas'>): Roster {
  const admins = new Set<Hash>();
  for (const { role, replicas: hosts } of members.values())
    if (role === 'owner' || role === 'admin') for (const host of hosts) admins.add(host);
  const inForce: Roster['inForce'][number][] = [];
  const revoked: string[] = [];
  for (const { id, key, admissions } of replicas.values())
    if (admissions.every(({ ended }) => ended.length > 0)) revoked.push(key);
    else inForce.push({ id, key, admin: admins.has(id) });
  return { inForce, revoked };
}
