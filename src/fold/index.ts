import type { OperationTypeName } from '../../schemas/index.ts';
import type { SubjectFold } from './fold.ts';
import { channelFold } from './subjects/channel.ts';
import { commentFold } from './subjects/comment.ts';
import { memoryFold } from './subjects/memory.ts';
import { messageFold } from './subjects/message.ts';
import { reservationFold } from './subjects/reservation.ts';
import { taskFold } from './subjects/task.ts';
import type { AnyState } from './types.ts';

/** Kinds of subject that fold one by one. The members log folds as a whole, links as a graph, marks by merging. */
export type FoldKind = AnyState['kind'];

export const folds: { readonly [K in FoldKind]: SubjectFold<Extract<AnyState, { kind: K }>> } = {
  channel: channelFold,
  message: messageFold,
  comment: commentFold,
  task: taskFold,
  memory: memoryFold,
  reservation: reservationFold,
};

/** The fold of a kind, for whoever has states of any kind; that states and folds match is the table's to see to. */
export const foldFor = (kind: FoldKind): SubjectFold<AnyState> =>
  folds[kind] as unknown as SubjectFold<AnyState>;

const prefixes: Readonly<Record<string, FoldKind>> = {
  channel: 'channel',
  message: 'message',
  thread: 'message',
  comment: 'comment',
  task: 'task',
  claim: 'task',
  memory: 'memory',
  reservation: 'reservation',
};

/**
 * The kind of subject that an operation of this type makes or changes. Undefined for types of the members log and
 * marks, and for those that follow their subject: `join`, `redact`, `lease.expire`.
 */
export function foldOf(type: OperationTypeName | (string & {})): FoldKind | undefined {
  const prefix = type.slice(0, type.indexOf('.'));
  return Object.hasOwn(prefixes, prefix) ? prefixes[prefix] : undefined;
}

export { defaultChannels } from './defaults.ts';
export {
  extendSubject,
  type Folded,
  foldSubject,
  type SubjectFold,
} from './fold.ts';
export { closesCycle, resolveLinks } from './links.ts';
export {
  absorb,
  acknowledge,
  acknowledgeForked,
  acknowledgeItems,
  acknowledgeRun,
  changesOf,
  covers,
  coversForked,
  coversItem,
  emptyMark,
  type Mark,
  markOf,
  mergeMarks,
  type Run,
} from './marks.ts';
export { safeEpochs } from './members/epochs.ts';
export { type IsAtOrBefore, judge } from './members/judge.ts';
export { createMembers, foldMembers, type MembersLog } from './members/members.ts';
export type { MemberId } from './members/scene.ts';
export { compare, order, stampTime } from './order.ts';
export { counted, rejected } from './shared.ts';
export { defaultChannel, directChannel } from './subjects/channel.ts';
export type * from './types.ts';
