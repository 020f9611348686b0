import { z } from 'zod';
import { Person, page, Time } from './common.ts';

export const presenceStates = ['working', 'waiting', 'idle', 'away', 'offline'] as const;
export type PresenceState = (typeof presenceStates)[number];

/** What a session says of its member. Saying it again renews it; nothing of it is stored. */
export const PresenceSet = z.strictObject({
  /** `offline` ends it at once. */
  state: z.enum(presenceStates),
  /** Short id or id of the task, where it is working. */
  task: z.string().min(1).max(64).optional(),
  /** Handle or id of the member whom it waits for, where it is waiting. */
  waitingFor: z.string().min(1).max(64).optional(),
  note: z.string().max(280).optional(),
  /** Tells sessions of one member apart; each is renewed by itself. */
  session: z.string().min(1).max(64).optional(),
  /** Seconds until it ends unless it is said again; 300 unless said. */
  ttl: z.coerce.number().int().min(10).max(3600).optional(),
});
export type PresenceSet = z.infer<typeof PresenceSet>;

/** A member as its sessions say; of several the one that does most, and of those the newest. */
export const Presence = z.strictObject({
  member: Person,
  state: z.enum(presenceStates),
  /** `short` is null where the task is not known here. */
  task: z.strictObject({ id: z.string(), short: z.string().nullable() }).nullable(),
  waitingFor: Person.nullable(),
  note: z.string().nullable(),
  /** Since when it says so; null for one that is offline. */
  since: Time.nullable(),
  /** When it ends unless it is said again. */
  until: Time.nullable(),
  /** The replica that says so. */
  replica: z.string().nullable(),
  sessions: z.int(),
  /**
   * When it last said or did anything, as far as that is known here: derived from what it said since this replica was
   * opened and from the newest 4,096 events of the feed. Null for longer ago.
   */
  seen: Time.nullable(),
});
export type Presence = z.infer<typeof Presence>;

export const PresenceQuery = z.strictObject({
  ...page,
  /** Handle or id: this member alone. */
  member: z.string().min(1).max(64).optional(),
  /** False leaves out who is offline. */
  offline: z.stringbool().optional(),
});
export type PresenceQuery = z.infer<typeof PresenceQuery>;
