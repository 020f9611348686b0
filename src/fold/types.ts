import type {
  Hash,
  Header,
  LinkKind,
  Priority,
  RejectedReason,
  Role,
  Stamp,
  TaskStatus,
} from '../../schemas/index.ts';

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
  readonly kind: 'channel' | 'message' | 'comment' | 'task' | 'memory';
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
  readonly direct?: readonly Hash[];
}

export interface TextState extends SubjectState {
  /** Operations whose bodies hold the text; with siblings where edits were made apart. */
  readonly text: Register<Hash>;
  readonly edits: number;
  readonly imported?: { readonly source: string; readonly by: Hash };
}

export interface MessageState extends TextState {
  readonly kind: 'message';
  readonly thread?: Hash;
  readonly answers?: Hash;
  /** emoji -> member -> operations that put it there and were not taken back. */
  readonly reactions: Readonly<Record<string, Readonly<Record<Hash, readonly Hash[]>>>>;
  readonly pinned: Register<boolean>;
  readonly resolved: Register<boolean>;
}

export interface CommentState extends TextState {
  readonly kind: 'comment';
  readonly task: Hash;
}

export interface ClaimState {
  readonly op: Hash;
  readonly stamp: Stamp;
  readonly by: Hash;
  readonly need: 'tentative' | 'granted';
  readonly incarnation: string;
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
  readonly status: Register<TaskStatus>;
  readonly priority: Register<Priority>;
  readonly assignee: Register<Hash | null>;
  readonly reviewer: Register<Hash | null>;
  readonly due: Register<number | null>;
  /** label -> operations that added it and were not taken back. */
  readonly labels: Readonly<Record<string, readonly Hash[]>>;
  readonly evidence: readonly { readonly kind: string; readonly ref: string; readonly op: Hash }[];
  /** Live claims, the holder first (lowest stamp, then lowest hash), those that lost after it. */
  readonly claims: readonly ClaimState[];
  /** Links from this task that were not taken back; whether they close a cycle is the graph's to say. */
  readonly links: readonly LinkState[];
  readonly imported?: { readonly source: string; readonly by: Hash };
  /** Stamp of the latest counted operation. */
  readonly updated: Stamp;
}

export interface MemoryVersion {
  readonly op: Hash;
  readonly stamp: Stamp;
  readonly by: Hash;
  readonly tags: readonly string[];
  readonly kind?: string;
  readonly sources: readonly string[];
  readonly expires?: number;
  readonly supersedes: readonly Hash[];
}

export interface MemoryState extends SubjectState {
  readonly kind: 'memory';
  readonly key?: string;
  /** Versions that no other replaced, the one that shows first. */
  readonly versions: readonly MemoryVersion[];
  readonly forgotten: boolean;
  readonly imported?: { readonly source: string; readonly by: Hash };
}

export type AnyState = ChannelState | MessageState | CommentState | TaskState | MemoryState;

export interface ReplicaState {
  readonly id: Hash;
  /** Ed25519 and X25519 public keys, base64url. */
  readonly key: string;
  readonly encryption: string;
  /** Public key of the seed that vouched. */
  readonly seed: string;
  readonly admitted: Hash;
}

export interface MemberState {
  readonly id: Hash;
  readonly handle: Register<string>;
  /** Operation whose body holds the display name; null = the handle. */
  readonly name: Register<Hash | null>;
  readonly kind: 'agent' | 'human';
  readonly role: Role;
  /** Replicas that speak for it. */
  readonly replicas: readonly Hash[];
  readonly imported: boolean;
  /** `imported.source`, for an author of history. */
  readonly source?: string;
  readonly created: { readonly op: Hash; readonly stamp: Stamp };
}

/** The members log, folded whole. */
export interface MembersState {
  readonly workspace: Hash;
  /** Operation whose data holds the workspace's name. */
  readonly name: string;
  readonly owner: string;
  readonly arbiter: Hash;
  readonly heads: readonly Hash[];
  readonly replicas: ReadonlyMap<Hash, ReplicaState>;
  readonly members: ReadonlyMap<Hash, MemberState>;
}
