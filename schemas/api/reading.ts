import { z } from 'zod';
import { Person, page, Time } from './common.ts';

/** What happened, as it arrived here. */
export const Event = z.strictObject({
  /** `<feed epoch>.<number>`: resume after it. */
  cursor: z.string(),
  /** The operation's type, or `revised` when something already reported changed. */
  type: z.string(),
  /** The operation's hash. */
  operation: z.string(),
  /** The thing it is about: for a creation its own id. */
  subject: z.string(),
  log: z.string(),
  /** Channel id, for what happens in a channel. */
  channel: z.string().optional(),
  by: Person.nullable(),
  /** When it was made; for history its own time. */
  at: Time,
  /** True for history that was brought in: it notifies nobody. */
  imported: z.boolean().optional(),
  /** The operation's data, and its text where there is one. */
  data: z.record(z.string(), z.unknown()),
  body: z.record(z.string(), z.string()).optional(),
  removed: z.boolean().optional(),
  /** For `revised`: the operation whose arrival changed it. */
  cause: z.string().optional(),
});
export type Event = z.infer<typeof Event>;

export const EventsQuery = z.strictObject({
  /** Cursor; absent = from now on; `0` = from the beginning. */
  since: z.string().max(128).optional(),
  /** Comma-separated operation types, a trailing `*` matches a prefix (`message.*`). */
  types: z.string().max(1024).optional(),
  /** Channel names or ids, comma-separated. */
  channels: z.string().max(4096).optional(),
  /** Handles or ids of whom it is by, comma-separated. */
  members: z.string().max(4096).optional(),
});
export type EventsQuery = z.infer<typeof EventsQuery>;

/** Activity is newest first. */
export const ActivityQuery = z.strictObject({
  ...page,
  types: z.string().max(1024).optional(),
  channels: z.string().max(4096).optional(),
  members: z.string().max(4096).optional(),
  /** True: each event by itself. Else those of one type by one member in one log that follow each other are one item. */
  each: z.stringbool().optional(),
});
export type ActivityQuery = z.infer<typeof ActivityQuery>;

/** What happened: one event, or the newest of a run of its kind. */
export const ActivityItem = z.strictObject({
  ...Event.shape,
  /** For a run of two or more: how many, on how many things, and the oldest of them. At most 256 are one run. */
  run: z
    .strictObject({ count: z.int().min(2), subjects: z.int().min(1), first: z.string(), since: Time })
    .optional(),
});
export type ActivityItem = z.infer<typeof ActivityItem>;

export const SearchQuery = z.strictObject({
  q: z.string().min(1).max(10_000),
  kind: z.enum(['message', 'task', 'memory']).optional(),
  channel: z.string().max(64).optional(),
  ...page,
});
export type SearchQuery = z.infer<typeof SearchQuery>;
export const RecallQuery = z.strictObject({
  q: z.string().min(1).max(10_000),
  tag: z.string().max(100).optional(),
  ...page,
});

export const SearchResult = z.strictObject({
  kind: z.enum(['message', 'task', 'comment', 'memory']),
  id: z.string(),
  score: z.number(),
  title: z.string().optional(),
  /** A part of the text around the first match. */
  snippet: z.string(),
  channel: z.string().optional(),
  task: z.string().optional(),
  /** Where it is, as people call it: the channel's name, the task's short id, the memory's key. */
  place: z.string().optional(),
  by: Person,
  at: Time,
});
export type SearchResult = z.infer<typeof SearchResult>;
export const SearchAnswer = z.strictObject({
  results: z.array(SearchResult),
  /** Which modes answered: `text` for now. */
  modes: z.array(z.enum(['text', 'semantic'])),
  next: z.string().optional(),
  /** Operations not indexed yet; 0 when the answer covers all. */
  behind: z.int(),
});
export type SearchAnswer = z.infer<typeof SearchAnswer>;

/** One line of a catch-up. */
export const CatchUpItem = z.discriminatedUnion('kind', [
  /** One operation, shown. */
  z.strictObject({
    kind: z.literal('operation'),
    event: Event,
    because: z.enum([
      'mention',
      'reply',
      'assigned',
      'review',
      'rejected',
      'task',
      'memory',
      'message',
      'other',
    ]),
    text: z.string().optional(),
  }),
  /** Counted, not read: acknowledging covers the whole range. */
  z.strictObject({
    kind: z.literal('range'),
    log: z.string(),
    channel: z.string().optional(),
    name: z.string(),
    count: z.int(),
    from: Time,
    to: Time,
    headlines: z.array(z.string()),
  }),
]);
export type CatchUpItem = z.infer<typeof CatchUpItem>;

export const Proof = z.strictObject({
  /** Feed cursor up to which the answer is complete. */
  through: z.string(),
  /** True when nothing is pending beyond what this answer shows. */
  complete: z.boolean(),
  /** Operations that others did and that this answer neither shows nor counts. */
  remaining: z.int(),
  /** Replicas heard of, the last stamp time of each, and how far behind, ms; null = not known. */
  replicas: z.array(
    z.strictObject({
      id: z.string(),
      self: z.boolean(),
      heard: Time.nullable(),
      lag: z.number().nullable(),
      digestsEqual: z.boolean().nullable(),
    }),
  ),
  /** Operations here that wait for something not here yet. */
  waiting: z.int(),
  /** Digest of the workspace here. */
  digest: z.string(),
});
export type Proof = z.infer<typeof Proof>;

export const CatchUp = z.strictObject({
  items: z.array(CatchUpItem),
  next: z.string().optional(),
  receipt: z.string(),
  proof: Proof,
  pending: z.int(),
});
export type CatchUp = z.infer<typeof CatchUp>;
export const CatchUpQuery = z.strictObject({
  /** Tokens that the answer may cost; an estimate of 4 bytes of JSON a token. */
  budget: z.coerce.number().int().min(100).max(200_000).optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
});
export type CatchUpQuery = z.infer<typeof CatchUpQuery>;

/** Acknowledge a receipt, or operations singly. */
export const Acknowledge = z.strictObject({
  receipt: z.string().max(128).optional(),
  operations: z.array(z.string().max(64)).max(1000).optional(),
});
export const Acknowledged = z.strictObject({ acknowledged: z.int(), pending: z.int() });
export type Acknowledged = z.infer<typeof Acknowledged>;
