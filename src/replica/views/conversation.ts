import type { Hash } from '../../../schemas/index.ts';
import type { ChannelState, MessageState } from '../../fold/types.ts';
import { keys, type OperationRow } from '../commit/rows.ts';
import type { Arriving, ViewContext } from './context.ts';
import { following, movedKey, orderOf } from './order.ts';

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

export const channelOfLog = (log: string): Hash | undefined =>
  log.startsWith('channel.') ? log.slice('channel.'.length) : undefined;

/** A message takes its place in its channel and thread. */
export function addMessage(view: ViewContext, op: Arriving, state: MessageState): void {
  const { draft } = view;
  const channel = channelOfLog(op.header.log);
  if (channel === undefined) return;
  const parent = state.answers ?? state.thread;
  let order = orderOf(draft, op.hash, op.header);
  const parentRow = parent === undefined ? undefined : draft.get<OperationRow>(keys.operation(parent));
  if (parent !== undefined && parentRow) {
    const moved = following(order, orderOf(draft, parent, parentRow.header));
    if (moved !== order) draft.put(movedKey(op.hash), moved);
    order = moved;
  }
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
  for (const mention of (op.header.data['mentions'] as string[] | undefined) ?? [])
    view.need(mention, 'mention');
  const answered = parent === undefined ? undefined : view.state(parent);
  if (answered) view.need(answered.created.by, 'reply');
}

/** Replies that came before their thread's first message are put behind it. */
export async function placeEarlyReplies(view: ViewContext, op: Arriving): Promise<void> {
  const { draft } = view;
  const channel = channelOfLog(op.header.log);
  if (channel === undefined || draft.get(keys.thread(op.hash)) === undefined) return;
  const root = orderOf(draft, op.hash, op.header);
  for (const [key, reply] of await draft.under<Hash>(`v/reply/${op.hash}/`)) {
    const order = key.slice(key.lastIndexOf('/') + 1);
    const moved = following(order, root);
    if (moved === order) continue;
    draft.remove(key);
    draft.remove(keys.message(channel, order));
    draft.put(movedKey(reply), moved);
    draft.put(keys.reply(op.hash, moved), reply);
    draft.put(keys.message(channel, moved), reply);
    view.revised(reply, op.header.log);
  }
}

/** A message turns out to be another's alias: it leaves the lists. */
export function removeMessage(view: ViewContext, op: Arriving, state: MessageState): void {
  const { draft } = view;
  const channel = channelOfLog(op.header.log);
  if (channel === undefined) return;
  const order = orderOf(draft, op.hash, op.header);
  draft.remove(keys.message(channel, order));
  const row = draft.get<ChannelRow>(keys.channel(channel)) ?? { messages: 1 };
  draft.put(keys.channel(channel), { ...row, messages: row.messages - 1 });
  view.count('messages', -1);
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

const later = (a: string | undefined, b: string): string => (a === undefined || b > a ? b : a);
