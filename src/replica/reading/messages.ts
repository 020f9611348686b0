import type { z } from 'zod';
import {
  type Channel,
  type ChannelsQuery,
  CoterieError,
  type Hash,
  type Header,
  type List,
  limits,
  type Message,
  type MessagesQuery,
  type Thread,
} from '../../../schemas/index.ts';
import { defaultHops } from '../../fold/subjects/channel.ts';
import { followingOf } from '../../fold/subjects/message.ts';
import type { ChannelState, MessageState } from '../../fold/types.ts';
import { timePart } from '../../op/index.ts';
import { keys, under } from '../commit/rows.ts';
import { stateOf } from '../ledger/state.ts';
import { aliasKey, type IdempotencyRow, idempotencyKey } from '../ledger/subjects/repeats.ts';
import { type ChannelRow, channelOfLog, type ThreadRow } from '../views/conversation.ts';
import {
  baseOf,
  cursorAfter,
  importedOf,
  keyOfCursor,
  operation,
  pageOf as pageOfAll,
  type Reading,
  removedOf,
  same,
  siblingsOf,
  stampIso,
  textOf,
  thing,
  time,
} from './context.ts';
import { findChannel, nameOfChannel } from './names.ts';

export async function channelShape(reading: Reading, state: ChannelState): Promise<Channel> {
  const row = reading.database.get<ChannelRow>(keys.channel(state.id));
  const name = nameOfChannel(reading, state);
  const twins = (await reading.database.called('name', name)).filter((id) => id !== state.id);
  const latest =
    row?.latest === undefined
      ? undefined
      : (reading.database.get<Hash>(keys.message(state.id, row.latest)) ?? (await newest(reading, state.id)));
  const last = latest === undefined ? undefined : operation(reading, latest)?.header;
  const topic = (op: unknown) => textOf(reading, op as Hash | null, 'topic') ?? '';
  return {
    id: state.id,
    name,
    topic: topic(state.topic[0]?.value),
    archived: state.archived[0]?.value ?? false,
    ...(state.direct ? { direct: state.direct.map((id) => reading.membership.person(id)) } : {}),
    hops: state.hops[0]?.value ?? defaultHops,
    messages: row?.messages ?? 0,
    ...(last ? { latest: last.imported ? time(last.imported.at) : stampIso(last.stamp) } : {}),
    ...(twins.length > 0 ? { twins } : {}),
    ...siblingsOf(reading, {
      name: [state.name, same],
      topic: [state.topic, topic],
      archived: [state.archived, same],
      hops: [state.hops, same],
    }),
    base: baseOf(state),
  };
}

async function newest(reading: Reading, channel: Hash): Promise<Hash | undefined> {
  const rows = await reading.database.under<Hash>(`v/message/${channel}/`, { reverse: true, limit: 1 });
  return rows[0]?.[1];
}

/** Other operations that are the same thing by their idempotency key. */
export function aliasesOf(reading: Reading, id: Hash): { aliases?: string[] } {
  const row = operation(reading, id);
  const key = row && idempotencyKey(reading.crypto, row.header);
  const operations = key === undefined ? undefined : reading.database.get<IdempotencyRow>(key)?.operations;
  return operations && operations.length > 1 ? { aliases: operations.slice(1).map(({ hash }) => hash) } : {};
}

const hopsIn = (header: Header | undefined): { hops?: number } => {
  const hops = header?.data['hops'];
  return typeof hops === 'number' && hops > 0 ? { hops } : {};
};

export function messageShape(reading: Reading, state: MessageState): Message {
  const row = operation(reading, state.id);
  const shown = operation(reading, state.text[0]?.value ?? state.id);
  const data = shown?.header.data ?? {};
  const mentions = ((data['mentions'] as string[] | undefined) ?? []).filter(
    (id) => !reading.membership.state.groups.has(id),
  );
  const references = (data['references'] as Message['references']) ?? [];
  const files = (data['files'] as Message['files']) ?? [];
  const reactions = Object.entries(state.reactions).map(([emoji, members]) => ({
    emoji,
    members: Object.keys(members).map((id) => reading.membership.person(id)),
  }));
  const thread = reading.database.get<ThreadRow>(keys.thread(state.id));
  const last = state.text[0];
  return {
    id: state.id,
    channel: (row && channelOfLog(row.header.log)) ?? '',
    author: reading.membership.person(state.created.by),
    text: state.redacted ? null : textOf(reading, last?.value, 'text'),
    at: time(state.created.at),
    ...(state.thread ? { thread: state.thread } : {}),
    ...(state.answers ? { answers: state.answers } : {}),
    ...hopsIn(row?.header),
    ...(mentions.length > 0 ? { mentions: mentions.map((id) => reading.membership.person(id)) } : {}),
    ...(references.length > 0 ? { references } : {}),
    ...(files.length > 0 ? { files } : {}),
    ...(reactions.length > 0 ? { reactions } : {}),
    ...(thread && thread.replies > 0 ? { replies: thread.replies } : {}),
    ...(state.pinned[0]?.value ? { pinned: true } : {}),
    ...(state.resolved[0]?.value ? { resolved: true } : {}),
    ...(state.edits > 0 && last ? { edits: { count: state.edits, at: stampIso(last.stamp) } } : {}),
    ...removedOf(reading, state),
    ...(state.redacted
      ? {}
      : siblingsOf(reading, { text: [state.text, (op) => textOf(reading, op as Hash, 'text')] })),
    ...importedOf(reading, state),
    ...aliasesOf(reading, state.id),
    base: baseOf(state),
  };
}

export const messageOf = (reading: Reading, id: string): Message =>
  messageShape(reading, thing(reading, id, 'message'));

/** Reads a page of ids in the order of their keys. The cursor is after the last key. */
export async function pageOf<T>(
  reading: Reading,
  prefix: string,
  query: { limit?: number | undefined; cursor?: string | undefined },
  options: { newest?: boolean; from?: string; to?: string },
  shape: (id: Hash) => T | undefined | Promise<T | undefined>,
): Promise<List<T>> {
  const limit = Math.min(query.limit ?? limits.pageDefault, limits.pageSize);
  const whole = under(prefix);
  let gte = options.from === undefined ? whole.gte : prefix + options.from;
  let lt = options.to === undefined ? whole.lt : prefix + options.to;
  if (query.cursor !== undefined) {
    const key = keyOfCursor(reading, prefix, query.cursor);
    if (options.newest) lt = key;
    else gte = `${key}\u0000`;
  }
  const rows = await reading.database.list<Hash>({
    gte,
    lt,
    limit: limit + 1,
    ...(options.newest ? { reverse: true } : {}),
  });
  const items: T[] = [];
  // One read for the whole page; what follows finds the rows decoded.
  await reading.database.getMany(rows.slice(0, limit).map(([, id]) => keys.operation(id)));
  for (const [, id] of rows.slice(0, limit)) {
    const item = await shape(id);
    if (item !== undefined) items.push(item);
  }
  const last = rows[limit - 1];
  return rows.length > limit && last ? { items, next: cursorAfter(prefix, last[0]) } : { items };
}

/** ISO time as the first characters of an order. */
const edge = (iso: string | undefined): string | undefined =>
  iso === undefined ? undefined : timePart(Date.parse(iso));

export async function listMessages(
  reading: Reading,
  channel: string,
  query: MessagesQuery = {},
  member?: Hash,
): Promise<List<Message>> {
  const { id } = await findChannel(reading, channel, member);
  const from = edge(query.since);
  const to = edge(query.until);
  return pageOf(
    reading,
    `v/message/${id}/`,
    query,
    {
      newest: query.order !== 'oldest',
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    },
    (hash) => messageOf(reading, hash),
  );
}

/** A thread by any of its messages. */
export async function readThread(
  reading: Reading,
  id: string,
  query: { limit?: number | undefined; cursor?: string | undefined } | undefined,
  member: Hash,
): Promise<Thread> {
  const state = thing(reading, id, 'message');
  const root = state.thread ?? state.id;
  const first = stateOf(reading, reading.database, reading.database.get<Hash>(aliasKey(root)) ?? root);
  if (first?.kind !== 'message')
    throw new CoterieError('not_found', `The first message of this thread, ${root}, is not here.`);
  const replies = await pageOf(reading, `v/reply/${root}/`, query ?? {}, {}, (hash) =>
    messageOf(reading, hash),
  );
  return { root: messageShape(reading, first), ...replies, following: followingOf(first, member) };
}

/** Channels; or the direct conversations of the member who asks, those that somebody said something in. */
export async function listChannels(
  reading: Reading,
  query: z.infer<typeof ChannelsQuery> = {},
  member: Hash,
): Promise<List<Channel>> {
  const direct = query.direct ?? false;
  const prefix = direct ? keys.direct(member, '') : 'v/channel/';
  const all = (await reading.database.under<unknown>(prefix)).flatMap(([key]) => {
    const id = key.slice(prefix.length);
    const state = stateOf(reading, reading.database, id);
    if (state?.kind !== 'channel' || (state.addressed ?? false) !== direct) return [];
    if (direct && !reading.database.get<ChannelRow>(keys.channel(id))?.messages) return [];
    return (state.archived[0]?.value ?? false) === (query.archived ?? false)
      ? [{ state, name: nameOfChannel(reading, state) }]
      : [];
  });
  all.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const { limit = limits.pageSize, cursor } = query;
  const { page, more } = pageOfAll(all, { limit, cursor }, ({ state }) => state.id);
  return { items: await Promise.all(page.map(({ state }) => channelShape(reading, state))), ...more };
}
