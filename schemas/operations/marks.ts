import { z } from 'zod';
import { Hash } from '../primitives.ts';
import { type } from './define.ts';

/** Runs of `seq`, both ends inclusive, ascending and apart. */
const Runs = z.array(z.tuple([z.int().min(1), z.int().min(1)])).max(2000);

/** A member's own log of how far it has read. */
export const markOperations = {
  'mark.set': type('marks', 'member', {
    /** The first in a segment is whole, later ones hold what changed. */
    whole: z.boolean(),
    /** The segment into which it was written: a copy in another one moves nothing. */
    segment: z.int().min(1).optional(),
    /** The member's first mark: heads where its replica joined. */
    baseline: z.boolean().optional(),
    /** log -> replica -> seq with no hole below it. */
    vector: z.record(z.string().max(64), z.record(Hash, z.int().min(0))),
    /** log -> replica -> single acknowledgements beyond the vector. */
    acks: z.record(z.string().max(64), z.record(Hash, Runs)).optional(),
    /** Hashes acknowledged singly beyond a fork. */
    forked: z.array(Hash).max(1000).optional(),
    /** Inbox items that no operation of another stands for, acknowledged by id. */
    items: z.array(Hash).max(1000).optional(),
  }),
} as const;

/** Types that any log may hold. */
export const anyOperations = {
  /** Empty; ties together more heads than one operation may name. */
  join: type(
    ['members', 'channels', 'channel', 'tasks', 'memory', 'reservations'],
    'any',
    {},
    { replicaSpeaks: true },
  ),
  /** Removes the text of its subject, and of every edit of it. Carries `members` always. */
  redact: type(
    ['members', 'channels', 'channel', 'tasks', 'memory', 'reservations'],
    'any',
    {},
    { body: { reason: z.string().max(2048).optional() } },
  ),
} as const;
