import { z } from 'zod';
import { Person, page, Time } from './common.ts';
import { Event } from './events.ts';

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

/** Why something needs a member, the most pressing first. */
export const inboxKinds = [
  'direct',
  'mention',
  'group',
  'reply',
  'followed',
  'review',
  'assigned',
  'lost',
  'conflict',
  'overlap',
  'duplicate',
  'rejected',
  'counted',
] as const;

/** One thing that needs the member. */
export const InboxItem = z.strictObject({
  /** Made from the kind and what caused it, so the same wherever it comes up. Its first characters will do. */
  id: z.string(),
  /** The shortest beginning of the id, at least 6 characters, that no other open item of this member has. */
  short: z.string(),
  /**
   * `direct`: said to it in a direct conversation. `mention`: by its handle; `group`: by `@here`. `followed`: a reply in a thread that it follows.
   * `lost`: a claim of this member, to one that was made apart from it, by force, as its lease was over, or because the
   * arbiter was moved by force.
   * `conflict`: something was written apart by this member and another, or two requests under one idempotency key
   * differ. `overlap`: another reserved paths that this member has reserved. `duplicate`: things made apart have one name.
   * `rejected`: an operation of this member does not count. `counted`: one of another counts after all, and this
   * member's mark had passed it.
   */
  kind: z.enum(inboxKinds),
  /** Who did what caused it, the latest of them; null where a replica speaks for itself. */
  by: Person.nullable(),
  at: Time,
  /** The thing that it is about, and where that is, as people call it. */
  subject: z.string(),
  place: z.string().optional(),
  /** What caused it. */
  operations: z.array(z.string()),
  /** For a conflict: which fields. */
  fields: z.array(z.string()).optional(),
  /** One line. */
  text: z.string(),
});
export type InboxItem = z.infer<typeof InboxItem>;

/** One line of a catch-up. */
export const CatchUpItem = z.discriminatedUnion('kind', [
  /** One operation, shown. */
  z.strictObject({
    kind: z.literal('operation'),
    event: Event,
    because: z.enum([...inboxKinds, 'task', 'memory', 'message', 'other']),
    text: z.string().optional(),
  }),
  /** Something that needs the member and is no pending operation by itself. */
  z.strictObject({ kind: z.literal('item'), item: InboxItem }),
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
  /** True when nothing is left beyond what this answer shows or counts. */
  complete: z.boolean(),
  /** What this answer neither shows nor counts: operations of others, and inbox items. It stays as it is. */
  remaining: z.int(),
  /** The replicas of the workspace, this one first. */
  replicas: z.array(
    z.strictObject({
      id: z.string(),
      self: z.boolean(),
      /** When the newest operation of it that is here was made; null when none is. */
      heard: Time.nullable(),
      /** Whether a link with it stands now. */
      linked: z.boolean(),
      /** Updates that it is not yet known to hold, and documents not in step with it; null where there is no link. */
      lag: z.int().nullable(),
      syncing: z.int().nullable(),
      /** Whether both sides held the same when they last compared, and when that was; null = not known. */
      digestsEqual: z.boolean().nullable(),
      compared: Time.nullable(),
    }),
  ),
  /** Replicas that the budget left out of the list. */
  unlisted: z.int(),
  /** Operations here that wait for something not here yet. */
  waiting: z.int(),
  /** Digest of the workspace here. */
  digest: z.string(),
});
export type Proof = z.infer<typeof Proof>;

export const Inbox = z.strictObject({
  /** The first that came up first. */
  items: z.array(InboxItem),
  /** Where the next page begins; absent when nothing is left. */
  next: z.string().optional(),
  /** Acknowledges exactly the items of this answer. */
  receipt: z.string(),
  /** Open items, those of this answer among them. */
  open: z.int(),
  proof: Proof,
});
export type Inbox = z.infer<typeof Inbox>;
/** How much needs the member, counted and not read. */
export const Waiting = z.strictObject({
  /** Open inbox items. */
  open: z.int(),
});
export const InboxQuery = z.strictObject({
  /** Tokens that the answer may cost; an estimate of 4 bytes of JSON a token. */
  budget: z.coerce.number().int().min(100).max(200_000).optional(),
  ...page,
});
export type InboxQuery = z.infer<typeof InboxQuery>;

export const CatchUp = z.strictObject({
  items: z.array(CatchUpItem),
  next: z.string().optional(),
  receipt: z.string(),
  proof: Proof,
  /** Operations of others that are not acknowledged. */
  pending: z.int(),
  /** Those of them that this answer neither shows nor counts; the receipt leaves them pending. */
  left: z.int(),
  /** Open inbox items. */
  open: z.int(),
});
export type CatchUp = z.infer<typeof CatchUp>;
export const CatchUpQuery = z.strictObject({
  /** Tokens that the answer may cost; an estimate of 4 bytes of JSON a token. */
  budget: z.coerce.number().int().min(100).max(200_000).optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
});
export type CatchUpQuery = z.infer<typeof CatchUpQuery>;

/** Acknowledge a receipt, or operations or inbox items singly. */
export const Acknowledge = z.strictObject({
  receipt: z.string().max(128).optional(),
  operations: z.array(z.string().max(64)).max(1000).optional(),
  /** Ids of inbox items, or beginnings of at least 4 characters that one open item has. */
  items: z.array(z.string().max(64)).max(1000).optional(),
});
export const Acknowledged = z.strictObject({
  /** Operations of others that were pending and are not any more, and how many of them were counted, not read. */
  acknowledged: z.int(),
  counted: z.int(),
  /** Inbox items that were open and are not any more. */
  items: z.int(),
  /** Operations still pending, and items still open. */
  pending: z.int(),
  open: z.int(),
});
export type Acknowledged = z.infer<typeof Acknowledged>;
