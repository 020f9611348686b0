import type { z } from 'zod';
import {
  type ChannelCreate,
  type ChannelUpdate,
  CoterieError,
  type Hash,
  type Message,
  type MessageFlags,
  type MessagePost,
  type OperationTypeName,
} from '../../../schemas/index.ts';
import { followingOf } from '../../fold/subjects/message.ts';
import type { ChannelState, MessageState } from '../../fold/types.ts';
import type { Work } from '../commit/commits.ts';
import { keys, type OperationRow } from '../commit/rows.ts';
import { operation, thing } from '../reading/context.ts';
import { messageOf } from '../reading/messages.ts';
import { findChannel, nameOfChannel } from '../reading/names.ts';
import { logOfChannel } from '../views/conversation.ts';
import { type Actor, once, plainState, queuedState, refuseRedacted, type Writing } from './context.ts';
import { hopsOf } from './hops.ts';
import { callsGroup, reachedBy, saidIn } from './mentions.ts';

type Key = string | undefined;

/** Posts in a channel, or in the thread of a message. Resolves with the message's id, durable. */
export async function postMessage(
  writing: Writing,
  actor: Actor,
  channel: string,
  input: MessagePost,
  key: Key,
): Promise<Hash> {
  const found = await findChannel(writing.reading, channel, actor.id);
  const { id } = found;
  const log = logOfChannel(found);
  const to = addressed(writing, actor, found);
  const said = await saidIn(writing, input.text);
  const answered = input.thread === undefined ? undefined : thing(writing.reading, input.thread, 'message');
  if (answered && logOf(writing, answered.id) !== log)
    throw new CoterieError('invalid', `The message ${answered.id} is in another channel.`, {
      hint: 'Reply in the channel of the thread.',
    });
  const root = answered?.thread ?? answered?.id;
  return once(writing, { actor, key, input: { post: id, input } }, async (work, keyHash) => {
    const state = found.addressed ? found : plainState(writing, work, id, 'channel');
    if (state.archived[0]?.value) throw new CoterieError('archived', `The channel ${channel} is archived.`);
    const hops = hopsOf(writing, work, actor, { channel: state, root, hops: input.hops });
    return writing.ledger.append(work, {
      log,
      type: 'message.create',
      member: actor.id,
      data: {
        ...said,
        ...to,
        ...(input.files ? { files: input.files } : {}),
        ...(root ? { thread: root } : {}),
        ...(answered && answered.id !== root ? { answers: answered.id } : {}),
        ...(hops > 0 ? { hops } : {}),
      },
      body: { text: input.text },
      seesMembers: callsGroup(writing.reading, said),
      key: keyHash,
    });
  });
}

/** Whom a message addresses, in a direct conversation. Throws `forbidden` where it is one of others. */
function addressed(
  { reading }: Writing,
  actor: Actor,
  channel: ChannelState,
): { readonly to?: readonly Hash[] } {
  if (!channel.addressed) return {};
  const members = channel.direct ?? [];
  if (!members.includes(actor.id))
    throw new CoterieError('forbidden', `${nameOfChannel(reading, channel)} is a conversation of others.`, {
      hint: 'Begin one with them, which includes you.',
    });
  return { to: members.filter((id) => id !== actor.id) };
}

/** A message as it was just posted: with whom its mentions reach. */
export async function posted(
  writing: Writing,
  actor: Actor,
  id: Hash,
  { text }: Pick<MessagePost, 'text'>,
): Promise<Message> {
  const data = operation(writing.reading, id)?.header.data ?? {};
  const reaches = await reachedBy(writing, actor.id, data, text);
  return { ...messageOf(writing.reading, id), ...(reaches.length > 0 ? { reaches } : {}) };
}

/** The log that a thing lives in is its creation's. */
export function logOf(writing: Writing, id: Hash): string {
  const row = writing.reading.database.get<OperationRow>(keys.operation(id));
  if (!row) throw new CoterieError('not_found', `There is nothing with the id ${id}.`);
  return row.header.log;
}

/** Edits a message or a comment; only its author may. */
export async function editText(
  writing: Writing,
  actor: Actor,
  id: string,
  input: { text: string; base?: readonly string[] | undefined },
  key: Key,
): Promise<Hash> {
  const known = thing(writing.reading, id, 'message', 'comment');
  const said = await saidIn(writing, input.text);
  return once(writing, { actor, key, input: { edit: known.id, input } }, async (work, keyHash) => {
    refuseRedacted(await queuedState(writing, work, known.id, known.kind));
    return writing.ledger.append(work, {
      log: logOf(writing, known.id),
      type: known.kind === 'message' ? 'message.edit' : 'comment.edit',
      subject: known.id,
      member: actor.id,
      data: said,
      body: { text: input.text },
      seesMembers: callsGroup(writing.reading, said),
      key: keyHash,
      base: input.base,
    });
  });
}

/** Removes the text of a message, comment, task, memory or reservation, and of all its edits. */
export async function redactText(
  writing: Writing,
  actor: Actor,
  id: string,
  reason: string | undefined,
  key: Key,
): Promise<{ id: Hash; operation: Hash }> {
  const known = thing(writing.reading, id, 'message', 'comment', 'task', 'memory', 'reservation');
  // Rows in flight have no signature yet; what is removed must be on disk as a whole.
  await writing.commits.idle();
  const operation = await once(
    writing,
    { actor, key, input: { redact: known.id } },
    async (work, keyHash) => {
      const state = await queuedState(writing, work, known.id, known.kind);
      if (state.redacted) return state.redacted.op;
      return writing.ledger.append(work, {
        log: logOf(writing, known.id),
        type: 'redact',
        subject: known.id,
        member: actor.id,
        data: {},
        body: { reason },
        key: keyHash,
      });
    },
  );
  return { id: known.id, operation };
}

const has = (state: MessageState, emoji: string, member: Hash): boolean =>
  (state.reactions[emoji]?.[member]?.length ?? 0) > 0;

/** Puts a reaction there or takes it away; what is so already is left alone. */
export async function reactTo(
  writing: Writing,
  actor: Actor,
  id: string,
  emoji: string,
  on: boolean,
  key: Key,
): Promise<Hash> {
  const known = thing(writing.reading, id, 'message');
  await once(writing, { actor, key, input: { react: known.id, emoji, on } }, async (work, keyHash) => {
    const state = await queuedState(writing, work, known.id, 'message');
    if (has(state, emoji, actor.id) === on) return known.id;
    return writing.ledger.append(work, {
      log: logOf(writing, known.id),
      type: on ? 'message.react' : 'message.unreact',
      subject: known.id,
      member: actor.id,
      data: { emoji },
      key: keyHash,
    });
  });
  return known.id;
}

/**
 * Pins or unpins a message, resolves or reopens its thread, follows or mutes that; what is so already is left alone.
 * Resolves with the message, or the first one of its thread where something of that was said.
 */
export async function flagMessage(
  writing: Writing,
  actor: Actor,
  id: string,
  input: MessageFlags,
  key: Key,
): Promise<Hash> {
  const known = thing(writing.reading, id, 'message');
  const root = known.thread === undefined ? known.id : thing(writing.reading, known.thread, 'message').id;
  await once(writing, { actor, key, input: { flag: known.id, input } }, async (work, keyHash) => {
    let first: Hash | undefined;
    for (const [subject, type, data] of await changesOf(writing, work, actor, [known.id, root], input)) {
      const hash = await writing.ledger.append(work, {
        log: logOf(writing, subject),
        type,
        subject,
        member: actor.id,
        data,
        key: first === undefined ? keyHash : undefined,
      });
      first ??= hash;
    }
    return first ?? known.id;
  });
  return input.resolved === undefined && input.following === undefined ? known.id : root;
}

type Flagging = readonly [subject: Hash, type: OperationTypeName, data: Record<string, unknown>];

async function changesOf(
  writing: Writing,
  work: Work,
  actor: Actor,
  [message, root]: readonly [message: Hash, root: Hash],
  { pinned, resolved, following }: MessageFlags,
): Promise<Flagging[]> {
  const state = await queuedState(writing, work, message, 'message');
  const begins = root === message ? state : await queuedState(writing, work, root, 'message');
  const all: Flagging[] = [];
  if (pinned !== undefined && pinned !== (state.pinned[0]?.value ?? false))
    all.push([message, pinned ? 'message.pin' : 'message.unpin', {}]);
  if (resolved !== undefined && resolved !== (begins.resolved[0]?.value ?? false))
    all.push([root, resolved ? 'thread.resolve' : 'thread.reopen', {}]);
  if (following !== undefined && following !== followingOf(begins, actor.id))
    all.push([root, 'thread.follow', { state: following }]);
  return all;
}

export async function createChannel(
  writing: Writing,
  actor: Actor,
  input: z.infer<typeof ChannelCreate>,
  key: Key,
): Promise<Hash> {
  return once(writing, { actor, key, input: { channel: input } }, async (work, keyHash) => {
    const named = await work.draft.under<string>(`v/name/${input.name}/`);
    if (named.length > 0) throw new CoterieError('exists', `There is a channel ${input.name} already.`);
    return writing.ledger.append(work, {
      log: 'channels',
      type: 'channel.create',
      member: actor.id,
      data: { name: input.name },
      body: { topic: input.topic },
      key: keyHash,
    });
  });
}

export async function updateChannel(
  writing: Writing,
  actor: Actor,
  channel: string,
  input: z.infer<typeof ChannelUpdate>,
  key: Key,
): Promise<Hash> {
  const { id, addressed: isDirect } = await findChannel(writing.reading, channel, actor.id);
  if (isDirect)
    throw new CoterieError(
      'invalid',
      'A direct conversation has neither a name nor a topic, and no archive.',
      {
        hint: 'Make a channel for what needs them.',
      },
    );
  await once(writing, { actor, key, input: { channel: id, input } }, async (work, keyHash) => {
    const state = await queuedState(writing, work, id, 'channel');
    if (input.name !== undefined && input.name !== state.name[0]?.value) {
      const named = await work.draft.under<string>(`v/name/${input.name}/`);
      if (named.length > 0) throw new CoterieError('exists', `There is a channel ${input.name} already.`);
    }
    return writing.ledger.append(work, {
      log: 'channels',
      type: 'channel.update',
      subject: id,
      member: actor.id,
      data: {
        ...(input.name === undefined ? {} : { name: input.name }),
        ...(input.archived === undefined ? {} : { archived: input.archived }),
        ...(input.hops === undefined ? {} : { hops: input.hops }),
      },
      body: { topic: input.topic },
      key: keyHash,
      base: input.base,
    });
  });
  return id;
}
