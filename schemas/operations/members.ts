import { z } from 'zod';
import { DisplayName, Handle, Hash, Millis, PublicKey, Signature } from '../primitives.ts';
import { memberKinds, Role } from '../values.ts';
import { Frontier, type } from './define.ts';

const kind = z.enum(memberKinds);

/** The members log: who and what belongs to the workspace. The whole log counts as one subject. */
export const membersOperations = {
  /**
   * The first operation. Signed by the machine key that it names as owner, so it proves itself; its hash is the
   * workspace id. `replica` is the hash of that key. `arbiter` is the replica that made it.
   */
  'workspace.genesis': type(
    'members',
    'creation',
    { name: DisplayName, owner: PublicKey, arbiter: Hash, nonce: Hash },
    { replicaSpeaks: true },
  ),
  /**
   * A replica's key is admitted: signed by that key (`header.replica` is its hash) and, in `proof`, by the seed that
   * vouches: a machine key or an invite's, over canonical({ workspace, key, encryption, seed }). For an invite the
   * countersigner signs the same in `countersign`, with the time it checked the expiry; one that is no replica, as a sealed
   * relay, with its `key`, whose hash `replica` is.
   */
  'replica.admit': type(
    'members',
    'creation',
    {
      key: PublicKey,
      /** X25519, for sealing key epochs to this replica. */
      encryption: PublicKey,
      seed: PublicKey,
      proof: Signature,
      invite: Hash.optional(),
      countersign: z
        .strictObject({ replica: Hash, at: Millis, sig: Signature, key: PublicKey.optional() })
        .optional(),
      name: DisplayName.optional(),
    },
    { replicaSpeaks: true },
  ),
  /** Cuts all operations of a replica beyond the frontier. */
  'replica.revoke': type(
    'members',
    'workspace',
    { replica: Hash, frontier: Frontier },
    { body: { reason: z.string().max(2048).optional() } },
  ),
  /** The replica hosts a member from now on. */
  'replica.bind': type('members', 'member', { replica: Hash }, { replicaSpeaks: true }),
  'replica.unbind': type('members', 'member', { replica: Hash, frontier: Frontier }),
  /**
   * A member. With `machine` its id is hash(canonical([workspace, machine, handle])), so one handle on one machine is
   * one member, whoever writes it first, and the writing replica hosts it. Without, it is imported history's author:
   * its id is the operation's hash and nobody speaks for it.
   */
  'member.create': type(
    'members',
    'creation',
    { handle: Handle, kind, machine: PublicKey.optional(), role: Role.optional() },
    { body: { name: DisplayName.optional() }, replicaSpeaks: true },
  ),
  'member.update': type(
    'members',
    'member',
    { handle: Handle.optional(), kind: kind.optional() },
    { body: { name: DisplayName.optional() } },
  ),
  /** Widens; without time. */
  'role.grant': type('members', 'member', { role: Role }),
  /** Narrows; what counts before it is the frontier. */
  'role.demote': type('members', 'member', { role: Role, frontier: Frontier }),
  'arbiter.handover': type(
    'members',
    'workspace',
    {
      to: Hash,
      term: z.int().min(1),
      /** Every live grant with its latest promised deadline. */
      grants: z.array(z.strictObject({ task: Hash, grant: Hash, until: Millis })).max(10_000),
    },
    { replicaSpeaks: true },
  ),
  'arbiter.move': type('members', 'workspace', { to: Hash, term: z.int().min(1), frontier: Frontier }),
  /** A ticket's seed. `countersigner` alone checks expiry and uses. */
  'invite.create': type('members', 'creation', {
    seed: PublicKey,
    role: Role,
    expires: Millis,
    uses: z.int().min(1).max(10_000),
    countersigner: Hash,
    handle: Handle.optional(),
  }),
  'invite.revoke': type('members', 'workspace', { invite: Hash, frontier: Frontier }),
  /**
   * A key epoch; its id is this operation's hash. Its secret is sealed to the X25519 keys of replicas, base64url, as many
   * as fit: others are given it by those who have it, and know it by `check` (SLR-6).
   */
  'epoch.begin': type('members', 'creation', { sealed: z.record(Hash, z.string().max(256)), check: Hash }),
  'group.create': type('members', 'creation', { handle: Handle, members: z.array(Hash).max(500) }),
  'group.update': type('members', 'group', {
    handle: Handle.optional(),
    add: z.array(Hash).max(500).optional(),
    remove: z.array(Hash).max(500).optional(),
  }),
} as const;
