import { z } from 'zod';
import { Entry } from '../operation.ts';
import { Handle, Hash, Millis, PublicKey, Signature } from '../primitives.ts';
import { Role } from '../values.ts';
import { list, Person, page, Time } from './common.ts';

/** Where a node listens, or a workspace of a readable relay: an origin, with `/w/<workspace>` at most behind it. */
export const Address = z
  .string()
  .max(256)
  .regex(/^https?:\/\/[^\s/?#@]+(?:\/w\/[a-z2-7]{26})?$/, 'an address is http://host:port');

/** Bytes of a package. */
const packageBytes = 32 * 1024;

/** What a ticket stands for, sealed with a key that only who has the ticket knows. */
export const Package = z.strictObject({
  /** base64url. */
  sealed: z
    .string()
    .regex(/^[A-Za-z0-9_-]*$/)
    .max(Math.ceil((packageBytes * 4) / 3)),
  /** When it may be forgotten, ms. */
  expires: Millis,
});
export type Package = z.infer<typeof Package>;

export const InviteCreate = z.strictObject({
  /** What members of who joins may be at most; `member` unless said. */
  role: Role.optional(),
  /** When the ticket ends; seven days from now unless said. */
  expires: Time.optional(),
  /** How many machines may join by it; 1 unless said. */
  uses: z.int().min(1).max(10_000).optional(),
  /** For whom it is. */
  handle: Handle.optional(),
  /** Where the node is reached, in place of where it listens: through a tunnel, or from another machine. */
  addresses: z.array(Address).min(1).max(8).optional(),
  /**
   * Whom who joins asks: the URL of a relay that is a remote, or `node` for this one. Unless said the first relay that was
   * added and is linked, and this node where there is none.
   */
  at: z.string().max(256).optional(),
});
export type InviteCreate = z.infer<typeof InviteCreate>;

export const Invitation = z.strictObject({
  /** The text that who joins needs. Whoever has it can join: send it as you would a password. */
  ticket: z.string(),
  invite: z.string(),
  /** Whether what answers there is a replica, or a relay that keeps what it can't read. */
  relay: z.enum(['readable', 'sealed']),
  role: Role,
  expires: Time,
  uses: z.int(),
});
export type Invitation = z.infer<typeof Invitation>;

/** An invite, as the members log and the rows here show it. Its ticket is shown once, when it is made. */
export const InviteInfo = z.strictObject({
  id: z.string(),
  role: Role,
  expires: Time,
  uses: z.int(),
  /** Machines that joined by it; null where another replica counts them. */
  used: z.int().nullable(),
  by: Person,
  /** The replica that countersigns who joins by it. */
  countersigner: z.string(),
  /** Replicas that came in by it. */
  replicas: z.array(z.string()),
  revoked: z.strictObject({ by: Person, at: Time, operation: z.string() }).nullable(),
});
export type InviteInfo = z.infer<typeof InviteInfo>;
export const InviteList = list(InviteInfo);
export const InvitesQuery = z.strictObject({ ...page });

/** A new replica asks the countersigner of its invite. */
export const AdmissionRequest = z.strictObject({
  /** Protocol versions that the new replica speaks. */
  versions: z.array(z.int().min(1)).min(1).max(16),
  workspace: Hash,
  /** Ed25519 and X25519 keys of the new replica. */
  key: PublicKey,
  encryption: PublicKey,
  /** Public key of the ticket's seed, and its signature over canonical({ workspace, key, encryption, seed }). */
  seed: PublicKey,
  proof: Signature,
  /** Key of the machine that joins, which is what uses are counted by, and its signature over the same. */
  machine: PublicKey,
  vouched: Signature,
  /** Random; the answer is signed with it. */
  nonce: z.string().min(16).max(64),
});
export type AdmissionRequest = z.infer<typeof AdmissionRequest>;

export const Admission = z.strictObject({
  countersign: z.strictObject({ replica: Hash, at: Millis, sig: Signature }),
  /** The members log as the countersigner has it, in the order of its arrival, with segment numbers. */
  members: z.array(z.strictObject({ segment: z.int().min(1), entry: Entry })),
  /** The node's listening key, and its signature over `coterie admission 1`, nonce and countersignature, a line each. */
  key: PublicKey,
  sig: Signature,
});
export type Admission = z.infer<typeof Admission>;

/** The members log as a replica has it, in an order in which each operation follows what it names. */
export const MembersLog = z.strictObject({ members: Admission.shape.members });
export type MembersLog = z.infer<typeof MembersLog>;

/** Asks for a replica of the same person to be let in, in a place that has no secret of the machine: a browser. */
export const OwnReplicaRequest = z.strictObject({
  /** Ed25519 of the new replica. */
  key: PublicKey,
  /** X25519 of the new replica. */
  encryption: PublicKey,
});
export type OwnReplicaRequest = z.infer<typeof OwnReplicaRequest>;

/** On whose word it comes in, and what it has to know before its first link. */
export const OwnReplica = z.strictObject({
  workspace: z.strictObject({ id: Hash, name: z.string() }),
  /** Public key of the machine that lets it in, and the handle that made the workspace there. */
  machine: PublicKey,
  maker: Handle.optional(),
  genesis: Entry,
  members: Admission.shape.members,
  /** The machine’s word for the two keys. */
  proof: z.strictObject({ seed: PublicKey, proof: Signature }),
  /** Where the machine came in by a ticket. */
  invited: z
    .strictObject({
      invite: Hash,
      countersign: Admission.shape.countersign.extend({ key: PublicKey.optional() }),
    })
    .optional(),
});
export type OwnReplica = z.infer<typeof OwnReplica>;

/** A ticket whose relay is a replica: its package, and the `invite.create` that names the relay as countersigner. */
export const TicketKept = Package.pick({ sealed: true }).extend({
  invite: Admission.shape.members.element,
});
export type TicketKept = z.infer<typeof TicketKept>;
export const TicketKeptAt = z.strictObject({ id: z.string() });

/** Records of a document in a mailbox, as who joins reads them before it has a session. */
export const SealedRecords = z.strictObject({
  /** Records up to this offset were let go, for a snapshot. */
  base: z.int().min(0),
  /** Offset of the first. */
  from: z.int().min(1),
  /** There are no more. */
  last: z.boolean(),
  /** base64url. */
  records: z.array(z.string()),
});
export type SealedRecords = z.infer<typeof SealedRecords>;

/** A link with another replica, as one side sees it. */
export const Peer = z.strictObject({
  /** Its id; null while it is not known who answers. */
  replica: z.string().nullable(),
  /** Where it was dialled; null for one that came in. */
  url: z.string().nullable(),
  /** True for one that was named with `--upstream` or by a ticket. */
  upstream: z.boolean(),
  /** True for one of the local network that `--discover` found, encrypted between the two replicas. */
  lan: z.boolean(),
  /**
   * `waiting`: it failed, and is tried again. `refused`: one side will not have the other, and why is in `trouble`; it is
   * tried again now and then all the same. `gone`: the other side ended it, and it is not for this side to dial.
   */
  state: z.enum(['connecting', 'linked', 'waiting', 'refused', 'gone']),
  /** Since when it is in this state. */
  since: Time,
  /** Updates that were sent and are not yet known to be durable there. */
  lag: z.int(),
  /** Documents that are not in step yet. */
  syncing: z.int(),
  /** When it last said that something is durable there. */
  acknowledged: Time.nullable(),
  /**
   * Whether both sides held the same when they last compared. `unknown` before that, and where what differed has been
   * exchanged since and is not compared yet.
   */
  digest: z.enum(['equal', 'different', 'unknown']),
  /** When they last compared. */
  compared: Time.nullable(),
  /** Why the link does not stand. */
  trouble: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
});
export type Peer = z.infer<typeof Peer>;

/** One local copy of the workspace, as the members log and the links here show it. */
export const ReplicaInfo = z.strictObject({
  id: z.string(),
  name: z.string().nullable(),
  /** True for the one that answers. */
  self: z.boolean(),
  /** Public key of the machine or ticket by which it was admitted. */
  machine: z.string(),
  admitted: Time,
  /** Who invited it; null where the owner's machine admitted it. */
  by: Person.nullable(),
  invite: z.string().nullable(),
  revoked: z.strictObject({ by: Person, at: Time, operation: z.string() }).nullable(),
  /** Members for whom it speaks. */
  members: z.array(Person),
  /** Its links with the one that answers. */
  links: z.array(Peer),
});
export type ReplicaInfo = z.infer<typeof ReplicaInfo>;
export const ReplicaList = list(ReplicaInfo);
export const ReplicasQuery = z.strictObject({ ...page });
/** The replica that grants claims. */
export const ArbiterInfo = z.strictObject({
  replica: z.string(),
  name: z.string().nullable(),
  /** True where the one that answers is the arbiter. */
  self: z.boolean(),
  /** A revoked arbiter grants nothing: an admin moves it. */
  revoked: z.boolean(),
  term: z.int(),
  since: Time,
  /** The admin who moved it by force; null where it was handed over, or is the first. */
  by: Person.nullable(),
  how: z.enum(['genesis', 'hand-over', 'move']),
  /** Grants in force whose time is not over, as far as they are here. */
  grants: z.int(),
});
export type ArbiterInfo = z.infer<typeof ArbiterInfo>;
export const ArbiterMove = z.strictObject({
  /** Id or name of a replica. */
  to: z.string().min(1).max(200),
  /** Without the arbiter: what it granted and is not here counts no more. */
  force: z.boolean().optional(),
});
export type ArbiterMove = z.infer<typeof ArbiterMove>;
export const ReplicaRevoke = z.strictObject({ reason: z.string().max(2048).optional() });
