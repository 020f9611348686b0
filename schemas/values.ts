import { z } from 'zod';
import { Hash } from './primitives.ts';

/** Message mentions, members by id. `here` stands for everyone present; who that was stands in `here`. */
export const Mentions = z.array(z.string().max(64)).max(200);

/** What a text calls besides those whose ids it knows. */
export const called = {
  /** Members that were there when it was written, where it says `@here`. */
  here: z.array(Hash).max(100).optional(),
  /** Handles that nobody bore, each as hash(canonical(["handle", workspace, handle])): a name would stay after a removal. */
  awaited: z.array(Hash).max(50).optional(),
};

/** What a text refers to. */
export const References = z
  .array(z.strictObject({ kind: z.enum(['message', 'task', 'memory']), id: z.string().max(64) }))
  .max(200);

/** Where imported history comes from. Only ids: names would be text that can't be removed. */
export const FileLink = z.strictObject({
  name: z.string().max(512),
  url: z.url().max(2048),
  bytes: z.int().min(0).optional(),
  mime: z.string().max(128).optional(),
});

export const memberKinds = ['agent', 'human'] as const;
/** Least to most. */
export const roles = ['reader', 'member', 'admin', 'owner'] as const;
export const Role = z.enum(roles);
export type Role = z.infer<typeof Role>;

export const taskStatuses = ['todo', 'doing', 'blocked', 'review', 'done', 'cancelled'] as const;
export const TaskStatus = z.enum(taskStatuses);
export type TaskStatus = z.infer<typeof TaskStatus>;

export const priorities = ['P0', 'P1', 'P2', 'P3'] as const;
export const Priority = z.enum(priorities);
export type Priority = z.infer<typeof Priority>;

/** `a blocks b`: b can't begin before a is done. `a parent b`: b is part of a. The rest as in the words. */
export const linkKinds = [
  'blocks',
  'parent',
  'related',
  'discovered-from',
  'supersedes',
  'duplicates',
] as const;
export const LinkKind = z.enum(linkKinds);
export type LinkKind = z.infer<typeof LinkKind>;

/** Kinds of link that must stay free of cycles: all but `related`, which has no direction. */
export const acyclicLinks: readonly LinkKind[] = [
  'blocks',
  'parent',
  'discovered-from',
  'supersedes',
  'duplicates',
];

export const memoryKinds = ['fact', 'decision', 'lesson', 'preference', 'procedure', 'reference'] as const;

/**
 * Legal moves of a task: from its status to each of these. `cancelled` and `done` can be reopened.
 * A move to the status that a task already has is legal and says so again.
 */
export const legalMoves: Readonly<Record<TaskStatus, readonly TaskStatus[]>> = {
  todo: ['doing', 'blocked', 'review', 'done', 'cancelled'],
  doing: ['todo', 'blocked', 'review', 'done', 'cancelled'],
  blocked: ['todo', 'doing', 'cancelled'],
  review: ['todo', 'doing', 'blocked', 'done', 'cancelled'],
  done: ['todo', 'review'],
  cancelled: ['todo'],
};
