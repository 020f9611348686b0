import { z } from 'zod';
import { limits } from '../limits.ts';
import { ChannelName, Emoji, Hash, Label, text } from '../primitives.ts';
import { called, FileLink, Mentions, References } from '../values.ts';
import { type } from './define.ts';

/** The channels log. The five defaults need no operation: their ids are hash(canonical([workspace, name])). */
export const channelOperations = {
  'channel.create': type(
    'channels',
    'creation',
    { name: ChannelName, direct: z.array(Hash).max(50).optional() },
    { body: { topic: text(1024).optional() } },
  ),
  'channel.update': type(
    'channels',
    'channel',
    {
      name: ChannelName.optional(),
      archived: z.boolean().optional(),
      hops: z.int().min(0).max(1000).optional(),
    },
    { body: { topic: text(1024).optional() } },
  ),
} as const;

const said = {
  mentions: Mentions.optional(),
  ...called,
  references: References.optional(),
  files: z.array(FileLink).max(50).optional(),
};

/** A channel's log: messages and what is done to them. */
export const messageOperations = {
  'message.create': type(
    'channel',
    'creation',
    {
      ...said,
      /** The first message of the thread this belongs to. */
      thread: Hash.optional(),
      /** The message this one answers; causality between messages. */
      answers: Hash.optional(),
      /** In a direct conversation, and only there: whom it addresses, all that are in it but the author. */
      to: z
        .array(Hash)
        .min(1)
        .max(limits.conversation - 1)
        .optional(),
      /** How many agents answered each other before this. */
      hops: z.int().min(0).max(1000).optional(),
    },
    { body: { text: text(limits.textBytes) } },
  ),
  'message.edit': type('channel', 'message', said, { body: { text: text(limits.textBytes) } }),
  'message.react': type('channel', 'message', { emoji: Emoji }),
  'message.unreact': type('channel', 'message', { emoji: Emoji }),
  'message.pin': type('channel', 'message', {}),
  'message.unpin': type('channel', 'message', {}),
  'thread.resolve': type('channel', 'message', {}),
  'thread.reopen': type('channel', 'message', {}),
  'thread.follow': type('channel', 'message', { state: z.enum(['follow', 'mute', 'default']) }),
} as const;

/** Memory: a write's `after` names the versions it replaces. */
export const memoryOperations = {
  'memory.create': type(
    'memory',
    'creation',
    {
      key: z.string().min(1).max(256).optional(),
      tags: z.array(Label).max(50).optional(),
      kind: z.string().max(64).optional(),
      sources: z.array(z.string().max(2048)).max(50).optional(),
      expires: z.int().min(0).optional(),
      supersedes: z.array(Hash).max(50).optional(),
    },
    { body: { title: text(limits.titleBytes).optional(), text: text(limits.textBytes) } },
  ),
  'memory.update': type(
    'memory',
    'memory',
    {
      /** Whole version: what is absent is empty. */
      tags: z.array(Label).max(50).optional(),
      kind: z.string().max(64).optional(),
      sources: z.array(z.string().max(2048)).max(50).optional(),
      expires: z.int().min(0).optional(),
      supersedes: z.array(Hash).max(50).optional(),
    },
    { body: { title: text(limits.titleBytes).optional(), text: text(limits.textBytes) } },
  ),
  /** Hides it from recall; the text goes only by `redact`. */
  'memory.forget': type('memory', 'memory', {}),
} as const;
