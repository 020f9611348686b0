import { z } from 'zod';
import { text } from '../primitives.ts';
import { Base, Person, page, Removed, Time } from './common.ts';

/** Two globs that a path is matched by, with one such path. */
const overlap = z.strictObject({ glob: z.string(), with: z.string(), path: z.string() });

/** Another member's reservation of some of the same paths. */
export const ReservationConflict = z.strictObject({
  id: z.string(),
  by: Person,
  until: Time,
  reason: z.string().nullable(),
  /** For each glob of this one that overlaps, the first of theirs. */
  overlaps: z.array(overlap),
});
export type ReservationConflict = z.infer<typeof ReservationConflict>;

/** Advisory: it tells others, and refuses nobody anything. */
export const Reservation = z.strictObject({
  id: z.string(),
  by: Person,
  globs: z.array(z.string()),
  /** Those of `globs` that are none: another program wrote them, and they hold nothing. */
  invalid: z.array(z.string()).optional(),
  reason: z.string().nullable(),
  task: z.strictObject({ id: z.string(), short: z.string().optional() }).optional(),
  /** Names the run of the agent that made it. */
  incarnation: z.string(),
  created: Time,
  until: Time,
  /** `expired`: by the clock of this replica, or by an operation. */
  state: z.enum(['held', 'expired', 'released']),
  /** The operation that ended it; absent while only the clock says that it is over. */
  ended: z.strictObject({ operation: z.string(), by: Person.nullable(), at: Time }).optional(),
  /** While it is held: what others hold of the same paths. */
  conflicts: z.array(ReservationConflict),
  /** Reservations of others that were not compared with it: there were conflicts enough, or it took too long. */
  uncompared: z.int().optional(),
  removed: Removed.optional(),
  aliases: z.array(z.string()).optional(),
  base: Base,
});
export type Reservation = z.infer<typeof Reservation>;

const day = 24 * 60 * 60 * 1000;
/** How long it is held, ms: a second to 7 days; 30 minutes when nobody says. */
const ttl = z
  .int()
  .min(1000)
  .max(7 * day)
  .optional();

export const Reserve = z.strictObject({
  /** Of paths from the root of the repository; see docs/reservations.md. */
  globs: z.array(z.string().min(1).max(1024)).min(1).max(50),
  ttl,
  /** Short id or id. */
  task: z.string().max(64).optional(),
  reason: text(4096).optional(),
  incarnation: z.string().min(1).max(64).optional(),
});
export type Reserve = z.infer<typeof Reserve>;

/** From now on. */
export const ReservationRenew = z.strictObject({ ttl });
export type ReservationRenew = z.infer<typeof ReservationRenew>;

export const ReservationsQuery = z.strictObject({
  ...page,
  /** By default those that are held. */
  state: z.enum(['held', 'expired', 'released', 'all']).optional(),
  /** Handle or id of the member. */
  holder: z.string().max(64).optional(),
  /** True: only those of other members than the one that asks; false: only its own. */
  others: z.stringbool().optional(),
  /** Only those with a glob that matches this path. */
  path: z.string().max(4096).optional(),
});
export type ReservationsQuery = z.infer<typeof ReservationsQuery>;
