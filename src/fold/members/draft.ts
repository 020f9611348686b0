import type { Hash, Role } from '../../../schemas/index.ts';
import type {
  Ending,
  EpochState,
  Grant,
  GroupState,
  InviteState,
  MemberState,
  MembersState,
  Narrowing,
  ReplicaState,
  Term,
} from '../types.ts';
import { roleIn, type Sight } from './standing.ts';

/**
 * What ended each grant. Grants share a key where ending one must end the others too: a replica that is revoked is
 * not admitted again by the same seed, and a member that is demoted does not rise by being created again elsewhere.
 */
export type Ends = Map<string, Ending[]>;

/** A members log while it is folded. It changes in place; what it holds of one member or replica never does. */
export interface Draft extends MembersState {
  workspace: Hash;
  name: string;
  owner: string;
  arbiter: Hash;
  heads: readonly Hash[];
  readonly replicas: Map<Hash, ReplicaState>;
  readonly members: Map<Hash, MemberState>;
  readonly invites: Map<Hash, InviteState>;
  readonly groups: Map<Hash, GroupState>;
  readonly epochs: EpochState[];
  readonly terms: Term[];
  readonly frontiers: Narrowing[];
}

/** A draft, and what only the fold needs to know. */
export interface Folding {
  readonly draft: Draft;
  readonly ends: Ends;
  /** Creations of members by the owner's machine. */
  readonly owned: Hash[];
  /** Who wrote each operation. */
  readonly authors: Map<Hash, Hash>;
}

export const begin = (ends: Ends = new Map()): Folding => ({
  draft: {
    workspace: '',
    name: '',
    owner: '',
    arbiter: '',
    heads: [],
    replicas: new Map(),
    members: new Map(),
    invites: new Map(),
    groups: new Map(),
    epochs: [],
    terms: [],
    frontiers: [],
  },
  ends,
  owned: [],
  authors: new Map(),
});

/** Keys by which grants end together. */
export const keys = {
  admission: (replica: Hash, seed: string) => `admission ${replica} ${seed}`,
  creationRole: (member: Hash) => `role ${member}`,
  creationHost: (member: Hash, replica: Hash) => `host ${member} ${replica}`,
  op: (op: Hash) => `op ${op}`,
};

/** What ended the grants of a key: one list for all of them, so that a later ending reaches each. */
export function endsOf(ends: Ends, key: string): Ending[] {
  const known = ends.get(key);
  if (known !== undefined) return known;
  const fresh: Ending[] = [];
  ends.set(key, fresh);
  return fresh;
}

export const grant = <T>(folding: Folding, key: string, op: Hash, value: T): Grant<T> => ({
  op,
  value,
  ended: endsOf(folding.ends, key),
});

const now: Sight = ({ ended }) => (ended.length === 0 ? 'holds' : 'ended');

/** Stores a member with what follows from its grants. */
export function putMember(draft: Draft, member: Omit<MemberState, 'role' | 'replicas'>): void {
  const replicas = member.hosts.filter((host) => now(host) === 'holds').map((host) => host.value);
  draft.members.set(member.id, {
    ...member,
    role: roleIn(member.roles, now) ?? 'reader',
    replicas: [...new Set(replicas)],
  });
}

export const withRole = (draft: Draft, member: MemberState, role: Grant<Role>): void =>
  putMember(draft, { ...member, roles: [...member.roles, role] });

export const withHost = (draft: Draft, member: MemberState, host: Grant<Hash>): void =>
  putMember(draft, { ...member, hosts: [...member.hosts, host] });

/** Stores a replica with one more admission. The first in force is the one that is shown. */
export function admit(
  draft: Draft,
  replica: Omit<ReplicaState, 'seed' | 'admitted' | 'admissions'>,
  admission: Grant<string>,
): void {
  const admissions = [...(draft.replicas.get(replica.id)?.admissions ?? []), admission];
  const shown = admissions.find((one) => now(one) === 'holds') ?? admissions[0] ?? admission;
  const known = draft.replicas.get(replica.id) ?? replica;
  draft.replicas.set(replica.id, { ...known, seed: shown.value, admitted: shown.op, admissions });
}

/** The term that holds: the highest, then the highest hash. */
export function currentTerm(terms: readonly Term[]): Term | undefined {
  let current: Term | undefined;
  for (const term of terms) if (current === undefined || isLater(term, current)) current = term;
  return current;
}

/** True for a term that holds against another one. */
export const isLater = (one: Pick<Term, 'term' | 'op'>, other: Pick<Term, 'term' | 'op'>): boolean =>
  one.term > other.term || (one.term === other.term && one.op > other.op);
