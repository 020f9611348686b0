import type { Hash, Role } from '../../schemas/index.ts';
import { rank } from '../fold/members/standing.ts';
import type { MemberState } from '../fold/types.ts';
import { nodeCrypto } from '../keys/node.ts';
import { keyId } from '../op/index.ts';
import type { Reading } from './reading/context.ts';
import type { Surface } from './surface.ts';
import type { WorkspaceRow } from './workspace/bootstrap.ts';
import { type Actor, refuseForeign } from './writing/context.ts';

/** A member as a door knows it. */
export interface Known {
  readonly id: Hash;
  readonly handle: string;
  readonly role: Role;
}

/** What membership says now of those who knock at a door of this replica. */
export interface Standing {
  /** A replica by its public key, and whether it is in force. */
  replica(publicKey: string): { readonly id: Hash; readonly is: 'admitted' | 'revoked' | 'unknown' };
  /** The members that a replica speaks for. */
  hostedBy(replica: Hash): readonly Known[];
  /**
   * The member that this replica would speak as under a handle of its own machine, with the role that it has, or would
   * get with its first write. Undefined when this replica was unbound from it.
   */
  own(handle: string): Known | undefined;
  /** The verbs as a member of any machine. What this replica may not sign for is refused as `forbidden`. */
  speakAs(member: Known): Surface;
}

const offered = new WeakMap<object, Standing>();

/** Undefined for a stand-in of a test. */
export const standingOf = (replica: object): Standing | undefined => offered.get(replica);
/** Called once, at opening. */
export const offerStanding = (replica: object, standing: Standing): void =>
  void offered.set(replica, standing);

/** Where this replica does not speak for the member, it says nothing of it either. */
const silent = (surface: Surface, actor: Actor): Surface => ({
  ...surface,
  acknowledge: async (input) => (actor.foreign ? refuseForeign(actor) : surface.acknowledge(input)),
  presence: {
    ...surface.presence,
    set: async (input) => (actor.foreign ? refuseForeign(actor) : surface.presence.set(input)),
  },
});

export function createStanding(options: {
  readonly reading: Pick<Reading, 'membership' | 'replica'>;
  /** Public key of this replica's machine, and the handle that made the workspace where it owns it. */
  readonly workspace: Pick<WorkspaceRow, 'machine' | 'maker'>;
  readonly actorOf: (handle: string) => Actor;
  readonly surface: (actor: Actor) => Surface;
}): Standing {
  const { workspace, actorOf } = options;
  const { membership } = options.reading;
  const { machine, maker } = workspace;
  const state = () => membership.state;

  const known = ({ id, role }: MemberState): Known => ({
    id,
    role,
    handle: membership.person(id).handle,
  });

  /** As the fold gives it to the first write of a member of this machine. */
  function roleToCome(handle: string): Role {
    if (state().owner === machine) return handle === maker ? 'owner' : 'member';
    let most: Role = 'reader';
    for (const { seed, role, grants } of state().invites.values())
      if (seed === machine && grants.some(({ ended }) => ended.length === 0) && rank(role) > rank(most))
        most = role;
    return rank(most) > rank('member') ? 'member' : most;
  }

  return {
    replica(publicKey) {
      const id = keyId(nodeCrypto, publicKey);
      const admissions = state().replicas.get(id)?.admissions;
      if (admissions === undefined) return { id, is: 'unknown' };
      return { id, is: admissions.some(({ ended }) => ended.length === 0) ? 'admitted' : 'revoked' };
    },
    hostedBy: (replica) =>
      [...state().members.values()].filter(({ replicas }) => replicas.includes(replica)).map(known),
    own(handle) {
      const id = actorOf(handle).id;
      const member = state().members.get(id);
      if (member === undefined) return { id, handle, role: roleToCome(handle) };
      const self = options.reading.replica;
      const unbound = member.hosts.some(({ value, ended }) => value === self && ended.length > 0);
      return unbound && !member.replicas.includes(self) ? undefined : known(member);
    },
    speakAs({ id, handle }) {
      const actor: Actor = {
        id,
        handle,
        kind: 'agent',
        get foreign() {
          return !state().members.get(id)?.replicas.includes(options.reading.replica);
        },
      };
      return silent(options.surface(actor), actor);
    },
  };
}
