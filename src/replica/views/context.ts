import type { Body, Hash, Header } from '../../../schemas/index.ts';
import type { AnyState } from '../../fold/types.ts';
import type { Because } from '../commit/rows.ts';
import type { Draft } from '../commit/transaction.ts';

/** An operation on its way into the views. */
export interface Arriving {
  readonly hash: Hash;
  readonly header: Header;
  readonly body?: Body | undefined;
}

/** Something that needs members and follows from a state, as long as it does. */
export interface Consequence {
  readonly kind: Exclude<Because, 'group' | 'reply' | 'followed' | 'assigned' | 'counted'>;
  readonly members: readonly Hash[];
  /** What caused it; with the kind it names the item. */
  readonly operations: readonly Hash[];
  readonly subject: Hash;
  readonly log: string;
  readonly fields?: readonly string[];
}

/** Why an operation needs a member: with its operation it is acknowledged. */
export type Calling = 'direct' | 'mention' | 'group' | 'assigned' | 'reply' | 'followed';

/** What a view may do while an operation is taken in. */
export interface ViewContext {
  readonly draft: Draft;
  /** The state of a subject as it will be, or undefined. */
  state(id: Hash): AnyState | undefined;
  hash(value: unknown): Hash;
  /**
   * Notes that an operation needs a member, the one that is taken in unless another is given. One item an operation and
   * member, the first kind of mention, group, assigned, reply, followed. Ignored for history, for the member itself, and for a repeat.
   */
  need(member: Hash, because: Calling, op?: Arriving): void;
  /** As `need` for all whom an operation calls now: whoever it called before and does not now is called no more. */
  calls(op: Arriving, members: Iterable<readonly [member: Hash, because: Calling]>): void;
  /** Members of a group by the membership that an operation names; undefined for what is no group there. */
  inGroup(id: string, header: Header): readonly Hash[] | undefined;
  /** Members that were made with a handle, by its hash as operations name it. */
  madeAs(handle: Hash): readonly Hash[];
  /** An operation does not count, or is a repeat of another: it needs nobody. */
  unneed(hash: Hash): void;
  /** What follows from the state of a scope now: items come up and go accordingly. */
  follows(scope: string, consequences: readonly Consequence[]): void;
  /** Who holds a task, or asks for it, changed. */
  held(task: Hash): void;
  /** News about something reported before. */
  revised(subject: Hash, log: string): void;
  count(name: 'messages' | 'tasks' | 'memories' | 'channels', by: 1 | -1): void;
}
