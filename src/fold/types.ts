import type { Hash, Header, LinkKind, Priority, RejectedReason, Role, Stamp } from '../../schemas/index.ts';
import type { FollowState, GroupState, MemoryState, ReservationState, StatusWritten } from './things.ts';

export type * from './things.ts';

/**
 * An operation as a fold sees it: no text, no signature. `role` is what membership says of the member at this
 * operation; undefined where the replica speaks for itself.
 */
export interface Op {
  readonly hash: Hash;
  readonly header: Header;
  readonly role: Role | undefined;
}

/** What a fold says of one operation. */
export type Verdict =
  | { readonly state: 'counted' }
  | {
      readonly state: 'rejected';
      readonly reason: RejectedReason;
      readonly message: string;
      readonly legal?: readonly string[];
    };

/** Which operations of the subject an operation has in its causal past (through any number of `after` steps). */
export interface Past {
  has(hash: Hash): boolean;
  /**
   * What this past shows of a cell (a register, a set): what was added in it and not ended in it. `now` is what all
   * operations folded so far show of it. An operation is judged by this, never by what was made apart from it.
   */
  shows<T extends Element>(cell: string, now: readonly T[]): readonly T[];
  /** Remembers that the operation being folded ended some of what it saw in the cell, and what it added. */
  changed<T extends Element>(cell: string, ended: readonly T[], added?: T): void;
}

/** Something that an operation added. */
export interface Element {
  readonly op: Hash;
}

/** One value of a field, and the operation that wrote it. */
export interface Written<T> {
  readonly op: Hash;
  readonly stamp: Stamp;
  readonly by: Hash;
  readonly value: T;
}

/**
 * A field with siblings: the values that no counted write replaced, never empty, the one that shows first (latest
 * stamp, then highest hash). The value of a text field is the operation whose body holds it, or null when cleared.
 */
export type Register<T> = readonly Written<T>[];

/** What every subject's state has; all of it is plain JSON. */
export interface SubjectState {
  readonly kind: 'channel' | 'message' | 'comment' | 'task' | 'memory' | 'reservation';
  readonly id: Hash;
  /** Heads of the causal graph: what a write based on all of this names in `after`. Rejected operations are among them. */
  readonly heads: readonly Hash[];
  /** Who made it (for history its author), by which operation, when. */
  readonly created: { readonly by: Hash; readonly stamp: Stamp; readonly at: number };
  /** Set when the text was removed. */
  readonly redacted?: { readonly op: Hash; readonly by: Hash; readonly stamp: Stamp };
  /** Operations folded, rejected ones too. */
  readonly operations: number;
}

export interface ChannelState extends SubjectState {
  readonly kind: 'channel';
  readonly name: Register<string>;
  /** Operation whose body holds the topic; null = none. */
  readonly topic: Register<Hash | null>;
  readonly archived: Register<boolean>;
  readonly hops: Register<number>;
  /** Who is in a direct conversation. */
  readonly direct?: readonly Hash[];
  /** A conversation that was begun by a message to those who are in it: it has no operation of its own. */
  readonly addressed?: true;
}

export interface TextState extends SubjectState {
  /** Operations whose bodies hold the text; with siblings where edits were made apart. */
  readonly text: Register<Hash>;
  readonly edits: number;
  readonly imported?: { readonly source: string; readonly by: Hash };
}

export interface MessageState extends TextState {
  readonly kind: 'message';
  /** Whom it addresses, in a direct conversation. */
  readonly to?: readonly Hash[];
  readonly thread?: Hash;
  readonly answers?: Hash;
  /** emoji -> member -> operations that put it there and were not taken back. */
  readonly reactions: Readonly<Record<string, Readonly<Record<Hash, readonly Hash[]>>>>;
  readonly pinned: Register<boolean>;
  readonly resolved: Register<boolean>;
  /** member -> what it said of the thread that this begins, in causal order. */
  readonly follows: Readonly<Record<Hash, readonly FollowState[]>>;
}

export interface CommentState extends TextState {
  readonly kind: 'comment';
  readonly task: Hash;
}

/** Of a grant; compared as (term, hash of the move that began it, counter), higher wins. */
export interface Epoch {
  readonly term: number;
  readonly move: Hash;
  readonly counter: number;
}

/** A request for a task that nothing ended. With need `granted` it is no claim before a grant names it. */
export interface RequestState {
  readonly op: Hash;
  readonly stamp: Stamp;
  readonly by: Hash;
  readonly need: 'tentative' | 'granted';
  readonly incarnation: string;
  /** How long it asks to hold the task, ms. */
  readonly ttl?: number;
  /** For `granted`: nothing is granted after it, ms. */
  readonly until?: number;
  /** For `tentative`, where a lease was asked for: its end by the clock of who asked, ms. */
  readonly ends?: number;
  /** An admin takes the task from whoever holds it. */
  readonly force?: true;
}

/** A grant of a request, or a renewal of that. */
export interface LeaseState {
  readonly op: Hash;
  readonly request: Hash;
  readonly until: number;
  readonly epoch: Epoch;
}

/** A claim in force: a tentative request, or one that was granted. */
export interface ClaimState {
  /** The request. */
  readonly op: Hash;
  readonly stamp: Stamp;
  readonly by: Hash;
  readonly need: 'tentative' | 'granted';
  readonly incarnation: string;
  /** The end of its lease, ms; it ends as a fact only by an operation. */
  readonly until?: number;
  /** What granted it, or renewed that. */
  readonly grant?: { readonly op: Hash; readonly epoch: Epoch };
}

/** A claim that somebody lost, and the operation that took it. */
export interface Taken {
  readonly op: Hash;
  readonly by: Hash;
  readonly with: Hash;
}

export interface LinkState {
  readonly from: Hash;
  readonly kind: LinkKind;
  readonly to: Hash;
  readonly op: Hash;
  readonly stamp: Stamp;
}

export interface TaskState extends SubjectState {
  readonly kind: 'task';
  readonly short: string;
  readonly title: Register<Hash | null>;
  readonly description: Register<Hash | null>;
  readonly criteria: Register<Hash | null>;
  readonly status: readonly StatusWritten[];
  readonly priority: Register<Priority>;
  readonly assignee: Register<Hash | null>;
  readonly reviewer: Register<Hash | null>;
  readonly due: Register<number | null>;
  /** label -> operations that added it and were not taken back. */
  readonly labels: Readonly<Record<string, readonly Hash[]>>;
  readonly evidence: readonly { readonly kind: string; readonly ref: string; readonly op: Hash }[];
  /** Requests that nothing ended, and the leases of those. */
  readonly requests: readonly RequestState[];
  readonly leases: readonly LeaseState[];
  /** What follows from them, the holder first: the highest epoch, then the lowest stamp, then the lowest hash. */
  readonly claims: readonly ClaimState[];
  /** Claims that another operation took from who made them: a claim by force, a grant, the end of a lease. */
  readonly taken: readonly Taken[];
  /** Links from this task that were not taken back; whether they close a cycle is the graph's to say. */
  readonly links: readonly LinkState[];
  readonly imported?: { readonly source: string; readonly by: Hash };
  /** When it last changed, ms: for history its own time. */
  readonly updated: number;
}

export type AnyState =
  | ChannelState
  | MessageState
  | CommentState
  | TaskState
  | MemoryState
  | ReservationState;

/** replica -> log -> the last operations that count there. What is not listed does not count. */
export type FrontierMap = Readonly<Record<Hash, Readonly<Record<string, readonly Hash[]>>>>;

/** What ended something that was granted. For operations at or before the frontier it was not ended. */
export interface Ending {
  readonly op: Hash;
  readonly frontier: FrontierMap;
}

/** Something granted: a role, the hosting of a member, the admission of a replica, an invite. */
export interface Grant<T> {
  readonly op: Hash;
  readonly value: T;
  readonly ended: readonly Ending[];
}

export interface ReplicaState {
  readonly id: Hash;
  /** Ed25519 and X25519 public keys, base64url. */
  readonly key: string;
  readonly encryption: string;
  /** Public key of the seed that vouched. */
  readonly seed: string;
  readonly admitted: Hash;
  /** Each admission, by the seed that vouched; revocations end them. */
  readonly admissions: readonly Grant<string>[];
}

export interface MemberState {
  readonly id: Hash;
  readonly handle: Register<string>;
  /** Operation whose body holds the display name; null = the handle. */
  readonly name: Register<Hash | null>;
  readonly kind: 'agent' | 'human';
  /** Its highest role in force. */
  readonly role: Role;
  /** Replicas that speak for it. */
  readonly replicas: readonly Hash[];
  /** Every role it was ever given, and every replica that was ever bound to it, with what ended each. */
  readonly roles: readonly Grant<Role>[];
  readonly hosts: readonly Grant<Hash>[];
  readonly imported: boolean;
  /** `imported.source`, for an author of history. */
  readonly source?: string;
  /** Public key of the machine whose member it is; absent for an author of history. */
  readonly machine?: string;
  readonly created: { readonly op: Hash; readonly stamp: Stamp };
}

/** A ticket's seed, admitted on an admin's word. */
export interface InviteState {
  readonly id: Hash;
  readonly seed: string;
  readonly role: Role;
  readonly expires: number;
  readonly uses: number;
  readonly countersigner: Hash;
  readonly by: Hash;
  /** One grant, that of its creation. */
  readonly grants: readonly Grant<string>[];
}

/** A key epoch of sealed relays; its id is the operation that began it, `check` that by which its secret is known. */
export interface EpochState {
  readonly id: Hash;
  readonly check: Hash;
  /** Revocations of replicas that it saw. */
  readonly after: readonly Hash[];
}

/** A narrowing that counts: what it ended, and for which operations it did not. */
export interface Narrowing {
  readonly op: Hash;
  readonly type: 'replica.revoke' | 'replica.unbind' | 'role.demote' | 'invite.revoke' | 'arbiter.move';
  /** The member, replica, invite or (for a move of the arbiter) replica that it narrows. */
  readonly target: Hash;
  readonly frontier: FrontierMap;
}

/** A grant that an arbiter handing over had given out: until then the next one gives the task to nobody else. */
export interface Promised {
  readonly task: Hash;
  readonly grant: Hash;
  readonly until: number;
}

/** A term of the arbiter; the highest term holds, then the highest hash. */
export interface Term {
  readonly op: Hash;
  readonly term: number;
  readonly arbiter: Hash;
  /** What its predecessor had given out, where that handed over. */
  readonly promised: readonly Promised[];
}

/** The members log, folded whole. */
export interface MembersState {
  readonly workspace: Hash;
  /** The workspace's name. */
  readonly name: string;
  /** Public key of the machine that made the workspace. */
  readonly owner: string;
  readonly arbiter: Hash;
  readonly heads: readonly Hash[];
  readonly replicas: ReadonlyMap<Hash, ReplicaState>;
  readonly members: ReadonlyMap<Hash, MemberState>;
  readonly invites: ReadonlyMap<Hash, InviteState>;
  readonly groups: ReadonlyMap<Hash, GroupState>;
  /** In the order of the fold: the first is the founding one. */
  readonly epochs: readonly EpochState[];
  /** Every term of the arbiter. */
  readonly terms: readonly Term[];
  readonly frontiers: readonly Narrowing[];
}
