import type { Hash } from '../../../../schemas/index.ts';
import type {
  AnyState,
  ChannelState,
  MemoryState,
  MessageState,
  ReservationState,
  TaskState,
} from '../../../fold/types.ts';
import { keys, type OperationRow } from '../../commit/rows.ts';
import type { Arriving, ViewContext } from '../../views/context.ts';
import {
  addMessage,
  placeChannel,
  placeReplies,
  recallThread,
  removeChannel,
  removeMessage,
} from '../../views/conversation.ts';
import { concerned, settleFlow } from '../../views/flow.ts';
import { placeLinks } from '../../views/links.ts';
import { placeMemory, removeMemory } from '../../views/memory.ts';
import {
  followChannelName,
  followKey,
  followMemoryKey,
  followShort,
  followThing,
} from '../../views/needs.ts';
import { followOverlaps } from '../../views/overlaps.ts';
import { placeReservation, removeReservation } from '../../views/reservations.ts';
import {
  addComment,
  assign,
  callForComments,
  placeTask,
  removeComment,
  removeTask,
} from '../../views/tasks.ts';
import type { AbsorbContext } from '../state.ts';
import { aliasKey, firstOfKey, leaveKey } from './repeats.ts';

type Context = Pick<AbsorbContext, 'crypto'>;

/** The same view with a thing as it is from here on: its row says so only when all that follows is filed. */
const seeing = (view: ViewContext, id: Hash, state: AnyState | undefined): ViewContext => ({
  ...view,
  state: (one) => (one === id ? state : view.state(one)),
});

/** A thing that counts now: the first of its idempotency key is listed, a repeat becomes its alias. */
export async function list(
  context: Context,
  view: ViewContext,
  op: Arriving,
  state: AnyState,
): Promise<void> {
  const { aliasOf, replaces, key, things } = firstOfKey(context, view.draft, op);
  if (key !== undefined && (aliasOf !== undefined || replaces !== undefined))
    followKey(view, key, op, things ?? []);
  if (aliasOf !== undefined) return;
  if (replaces !== undefined) {
    const old = view.draft.get<OperationRow>(keys.operation(replaces));
    const shown = view.state(replaces);
    view.unneed(replaces);
    if (old && shown) await takeOff(view, { hash: replaces, header: old.header }, shown);
    view.revised(op.hash, op.header.log);
  }
  await putOn(seeing(view, op.hash, state), op, state);
}

/** A thing that does not count any more leaves the lists; the next of its key takes its place. */
export async function unlist(
  context: Context,
  view: ViewContext,
  op: Arriving,
  state: AnyState,
): Promise<void> {
  const { draft } = view;
  if (draft.get<Hash>(aliasKey(op.hash)) === undefined)
    await takeOff(seeing(view, op.hash, undefined), op, state);
  else draft.remove(aliasKey(op.hash));
  const { next, key, things } = leaveKey(context, draft, op);
  if (key !== undefined) followKey(view, key, op, things);
  const row = next === undefined ? undefined : draft.get<OperationRow>(keys.operation(next));
  const shown = next === undefined ? undefined : view.state(next);
  if (next === undefined || !row || !shown) return;
  await putOn(view, { hash: next, header: row.header }, shown);
  assign(view, { hash: next, header: row.header });
  view.revised(next, row.header.log);
}

/** A thing that is there changed. */
export async function relist(view: ViewContext, before: AnyState, after: AnyState): Promise<void> {
  if (after.kind === 'channel') {
    placeChannel(view, before as ChannelState, after);
    followThing(view, after.id, 'channels', after);
    return followNames(view, before as ChannelState, after);
  }
  if (view.draft.get(aliasKey(after.id)) !== undefined) return;
  const creation = view.draft.get<OperationRow>(keys.operation(after.id));
  if (!creation) return;
  followThing(view, after.id, creation.header.log, after);
  if (after.kind === 'message' && hasOther(before as MessageState, after)) await recallThread(view, after.id);
  if (after.kind !== 'task' && after.kind !== 'memory' && after.kind !== 'reservation') return;
  const op = { hash: after.id, header: creation.header };
  if (after.kind === 'memory') {
    placeMemory(view, op, before as MemoryState, after);
    return followOwnKey(view, after);
  }
  if (after.kind === 'reservation') {
    placeReservation(view, op, before as ReservationState, after);
    return followOverlaps(view, after);
  }
  placeTask(view, op, before as TaskState, after);
  await placeInGraph(view, before as TaskState, after);
}

/** What a task blocks, and what follows from that for others and itself. */
async function placeInGraph(
  view: ViewContext,
  before: TaskState | undefined,
  after: TaskState,
  gone = false,
) {
  const blocked = await placeLinks(view, before, gone ? { ...after, links: [] } : after);
  await settleFlow(view, after.id, [...blocked, ...concerned(before, gone ? undefined : after)]);
}

/** True where somebody said something else of the thread, or the order of what was said is another. */
const hasOther = (before: MessageState, after: MessageState): boolean =>
  before.follows !== after.follows && JSON.stringify(before.follows) !== JSON.stringify(after.follows);

async function followNames(view: ViewContext, before?: ChannelState, after?: ChannelState): Promise<void> {
  const [old, now] = [before?.name[0]?.value, after?.name[0]?.value];
  if (old === now) return;
  for (const name of [old, now]) if (name !== undefined) await followChannelName(view, name);
}

const followOwnKey = async (view: ViewContext, { key }: MemoryState): Promise<void> =>
  key === undefined ? undefined : followMemoryKey(view, key);

async function putOn(view: ViewContext, op: Arriving, state: AnyState): Promise<void> {
  // What its creation alone makes has nothing beside it, and asks nobody but a reviewer.
  if (state.operations > 1 || state.kind === 'task') followThing(view, op.hash, op.header.log, state);
  switch (state.kind) {
    case 'message':
      addMessage(view, op, state);
      await placeReplies(view, op);
      return Object.keys(state.follows).length > 0 ? recallThread(view, op.hash) : undefined;
    case 'comment':
      return addComment(view, op, state);
    case 'task':
      if (placeTask(view, op, undefined, state)) await followShort(view, state.short);
      await callForComments(view, state);
      return placeInGraph(view, undefined, state);
    case 'memory':
      placeMemory(view, op, undefined, state);
      return followOwnKey(view, state);
    case 'reservation':
      placeReservation(view, op, undefined, state);
      return followOverlaps(view, state);
    case 'channel':
      placeChannel(view, undefined, state);
      return followNames(view, undefined, state);
  }
}

async function takeOff(view: ViewContext, op: Arriving, state: AnyState): Promise<void> {
  followThing(view, op.hash, op.header.log, undefined);
  switch (state.kind) {
    case 'message':
      removeMessage(view, op, state);
      return placeReplies(view, op, true);
    case 'comment':
      return removeComment(view, op, state);
    case 'task':
      removeTask(view, op, state);
      await followShort(view, state.short);
      return placeInGraph(view, state, state, true);
    case 'memory':
      removeMemory(view, op, state);
      return followOwnKey(view, state);
    case 'reservation':
      removeReservation(view, op, state);
      return followOverlaps(view, state, false);
    case 'channel':
      removeChannel(view, state);
      return followNames(view, state);
  }
}
