import { type Hash, roles } from '../../../schemas/index.ts';
import { numberOf, recordOf, textOf, wordOf } from '../data.ts';
import { counted, rejected } from '../shared.ts';
import type { FrontierMap, Grant, MemberState, Narrowing, Op, Verdict } from '../types.ts';
import { beginTerm, notNext, seenTerm } from './change.ts';
import { type Folding, grant, keys, withRole } from './draft.ts';
import {
  isAtLeast,
  malformed,
  mayChange,
  noMember,
  notAllowed,
  roleOf,
  type Scene,
  target,
} from './scene.ts';
import { rank } from './standing.ts';

const types = ['replica.revoke', 'replica.unbind', 'role.demote', 'invite.revoke', 'arbiter.move'] as const;

/** Types that take something away, each with a frontier. */
export const narrowing = (type: string): Narrowing['type'] | undefined => types.find((one) => one === type);

/**
 * Narrows: what the operation saw of its target ends for all operations beyond the frontier. Narrowings are judged by
 * their own past alone and never cut one another, so that those made apart all apply.
 */
export function narrow(scene: Scene, type: Narrowing['type']): Verdict {
  const plan = plans[type](scene);
  if ('verdict' in plan) return plan.verdict;
  const { folding, op, past } = scene;
  const frontier = frontierOf(scene);
  // Grants that end together share one list of endings, which the folding owns.
  const lists = new Set(plan.ends.filter((one) => past.has(one.op)).map((one) => one.ended));
  for (const list of folding.ends.values()) if (lists.has(list)) list.push({ op: op.hash, frontier });
  settle(folding, op, { op: op.hash, type, target: plan.target, frontier });
  return counted;
}

/** What a narrowing that counts leaves in the draft, besides the endings. */
export function settle(folding: Folding, op: Op, narrowed: Narrowing): void {
  const { draft } = folding;
  draft.frontiers.push(narrowed);
  const { data } = op.header;
  if (narrowed.type === 'arbiter.move') beginTerm(folding, op, narrowed.target, numberOf(data, 'term') ?? 0);
  const role = wordOf(data, 'role', roles);
  const member = draft.members.get(narrowed.target);
  if (narrowed.type === 'role.demote' && role !== undefined && member !== undefined)
    withRole(draft, member, grant(folding, keys.op(op.hash), op.hash, role));
}

/** What a narrowing would do, or why it may not. */
type Plan =
  | { readonly verdict: Verdict }
  | { readonly target: Hash; readonly ends: readonly Grant<unknown>[] };

const refuse = (message: string): Plan => ({ verdict: notAllowed(message) });

const plans: Record<Narrowing['type'], (scene: Scene) => Plan> = {
  'replica.revoke': (scene) => {
    const { draft } = scene.folding;
    const id = textOf(scene.op.header.data, 'replica') ?? '';
    const replica = draft.replicas.get(id);
    if (replica === undefined || !replica.admissions.some((one) => scene.past.has(one.op)))
      return { verdict: rejected('not_found', 'it names no replica that it saw') };
    const hosted = [...draft.members.values()].filter((member) => hostedBy(scene, member, id));
    const owners = hosted.some((member) => roleOf(scene, member) === 'owner');
    const itself = scene.op.header.replica === id;
    if (!itself && !isAtLeast(scene.role, owners ? 'owner' : 'admin'))
      return refuse(`only an ${owners ? 'owner' : 'admin'} revokes this replica`);
    return { target: id, ends: replica.admissions };
  },

  'replica.unbind': (scene) => {
    const member = target(scene);
    const replica = textOf(scene.op.header.data, 'replica');
    if (member === undefined) return { verdict: noMember };
    if (!mayChange(scene, member)) return refuse('only the member itself or an admin unbinds a replica');
    return { target: member.id, ends: member.hosts.filter((host) => host.value === replica) };
  },

  'role.demote': (scene) => {
    const member = target(scene);
    const role = wordOf(scene.op.header.data, 'role', roles);
    if (member === undefined) return { verdict: noMember };
    if (role === undefined) return { verdict: malformed };
    if (!mayChange(scene, member)) return refuse('only an admin demotes, and only an owner an owner');
    const had = roleOf(scene, member);
    if (rank(role) >= rank(had)) return { verdict: rejected('illegal_move', `its role is ${had}`) };
    return { target: member.id, ends: member.roles };
  },

  'invite.revoke': (scene) => {
    const invite = scene.folding.draft.invites.get(textOf(scene.op.header.data, 'invite') ?? '');
    if (invite === undefined || !scene.past.has(invite.id))
      return { verdict: rejected('not_found', 'it names no invite that it saw') };
    if (invite.by !== scene.op.header.member && !isAtLeast(scene.role, 'admin'))
      return refuse('only who invited or an admin revokes an invite');
    return { target: invite.id, ends: invite.grants };
  },

  'arbiter.move': (scene) => {
    const to = textOf(scene.op.header.data, 'to');
    const term = numberOf(scene.op.header.data, 'term');
    if (to === undefined || term === undefined) return { verdict: malformed };
    if (!isAtLeast(scene.role, 'admin')) return refuse('only an admin moves the arbiter');
    const current = seenTerm(scene);
    if (current !== undefined && term !== current.term + 1) return { verdict: notNext(current.term) };
    return { target: to, ends: [] };
  },
};

const hostedBy = (scene: Scene, member: MemberState, replica: Hash): boolean =>
  member.hosts.some((host) => host.value === replica && scene.sight(host) === 'holds');

function frontierOf(scene: Scene): FrontierMap {
  const frontier: Record<Hash, Record<string, readonly Hash[]>> = {};
  const data = recordOf(scene.op.header.data, 'frontier') ?? {};
  for (const replica of Object.keys(data)) {
    const logs = recordOf(data, replica) ?? {};
    const row: Record<string, readonly Hash[]> = {};
    for (const [log, hashes] of Object.entries(logs))
      if (Array.isArray(hashes)) row[log] = hashes.filter((hash) => typeof hash === 'string');
    frontier[replica] = row;
  }
  return frontier;
}
