import { z } from 'zod';
import {
  ChannelName,
  DisplayName,
  Emoji,
  Evidence,
  FileLink,
  Handle,
  Label,
  LinkKind,
  limits,
  line,
  memberKinds,
  Priority,
  ShortId,
  TaskStatus,
  Time,
  text,
} from '../../schemas/index.ts';

// The rows of an export, one file a shape. Keys are written in this order. What refers to a row names its `id`.

/**
 * `imported.source` where the thing has one, else `coterie:<workspace>:<hash>`; `default:<name>` for the five channels,
 * `direct:<hash of the members>` for a direct conversation.
 */
const Id = z.string().min(1).max(512);

const Mentions = z.array(Id).max(200);
const Removed = z.strictObject({ at: Time, by: Id.nullable() });

export const MemberRow = z.strictObject({
  id: Id,
  handle: Handle,
  name: DisplayName,
  kind: z.enum(memberKinds),
  at: Time,
});

export const ChannelRow = z.strictObject({
  id: Id,
  /** Empty for a direct conversation. */
  name: ChannelName.or(z.literal('')),
  topic: text(1024),
  archived: z.boolean(),
  direct: z.array(Id).max(50).optional(),
  hops: z.int().min(0).max(1000).optional(),
  at: Time.nullable(),
});

export const MessageRow = z.strictObject({
  id: Id,
  channel: Id,
  author: Id,
  at: Time,
  /** Null when it was removed. */
  text: text(limits.textBytes).nullable(),
  thread: Id.optional(),
  answers: Id.optional(),
  /** Members, or `here`. */
  mentions: Mentions.optional(),
  references: z
    .array(z.strictObject({ kind: z.enum(['message', 'task', 'memory']), id: Id }))
    .max(200)
    .optional(),
  files: z.array(FileLink).max(50).optional(),
  pinned: z.literal(true).optional(),
  resolved: z.literal(true).optional(),
  removed: Removed.optional(),
});

export const ReactionRow = z.strictObject({ id: Id, message: Id, emoji: Emoji, member: Id, at: Time });

export const TaskRow = z.strictObject({
  id: Id,
  short: ShortId,
  title: line(limits.titleBytes).nullable(),
  description: text(limits.textBytes).nullable(),
  criteria: text(limits.textBytes).nullable(),
  status: TaskStatus,
  moved: z.strictObject({ at: Time, by: Id.nullable(), reason: text(4096).nullable() }).nullable(),
  priority: Priority,
  assignee: Id.nullable(),
  reviewer: Id.nullable(),
  labels: z.array(Label),
  due: Time.nullable(),
  evidence: z.array(Evidence),
  author: Id,
  at: Time,
  removed: Removed.optional(),
});

export const LinkRow = z.strictObject({
  id: Id,
  from: Id,
  kind: LinkKind,
  to: Id,
  author: Id.nullable(),
  at: Time,
});

export const CommentRow = z.strictObject({
  id: Id,
  task: Id,
  author: Id,
  at: Time,
  text: text(limits.textBytes).nullable(),
  mentions: Mentions.optional(),
  removed: Removed.optional(),
});

export const MemoryRow = z.strictObject({
  id: Id,
  key: z.string().min(1).max(256).optional(),
  title: text(limits.titleBytes).nullable(),
  text: text(limits.textBytes).nullable(),
  tags: z.array(Label).max(50),
  kind: z.string().max(64).optional(),
  sources: z.array(z.string().max(2048)).max(50),
  expires: Time.optional(),
  supersedes: z.array(Id).max(50),
  forgotten: z.boolean(),
  author: Id,
  at: Time,
  removed: Removed.optional(),
});

/** A file of an export, without `.jsonl`, and what a line of it holds. */
export const rowShapes = {
  members: MemberRow,
  channels: ChannelRow,
  messages: MessageRow,
  reactions: ReactionRow,
  tasks: TaskRow,
  links: LinkRow,
  comments: CommentRow,
  memory: MemoryRow,
} as const;

export type RowKind = keyof typeof rowShapes;
export type Row<K extends RowKind> = z.infer<(typeof rowShapes)[K]>;
export const rowKinds = Object.keys(rowShapes) as RowKind[];
