import { z } from 'zod';
import { limits } from '../limits.ts';
import { Hash, Label, line, Millis, ShortId, text } from '../primitives.ts';
import { called, LinkKind, Mentions, Priority, References, TaskStatus } from '../values.ts';
import { type } from './define.ts';

const evidence = z.strictObject({
  kind: z.enum(['link', 'commit', 'file', 'note', 'message']),
  ref: z.string().min(1).max(2048),
});

/** Which texts the body holds: a fold never sees the body, and must know what was written. */
const held = {
  texts: z
    .array(z.enum(['title', 'description', 'criteria']))
    .max(3)
    .optional(),
};

/** Non-text fields; an absent one stays as it is, `null` clears it. */
const fields = {
  priority: Priority.optional(),
  assignee: Hash.nullable().optional(),
  reviewer: Hash.nullable().optional(),
  due: Millis.nullable().optional(),
};

const texts = {
  title: line(limits.titleBytes).optional(),
  description: text(limits.textBytes).optional(),
  criteria: text(limits.textBytes).optional(),
};

/** The epoch of a grant; compared as (term, move, counter), higher wins. */
export const Epoch = z.strictObject({ term: z.int().min(1), move: Hash, counter: z.int().min(0) });

const incarnation = z.string().min(1).max(64);

export const taskOperations = {
  'task.create': type(
    'tasks',
    'creation',
    {
      ...fields,
      ...held,
      short: ShortId,
      status: TaskStatus.optional(),
      labels: z.array(Label).max(100).optional(),
    },
    { body: { ...texts, title: line(limits.titleBytes) } },
  ),
  'task.update': type(
    'tasks',
    'task',
    {
      ...fields,
      ...held,
      addLabels: z.array(Label).max(100).optional(),
      removeLabels: z.array(Label).max(100).optional(),
      addEvidence: z.array(evidence).max(50).optional(),
      /** Text fields that this update empties. */
      clear: z
        .array(z.enum(['description', 'criteria']))
        .max(2)
        .optional(),
    },
    { body: texts },
  ),
  'task.move': type(
    'tasks',
    'task',
    {
      to: TaskStatus,
      from: TaskStatus.optional(),
      force: z.boolean().optional(),
      /** With `to: "blocked"`: the tasks that it waits for. It is blocked no more once nothing blocks it. */
      on: z.array(Hash).max(50).optional(),
    },
    { body: { reason: text(4096).optional() } },
  ),
  /** `subject` links to `to`: `subject blocks to`, `subject parent to` (to is part of subject), and so on. */
  'task.link': type('tasks', 'task', { kind: LinkKind, to: Hash }),
  /** Takes away the links of this kind and target that it saw. */
  'task.unlink': type('tasks', 'task', { kind: LinkKind, to: Hash }),
  'comment.create': type(
    'tasks',
    'creation',
    { task: Hash, mentions: Mentions.optional(), ...called, references: References.optional() },
    { body: { text: text(limits.textBytes) } },
  ),
  'comment.edit': type(
    'tasks',
    'comment',
    { mentions: Mentions.optional(), ...called, references: References.optional() },
    { body: { text: text(limits.textBytes) } },
  ),
  /** With `need: "granted"` it is no claim until a grant that names it counts. */
  'claim.request': type(
    'tasks',
    'task',
    {
      need: z.enum(['tentative', 'granted']),
      until: Millis.optional(),
      ttl: z.int().min(1000).optional(),
      incarnation,
      force: z.boolean().optional(),
    },
    { body: { reason: text(4096).optional() } },
  ),
  'claim.grant': type(
    'tasks',
    'task',
    { request: Hash, epoch: Epoch, until: Millis },
    { replicaSpeaks: true },
  ),
  'claim.withdraw': type('tasks', 'task', { request: Hash }),
  'claim.release': type('tasks', 'task', { claim: Hash }, { body: { reason: text(4096).optional() } }),
  'claim.renew': type(
    'tasks',
    'task',
    { claim: Hash, epoch: Epoch.optional(), until: Millis },
    { replicaSpeaks: true },
  ),
  /** A contested result, decided by the reviewer. */
  'claim.decide': type(
    'tasks',
    'task',
    { move: Hash, accept: z.boolean() },
    { body: { reason: text(4096).optional() } },
  ),
  'lease.expire': type(
    ['tasks', 'reservations'],
    'any',
    { lease: Hash, epoch: Epoch.optional() },
    { replicaSpeaks: true },
  ),
} as const;

export const reservationOperations = {
  'reservation.create': type(
    'reservations',
    'creation',
    {
      globs: z.array(z.string().min(1).max(1024)).min(1).max(50),
      until: Millis,
      incarnation,
      task: Hash.optional(),
    },
    { body: { reason: text(4096).optional() } },
  ),
  'reservation.renew': type('reservations', 'reservation', { until: Millis }),
  'reservation.release': type('reservations', 'reservation', {}),
} as const;
