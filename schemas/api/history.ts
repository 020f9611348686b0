import { z } from 'zod';
import { Person, page, Removed, Time } from './common.ts';

/**
 * Why a replica is thought to have an operation: it wrote it; it wrote another that names it as seen; or its digests
 * were equal to those here while the operation was here. An observation, never a certainty: what it has lost since,
 * nobody here can know.
 */
export const Sighting = z.strictObject({
  replica: z.string(),
  because: z.enum(['wrote', 'named', 'digests']),
  /** When it was written, or when the digests were compared. */
  at: Time,
});
export type Sighting = z.infer<typeof Sighting>;

/** One operation on a thing, oldest first. */
export const HistoryItem = z.strictObject({
  operation: z.string(),
  type: z.string(),
  by: Person.nullable(),
  at: Time,
  replica: z.string(),
  state: z.enum(['counted', 'waiting', 'rejected']),
  reason: z.string().optional(),
  /**
   * Whether the replica's signature holds. `unchecked`: its key is not here, or it came with many and is proven by what
   * its replica signed after it, and its own turn comes within seconds.
   */
  signature: z.enum(['holds', 'unchecked', 'fails']),
  after: z.array(z.string()),
  data: z.record(z.string(), z.unknown()),
  body: z.record(z.string(), z.string()).optional(),
  removed: z.boolean().optional(),
  /** Replicas besides this one that were seen to have it. */
  seen: z.array(Sighting),
});
export type HistoryItem = z.infer<typeof HistoryItem>;

/** One value that shows, and who wrote it when. */
export const HistoryField = z.strictObject({
  /** `title`, `status`, `text` …; `label`, `reaction`, `evidence`, `link` and `claim` once for each that is there. */
  field: z.string(),
  /** As the other answers show it: a member by handle, a time as ISO 8601; null where it is empty or its text was removed. */
  value: z.unknown(),
  operation: z.string(),
  by: Person.nullable(),
  at: Time,
  replica: z.string(),
  /** True for a value that was written apart from the one that shows, which stands before it. */
  sibling: z.boolean().optional(),
});
export type HistoryField = z.infer<typeof HistoryField>;

/** A thing, field by field. */
export const HistoryState = z.strictObject({
  kind: z.enum(['channel', 'message', 'comment', 'task', 'memory', 'reservation']),
  fields: z.array(HistoryField),
  removed: Removed.optional(),
});
export type HistoryState = z.infer<typeof HistoryState>;

export const HistoryQuery = z.strictObject({
  ...page,
  /** A time (ISO 8601): what was made until then. A cursor of the feed: what had counted here until then. */
  at: z.string().min(1).max(128).optional(),
});
export type HistoryQuery = z.infer<typeof HistoryQuery>;

export const History = z.strictObject({
  items: z.array(HistoryItem),
  next: z.string().optional(),
  /** What the operations make of it; null when they make nothing. On the first page. */
  state: HistoryState.nullable().optional(),
  /** For `at`: which operations these are. `made`: by the clocks of who made them. `arrived`: by the feed here. */
  until: z.strictObject({ made: Time.optional(), arrived: z.string().optional() }).optional(),
});
export type History = z.infer<typeof History>;
