import type { Hash, Header } from '../../../schemas/index.ts';
import { listOf } from '../../fold/data.ts';
import { directChannel } from '../../fold/index.ts';
import { followingOf } from '../../fold/subjects/message.ts';
import type { ChannelState, MessageState } from '../../fold/types.ts';
import { logKind, logOwner } from '../../op/index.ts';
import { keys, type OperationRow } from '../commit/rows.ts';
import type { Draft, Reader } from '../commit/transaction.ts';
import type { Arriving, Calling, ViewContext } from './context.ts';
import { awaitMentioned, calledIn, forgetMentioned } from './mentions.ts';
import { following, movedKey, naturalOrder, orderOf } from './order.ts';

/** A channel's counts, kept beside its fold. */
export interface ChannelRow {
  readonly messages: number;
  /** Order of the newest message. */
  readonly latest?: string | undefined;
}

export interface ThreadRow {
  readonly replies: number;
  readonly latest?: string | undefined;
}

/** The channel or direct conversation that a log holds the messages of. */
export const channelOfLog = (log: string): Hash | undefined =>
  logKind(log) === 'channel' ? logOwner(log) : undefined;

export const logOfChannel = ({ id, addressed }: Pick<ChannelState, 'id' | 'addressed'>): string =>
  `${addressed ? 'direct' : 'channel'}.${id}`;

/** Whether a log holds a direct conversation that the member is not in. */
export const isOfOthers = (reader: Pick<Reader, 'get'>, member: Hash, log: string): boolean =>
  log.startsWith('direct.') && reader.get(keys.direct(member, logOwner(log))) === undefined;

/** Replies to a message that is not the first of its thread. */
const answerKey = (parent: Hash, reply: Hash): string => `v/answer/${parent}/${reply}`;

/** Hardly any is there, and every message that comes asks. */
export const earlyKeys = 'v/early/';
/** Marks a message that was answered before it counted. */
export const earlyKey = (parent: Hash): string => `${earlyKeys}${parent}`;

const parentOf = (state: MessageState): Hash | undefined => state.answers ?? state.thread;

/** Where a message stands: by its own time, and never before what it answers, if that is here. */
function orderAfterParent(view: ViewContext, hash: Hash, header: Header, parent: Hash | undefined): string {
  const { draft } = view;
  const natural = naturalOrder(hash, header);
  const row = parent === undefined ? undefined : draft.get<OperationRow>(keys.operation(parent));
  return parent === undefined || !row ? natural : following(natural, orderOf(draft, parent, row.header));
}

function setOrder({ draft }: ViewContext, hash: Hash, header: Header, order: string): void {
  if (order !== naturalOrder(hash, header)) draft.put(movedKey(hash), order);
  else if (draft.get(movedKey(hash)) !== undefined) draft.remove(movedKey(hash));
}

/** A message takes its place in its channel and thread. */
export function addMessage(view: ViewContext, op: Arriving, state: MessageState): void {
  const { draft } = view;
  const channel = channelOfLog(op.header.log);
  if (channel === undefined) return;
  if (state.to) beginConversation(view, channel, [state.created.by, ...state.to]);
  const parent = parentOf(state);
  const order = orderAfterParent(view, op.hash, op.header, parent);
  setOrder(view, op.hash, op.header, order);
  draft.put(keys.message(channel, order), op.hash);
  const row = draft.get<ChannelRow>(keys.channel(channel)) ?? { messages: 0 };
  draft.put(keys.channel(channel), { messages: row.messages + 1, latest: later(row.latest, order) });
  view.count('messages', 1);
  if (state.thread !== undefined) {
    draft.put(keys.reply(state.thread, order), op.hash);
    const thread = draft.get<ThreadRow>(keys.thread(state.thread)) ?? { replies: 0 };
    draft.put(keys.thread(state.thread), {
      replies: thread.replies + 1,
      latest: later(thread.latest, order),
    });
  }
  if (state.answers !== undefined) draft.put(answerKey(state.answers, op.hash), 0);
  for (const answered of new Set([state.thread, state.answers])) {
    if (answered === undefined) continue;
    const row = draft.get<OperationRow>(keys.operation(answered));
    // It may be here and wait: its place is not known before it counts.
    if (!row || row.state !== undefined) draft.put(earlyKey(answered), 0);
  }
  callForMessage(view, op);
  awaitMentioned(view, op);
}

/** A direct conversation is there from its first message on, for those who are in it. */
function beginConversation({ draft }: ViewContext, id: Hash, members: readonly Hash[]): void {
  if (draft.get(keys.state(id)) !== undefined) return;
  draft.put(keys.state(id), directChannel(id, members));
  for (const member of members) draft.put(keys.direct(member, id), 0);
}

/**
 * Whom a message calls: those that it mentions, who wrote what it answers, and who followed its thread when it was made.
 * Who had muted the thread by then is called by name alone.
 */
function callForMessage(view: ViewContext, op: Arriving): void {
  const { thread, answers } = op.header.data as { readonly thread?: Hash; readonly answers?: Hash };
  const parent = answers ?? thread;
  const answered = parent === undefined ? undefined : view.state(parent);
  const root = thread === undefined ? undefined : view.state(thread);
  const begins = root?.kind === 'message' ? root : undefined;
  const members: (readonly [Hash, Calling])[] = calledIn(view, op);
  for (const member of listOf(op.header.data, 'to')) members.push([member, 'direct']);
  if (answered) members.push([answered.created.by, 'reply']);
  const following = (member: Hash) =>
    begins ? followingOf(begins, member, op.header.stamp) : ('default' as const);
  for (const member of Object.keys(begins?.follows ?? {}))
    if (following(member) === 'follow') members.push([member, 'followed']);
  view.calls(
    op,
    members.filter(([member, because]) => because === 'mention' || following(member) !== 'mute'),
  );
}

/** What somebody wants to be told of a thread changed: its replies call others, perhaps. */
export async function recallThread(view: ViewContext, root: Hash): Promise<void> {
  for (const [, reply] of await view.draft.under<Hash>(keys.reply(root, ''))) recall(view, reply);
}

function recall(view: ViewContext, hash: Hash): void {
  const row = view.draft.get<OperationRow>(keys.operation(hash));
  if (row) callForMessage(view, { hash, header: row.header });
}

/**
 * Replies that came before what they answer are put behind it, and replies to those in turn. `moved`: the message
 * itself may have changed its place.
 */
export async function placeReplies(view: ViewContext, op: Arriving, moved = false): Promise<void> {
  const { draft } = view;
  const channel = channelOfLog(op.header.log);
  if (channel === undefined) return;
  const open = [op.hash];
  for (let parent = open.pop(); parent !== undefined; parent = open.pop()) {
    // What just came has replies only when some came before it.
    if (!moved && parent === op.hash && draft.get(earlyKey(parent)) === undefined) continue;
    for (const reply of await repliesTo(view, parent)) {
      // Who wrote what it answers, and who follows the thread, is known only now.
      if (parent === op.hash) recall(view, reply);
      if (placeReply(view, channel, reply, parent)) open.push(reply);
    }
  }
}

/** Messages that may answer this one, in its own thread or in that of another. */
async function repliesTo({ draft }: ViewContext, parent: Hash): Promise<Set<Hash>> {
  const replies = new Set<Hash>();
  if (draft.get(keys.thread(parent)) !== undefined)
    for (const [, reply] of await draft.under<Hash>(`v/reply/${parent}/`)) replies.add(reply);
  for (const [key] of await draft.under<number>(`v/answer/${parent}/`))
    replies.add(key.slice(key.lastIndexOf('/') + 1));
  return replies;
}

/** True when the reply had to move. */
function placeReply(view: ViewContext, channel: Hash, reply: Hash, parent: Hash): boolean {
  const { draft } = view;
  const header = draft.get<OperationRow>(keys.operation(reply))?.header;
  const state = view.state(reply);
  if (!header || state?.kind !== 'message' || parentOf(state) !== parent) return false;
  const order = orderOf(draft, reply, header);
  const next = orderAfterParent(view, reply, header, parent);
  if (next === order || draft.get(keys.message(channel, order)) !== reply) return false;
  setOrder(view, reply, header, next);
  draft.remove(keys.message(channel, order));
  draft.put(keys.message(channel, next), reply);
  moveLatest(draft, keys.channel(channel), order, next);
  if (state.thread !== undefined) {
    draft.remove(keys.reply(state.thread, order));
    draft.put(keys.reply(state.thread, next), reply);
    moveLatest(draft, keys.thread(state.thread), order, next);
  }
  view.revised(reply, header.log);
  return true;
}

/** The newest of a channel or thread may be the one that moves. */
function moveLatest(draft: Pick<Draft, 'get' | 'put'>, key: string, order: string, next: string): void {
  const row = draft.get<ChannelRow | ThreadRow>(key);
  if (row) draft.put(key, { ...row, latest: row.latest === order ? next : later(row.latest, next) });
}

/** A message turns out to be another's alias, or not to count: it leaves the lists. */
export function removeMessage(view: ViewContext, op: Arriving, state: MessageState): void {
  const { draft } = view;
  const channel = channelOfLog(op.header.log);
  if (channel === undefined) return;
  const order = orderOf(draft, op.hash, op.header);
  setOrder(view, op.hash, op.header, naturalOrder(op.hash, op.header));
  forgetMentioned(view, op);
  // Its replies are placed again if it comes back.
  draft.put(earlyKey(op.hash), 0);
  draft.remove(keys.message(channel, order));
  const row = draft.get<ChannelRow>(keys.channel(channel)) ?? { messages: 1 };
  draft.put(keys.channel(channel), { ...row, messages: row.messages - 1 });
  view.count('messages', -1);
  if (state.answers !== undefined) draft.remove(answerKey(state.answers, op.hash));
  if (state.thread !== undefined) {
    draft.remove(keys.reply(state.thread, order));
    const thread = draft.get<ThreadRow>(keys.thread(state.thread)) ?? { replies: 1 };
    draft.put(keys.thread(state.thread), { ...thread, replies: thread.replies - 1 });
  }
}

/** A channel appears, or takes another name. */
export function placeChannel(view: ViewContext, before: ChannelState | undefined, after: ChannelState): void {
  const { draft } = view;
  if (!before) {
    if (draft.get(keys.channel(after.id)) === undefined)
      draft.put(keys.channel(after.id), { messages: 0 } satisfies ChannelRow);
    view.count('channels', 1);
  }
  const old = before?.name[0]?.value;
  const name = after.name[0]?.value;
  if (old === name) return;
  if (old !== undefined) draft.remove(keys.channelName(old, after.id));
  if (name !== undefined) draft.put(keys.channelName(name, after.id), after.created.stamp);
}

/** A channel whose creation does not count. What was said in it stays. */
export function removeChannel(view: ViewContext, state: ChannelState): void {
  view.count('channels', -1);
  for (const { value } of state.name) view.draft.remove(keys.channelName(value, state.id));
  const row = view.draft.get<ChannelRow>(keys.channel(state.id));
  if (row === undefined || row.messages === 0) view.draft.remove(keys.channel(state.id));
}

const later = (a: string | undefined, b: string): string => (a === undefined || b > a ? b : a);
