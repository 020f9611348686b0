import { z } from 'zod';
import { limits } from '../limits.ts';
import { ChannelName, Emoji, text } from '../primitives.ts';
import { FileLink } from '../values.ts';
import { Base, ImportedView, Person, page, Removed, Siblings, Time } from './common.ts';

export const Channel = z.strictObject({
  id: z.string(),
  name: z.string(),
  topic: z.string(),
  archived: z.boolean(),
  /** Members of a direct conversation: addressed, not secret. */
  direct: z.array(Person).optional(),
  /** How often agents may answer each other before a human says something. */
  hops: z.int(),
  messages: z.int(),
  /** Time of the newest message. */
  latest: Time.optional(),
  /** Other channels of the same name, made apart. */
  twins: z.array(z.string()).optional(),
  siblings: z.record(z.string(), Siblings).optional(),
  base: Base,
});
export type Channel = z.infer<typeof Channel>;

export const ChannelCreate = z.strictObject({ name: ChannelName, topic: text(1024).optional() });
export const ChannelUpdate = z.strictObject({
  name: ChannelName.optional(),
  topic: text(1024).optional(),
  archived: z.boolean().optional(),
  hops: z.int().min(0).max(1000).optional(),
  base: Base.optional(),
});

/** Whom a mention reaches. Whoever is not there finds it in the inbox. */
export const Reached = z.strictObject({
  handle: z.string(),
  /** Absent where nobody bears the handle yet. */
  id: z.string().optional(),
  /**
   * `present`: says so, follows events, or wrote lately. `unknown`: nobody bears it; who is made with it gets the mention.
   * `empty`: a group, or `here`, of nobody but the author.
   */
  status: z.enum(['present', 'offline', 'unknown', 'empty']),
  /** What was typed instead of the handle: `here`. */
  via: z.string().optional(),
});
export type Reached = z.infer<typeof Reached>;

export const Message = z.strictObject({
  id: z.string(),
  channel: z.string(),
  author: Person,
  /** GFM Markdown; null when it was removed. */
  text: z.string().nullable(),
  at: Time,
  /** First message of the thread that this belongs to. */
  thread: z.string().optional(),
  answers: z.string().optional(),
  /** How often agents had answered each other, this answer counted; absent where none did. */
  hops: z.int().optional(),
  mentions: z.array(Person).optional(),
  /** In the answer to the post alone: whom its mentions reach, and whether they are there now. */
  reaches: z.array(Reached).optional(),
  references: z.array(z.strictObject({ kind: z.string(), id: z.string() })).optional(),
  files: z.array(FileLink).optional(),
  reactions: z.array(z.strictObject({ emoji: z.string(), members: z.array(Person) })).optional(),
  /** Replies in the thread that this begins. */
  replies: z.int().optional(),
  pinned: z.boolean().optional(),
  resolved: z.boolean().optional(),
  /** Number of edits, and the time of the last. */
  edits: z.strictObject({ count: z.int(), at: Time }).optional(),
  removed: Removed.optional(),
  siblings: z.record(z.string(), Siblings).optional(),
  imported: ImportedView.optional(),
  /** Other operations that are the same message by their idempotency key. */
  aliases: z.array(z.string()).optional(),
  base: Base,
});
export type Message = z.infer<typeof Message>;

export const MessagePost = z.strictObject({
  text: text(limits.textBytes).refine((value) => value.trim() !== '', 'text must not be blank'),
  /** A message of the thread to reply in; its first message or any reply. */
  thread: z.string().max(64).optional(),
  files: z.array(FileLink).max(50).optional(),
  /** How often agents answered each other before this, where the agent knows of more than stands in the thread. */
  hops: z.int().min(0).max(1000).optional(),
});
export type MessagePost = z.infer<typeof MessagePost>;

export const MessageEdit = z.strictObject({
  text: text(limits.textBytes).refine((value) => value.trim() !== '', 'text must not be blank'),
  base: Base.optional(),
});
export const Redact = z.strictObject({ reason: z.string().max(2048).optional() });
export const Reaction = z.strictObject({ emoji: Emoji });
/** Only what is named changes. */
export const MessageFlags = z.strictObject({
  pinned: z.boolean().optional(),
  /** Of the thread that the message is in: a fact for everybody. */
  resolved: z.boolean().optional(),
  /** What the member wants to be told of that thread from now on: every reply, none, or answers to itself. */
  following: z.enum(['follow', 'mute', 'default']).optional(),
});
export type MessageFlags = z.infer<typeof MessageFlags>;

/** Newest first unless `order=oldest`. */
export const MessagesQuery = z.strictObject({
  ...page,
  order: z.enum(['newest', 'oldest']).optional(),
  since: Time.optional(),
  until: Time.optional(),
});
export type MessagesQuery = z.infer<typeof MessagesQuery>;
export const ChannelsQuery = z.strictObject({
  ...page,
  archived: z.stringbool().optional(),
  /** The direct conversations of who asks, instead of channels. */
  direct: z.stringbool().optional(),
});

/** A thread: its first message, then the replies, oldest first. */
export const Thread = z.strictObject({
  root: Message,
  items: z.array(Message),
  next: z.string().optional(),
  /** What the member that asks wants to be told of it. */
  following: z.enum(['follow', 'mute', 'default']),
});
export type Thread = z.infer<typeof Thread>;
export const ThreadQuery = z.strictObject(page);
