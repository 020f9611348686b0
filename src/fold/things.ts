import type { Hash, Stamp, TaskStatus } from '../../schemas/index.ts';
import type { Register, SubjectState, Written } from './types.ts';

export interface MemoryVersion {
  readonly op: Hash;
  readonly stamp: Stamp;
  readonly by: Hash;
  /** The operation that forgot this version. */
  readonly forgotten?: Hash;
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

/** A deadline of a reservation that no renewal replaced and no expiry ended. */
export interface Deadline {
  readonly op: Hash;
  /** ms. */
  readonly until: number;
}

export interface ReservationState extends SubjectState {
  readonly kind: 'reservation';
  /** As they were written: what is no glob is among them. */
  readonly globs: readonly string[];
  readonly incarnation: string;
  readonly task?: Hash;
  /** Live deadlines, the latest first; more than one where it was renewed apart. None when it is over. */
  readonly leases: readonly Deadline[];
  /** The latest deadline that it had, ms. */
  readonly until: number;
  /** Releases that did not see each other, the first of the order first. */
  readonly releases: readonly Ended[];
  /** Set while an expiry ended every deadline. */
  readonly expired?: Ended;
}

/** The operation that ended something. */
export interface Ended {
  readonly op: Hash;
  readonly by: Hash;
  readonly stamp: Stamp;
}

/** What a member wants to be told of a thread; `default`: of answers to itself. */
export type Following = 'follow' | 'mute' | 'default';

export interface FollowState {
  readonly op: Hash;
  readonly stamp: Stamp;
  readonly state: Following;
}

/** A named set of members. */
export interface GroupState {
  readonly id: Hash;
  readonly handle: Register<string>;
  /** member -> operations that added it and were not taken back. */
  readonly members: Readonly<Record<Hash, readonly Hash[]>>;
}

/** A status, and for `blocked` what comes after it. */
export interface StatusWritten extends Written<TaskStatus> {
  /** What the task was before it was blocked. */
  readonly former?: TaskStatus;
  /** Tasks that it waits for: once nothing blocks it any more, it is what it was. */
  readonly on?: readonly Hash[];
  /** It was in review, and went back: to who had brought it there. */
  readonly returned?: Hash;
}
