import type { Hash, Role } from '../../../schemas/index.ts';
import { rejected } from '../shared.ts';
import type { Grant, MemberState, Op, Past, Verdict } from '../types.ts';
import type { Folding } from './draft.ts';
import { rank, roleIn, type Sight } from './standing.ts';

/** Id of a member of a machine: a hash of workspace, machine key and handle. Passed in, for folds do not hash. */
export type MemberId = (workspace: Hash, machine: string, handle: string) => Hash;

/** One operation of the members log and what it is judged by. */
export interface Scene {
  readonly folding: Folding;
  readonly op: Op;
  readonly past: Pick<Past, 'has'>;
  readonly sight: Sight;
  /** Role of the member that speaks; undefined where the replica speaks for itself. */
  readonly role: Role | undefined;
  readonly memberId: MemberId;
}

export const isAtLeast = (role: Role | undefined, least: Role): boolean => rank(role) >= rank(least);

/** The subject as a member that the operation's past shows. */
export function target(scene: Scene): MemberState | undefined {
  const member = scene.folding.draft.members.get(scene.op.header.subject);
  return member !== undefined && known(scene, [...member.hosts, ...member.roles]) ? member : undefined;
}

/** True when the past shows any of these, in force or not. */
export const known = (scene: Scene, grants: readonly Grant<unknown>[]): boolean =>
  grants.some((grant) => scene.past.has(grant.op));

export const roleOf = (scene: Scene, member: MemberState): Role =>
  roleIn(member.roles, scene.sight) ?? 'reader';

/**
 * May the speaker change this member? It may change itself; an admin changes others, but only an owner an owner.
 */
export function mayChange(scene: Scene, member: MemberState): boolean {
  if (scene.op.header.member === member.id) return true;
  return isAtLeast(scene.role, roleOf(scene, member) === 'owner' ? 'owner' : 'admin');
}

export const noMember: Verdict = rejected('not_found', 'it names no member that it saw');
export const notAllowed = (message: string): Verdict => rejected('permission', message);
export const malformed: Verdict = rejected('schema', 'its data has another shape');
