import { z } from 'zod';
import { limits } from '../limits.ts';
import { Epoch } from '../operations/tasks.ts';
import { Label, line, text } from '../primitives.ts';
import { LinkKind, Priority, TaskStatus } from '../values.ts';
import { Base, ImportedView, Person, page, Removed, Siblings, Time } from './common.ts';

/** Certainty of a claim. `tentative`: written here. `granted`: by the arbiter. */
export const Claim = z.strictObject({
  operation: z.string(),
  by: Person,
  since: Time,
  certainty: z.enum(['tentative', 'granted']),
  incarnation: z.string(),
  /** The end of its lease; it is over as a fact only when an operation says so. */
  until: Time.optional(),
  /** What granted it. Of two grants the higher epoch holds: term, move, counter. */
  grant: z.strictObject({ operation: z.string(), epoch: Epoch }).optional(),
  /** Claims made apart that lost to this one. */
  lost: z
    .array(
      z.strictObject({
        operation: z.string(),
        by: Person,
        since: Time,
        certainty: z.enum(['tentative', 'granted']),
      }),
    )
    .optional(),
});

/** Held, and nobody seems to be at it: by the clock here and what was heard here, an observation. */
export const Stale = z.strictObject({
  /** `lease`: its time is over and nobody said so yet. `silent`: without a lease, and nothing was heard of its holder. */
  why: z.enum(['lease', 'silent']),
  since: Time,
});

/** Why a task is blocked, and what it is again when nothing blocks it any more. */
export const Blocked = z.strictObject({
  operation: z.string(),
  by: Person,
  since: Time,
  reason: z.string().nullable(),
  /** What it was before. */
  former: TaskStatus.nullable(),
  /** What it waits for. Empty: until somebody moves it. */
  on: z.array(z.strictObject({ id: z.string(), short: z.string().optional() })),
});

const tally = { done: z.int(), total: z.int() };
/** Parts that are done, and all that were not cancelled. */
export const TaskProgress = z.strictObject({
  ...tally,
  /** Parts of parts as well, each once; where a single task is asked for. */
  deep: z.strictObject(tally).optional(),
});

/** Called done while others hold the task by a grant: the reviewer decides. */
export const Contested = z.strictObject({
  results: z.array(z.strictObject({ operation: z.string(), by: Person, at: Time })),
  grants: z.array(z.strictObject({ operation: z.string(), by: Person })),
});

export const Evidence = z.strictObject({
  kind: z.enum(['link', 'commit', 'file', 'note', 'message']),
  ref: z.string().min(1).max(2048),
});

const link = z.strictObject({ kind: LinkKind, id: z.string(), short: z.string().optional() });

export const Task = z.strictObject({
  id: z.string(),
  /** `kai-12`; a longer form where two tasks share one. */
  short: z.string(),
  title: z.string().nullable(),
  description: z.string().nullable(),
  criteria: z.string().nullable(),
  status: TaskStatus,
  priority: Priority,
  assignee: Person.nullable(),
  reviewer: Person.nullable(),
  labels: z.array(z.string()),
  due: Time.nullable(),
  /** Open, and due before now by the clock here. */
  overdue: z.literal(true).optional(),
  evidence: z.array(Evidence),
  creator: Person,
  created: Time,
  updated: Time,
  claim: Claim.nullable(),
  contested: Contested.optional(),
  stale: Stale.optional(),
  blocked: Blocked.optional(),
  /** Of a task that has parts. */
  progress: TaskProgress.optional(),
  /** Links from this task, and to it (`inverse`). Only those that hold. */
  links: z.array(link),
  inverse: z.array(link),
  /** Links that were dropped because they would close a cycle. */
  dropped: z.array(link).optional(),
  /** Open tasks that block this one. */
  blockers: z.array(z.strictObject({ id: z.string(), short: z.string() })),
  ready: z.boolean(),
  comments: z.int(),
  siblings: z.record(z.string(), Siblings).optional(),
  removed: Removed.optional(),
  imported: ImportedView.optional(),
  aliases: z.array(z.string()).optional(),
  /** By its status, criteria and evidence; who is asking is not looked at. */
  legalMoves: z.array(TaskStatus),
  base: Base,
});
export type Task = z.infer<typeof Task>;

const write = {
  description: text(limits.textBytes).optional(),
  criteria: text(limits.textBytes).optional(),
  priority: Priority.optional(),
  /** Handle or member id. */
  assignee: z.string().max(64).nullable().optional(),
  reviewer: z.string().max(64).nullable().optional(),
  due: Time.nullable().optional(),
};

export const TaskCreate = z.strictObject({
  title: line(limits.titleBytes),
  ...write,
  status: TaskStatus.optional(),
  labels: z.array(Label).max(100).optional(),
  parent: z.string().max(64).optional(),
  /** Tasks that block the new one. */
  blockedBy: z.array(z.string().max(64)).max(50).optional(),
});
export type TaskCreate = z.infer<typeof TaskCreate>;

export const TaskUpdate = z.strictObject({
  title: line(limits.titleBytes).optional(),
  ...write,
  addLabels: z.array(Label).max(100).optional(),
  removeLabels: z.array(Label).max(100).optional(),
  addEvidence: z.array(Evidence).max(50).optional(),
  base: Base.optional(),
});
export type TaskUpdate = z.infer<typeof TaskUpdate>;

export const TaskMove = z.strictObject({
  to: TaskStatus,
  reason: text(4096).optional(),
  /** What shows that it is done, added with the move. */
  evidence: z.array(Evidence).min(1).max(50).optional(),
  /** With `to: "blocked"`: what it waits for. They block it from now on; without it, what blocks it already is meant. */
  on: z.array(z.string().max(64)).min(1).max(50).optional(),
  /** An admin makes a move that is not legal, and says why. */
  force: z.boolean().optional(),
  base: Base.optional(),
});
/** How long to wait for the arbiter, ms; 5,000 when absent. */
const timeout = z.int().min(100).max(600_000).optional();
/** How long to hold the task, ms; at most a week. A granted claim has a lease always: an hour when absent. */
const ttl = z.int().min(1000).max(604_800_000).optional();

/** A repeat by the holder answers the claim that it has. */
export const TaskClaim = z.strictObject({
  need: z.enum(['tentative', 'granted']).optional(),
  timeout,
  ttl,
  /** Names the session: another one of the same member takes over from it. */
  incarnation: z.string().min(1).max(64).optional(),
  /** An admin takes the task from who holds it, and says why. */
  force: z.boolean().optional(),
  reason: text(4096).optional(),
  base: Base.optional(),
});
export const TaskRenew = z.strictObject({ ttl, timeout });
/** Whether the result of a task in review, or a contested one, is taken. */
export const TaskDecide = z.strictObject({
  accept: z.boolean(),
  reason: text(4096).optional(),
  base: Base.optional(),
});
export const TaskRelease = z.strictObject({ reason: text(4096).optional() });
export const TaskLink = z.strictObject({ kind: LinkKind, to: z.string().max(64), base: Base.optional() });
export const Comment = z.strictObject({
  id: z.string(),
  task: z.string(),
  author: Person,
  text: z.string().nullable(),
  at: Time,
  mentions: z.array(Person).optional(),
  edits: z.strictObject({ count: z.int(), at: Time }).optional(),
  removed: Removed.optional(),
  siblings: z.record(z.string(), Siblings).optional(),
  imported: ImportedView.optional(),
  base: Base,
});
export type Comment = z.infer<typeof Comment>;
export const CommentCreate = z.strictObject({
  text: text(limits.textBytes).refine((value) => value.trim() !== '', 'text must not be blank'),
});
export const CommentsQuery = z.strictObject(page);

export const TasksQuery = z.strictObject({
  ...page,
  status: TaskStatus.optional(),
  assignee: z.string().max(64).optional(),
  priority: Priority.optional(),
  label: z.string().max(100).optional(),
  /** Only tasks that the member holds a claim on. */
  holder: z.string().max(64).optional(),
  /** Only open tasks that were due before now. */
  overdue: z.stringbool().optional(),
  /** Only held tasks at which nobody seems to be. */
  stale: z.stringbool().optional(),
});
export type TasksQuery = z.infer<typeof TasksQuery>;
export const ReadyQuery = z.strictObject(page);
