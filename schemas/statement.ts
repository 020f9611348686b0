import { z } from 'zod';
import { presenceStates } from './api/presence.ts';
import { Hash, Millis } from './primitives.ts';

/**
 * What a replica says of a member that it hosts, to other replicas: the JSON text that it signs. Nothing of it is
 * stored. What later versions add is not read.
 */
export const PresenceStatement = z.object({
  member: Hash,
  replica: Hash,
  /** Tells sessions of one member on one replica apart. */
  session: z.string().max(64),
  /** Higher replaces lower: ms of the replica's clock, never twice the same. */
  clock: Millis,
  state: z.enum(presenceStates),
  task: Hash.optional(),
  waitingFor: Hash.optional(),
  note: z.string().max(280).optional(),
  since: Millis,
  /** How long it holds, ms. */
  ttl: z.int().min(10_000).max(3_600_000),
  /** It is there and says nothing, since it follows a stream of events: nothing of it shows. */
  quiet: z.boolean().optional(),
});
export type PresenceStatement = z.infer<typeof PresenceStatement>;
