import type { Body, Hash, Header } from '../../../schemas/index.ts';
import type { AnyState } from '../../fold/types.ts';
import type { Draft } from '../commit/transaction.ts';

/** An operation on its way into the views. */
export interface Arriving {
  readonly hash: Hash;
  readonly header: Header;
  readonly body?: Body | undefined;
}

/** Why an operation needs someone. */
export type Because = 'mention' | 'reply' | 'assigned' | 'review';

/** What a view may do while an operation is taken in. */
export interface ViewContext {
  readonly draft: Draft;
  /** The state of a subject as it will be, or undefined. */
  state(id: Hash): AnyState | undefined;
  hash(value: unknown): Hash;
  /** Notes that a member is needed; ignored for history and for the member itself. */
  need(member: Hash, because: Because): void;
  /** Who holds a task, or asks for it, changed. */
  held(task: Hash): void;
  /** News about something reported before. */
  revised(subject: Hash, log: string): void;
  count(name: 'messages' | 'tasks' | 'memories' | 'channels', by: 1 | -1): void;
}
