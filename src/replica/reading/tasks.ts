import {
  type Comment,
  type Hash,
  type LinkKind,
  type List,
  limits,
  type Task,
  type TaskStatus,
  type TasksQuery,
} from '../../../schemas/index.ts';
import type { CommentState, TaskState } from '../../fold/types.ts';
import { keys, under } from '../commit/rows.ts';
import { stateOf } from '../ledger/state.ts';
import { blockersOf, shownStatus } from '../views/flow.ts';
import type { LinkRow } from '../views/links.ts';
import { priorityOf } from '../views/tasks.ts';
import { claimShape, contestedShape } from './claims.ts';
import {
  baseOf,
  cursorAfter,
  importedOf,
  keyOfCursor,
  operation,
  type Reading,
  removedOf,
  same,
  siblingsOf,
  stampIso,
  textOf,
  thing,
  time,
} from './context.ts';
import { blockedShape, isOverdue, legalFor, progressShape, staleOf } from './flow.ts';
import { aliasesOf, pageOf } from './messages.ts';
import { findMember, findTask, shortOf } from './names.ts';

interface Link {
  kind: LinkKind;
  id: Hash;
  short?: string;
}

async function named(reading: Reading, kind: LinkKind, id: Hash): Promise<Link> {
  const state = stateOf(reading, reading.database, id);
  return state?.kind === 'task' ? { kind, id, short: await shortOf(reading, state) } : { kind, id };
}

/** Links into a task, held ones only. */
async function inverse(reading: Reading, id: Hash): Promise<{ kind: LinkKind; from: Hash }[]> {
  const rows = await reading.database.under<LinkRow>(`v/link/${id}/`);
  return rows.flatMap(([key, row]) => {
    const [, , , kind = '', from = ''] = key.split('/');
    return row.dropped ? [] : [{ kind: kind as LinkKind, from }];
  });
}

/** Todo, unblocked, unclaimed. */
const isReady = (state: TaskState, status: TaskStatus, blockers: readonly unknown[]): boolean =>
  status === 'todo' && state.claims.length === 0 && blockers.length === 0;

/** As a member sees it, who may do what it says. `deep`: with the progress of parts of parts, which reads each of them. */
export async function taskShape(
  reading: Reading,
  state: TaskState,
  viewer: Hash | undefined,
  deep = false,
): Promise<Task> {
  const { membership, database } = reading;
  const person = (id: unknown) => (typeof id === 'string' ? membership.person(id) : null);
  const text = (field: string) => (op: unknown) =>
    state.redacted ? null : textOf(reading, op as Hash | null, field);
  const into = await inverse(reading, state.id);
  const blockers = await blockersOf(database, (id) => stateOf(reading, database, id), state.id);
  const links: Link[] = [];
  const dropped: Link[] = [];
  const seen = new Set<string>();
  for (const link of state.links) {
    if (seen.has(`${link.kind} ${link.to}`)) continue;
    seen.add(`${link.kind} ${link.to}`);
    const row = database.get<LinkRow>(keys.link(link.to, link.kind, link.from));
    (row?.dropped ? dropped : links).push(await named(reading, link.kind, link.to));
  }
  const status = shownStatus(database, state);
  const stale = staleOf(reading, state);
  return {
    id: state.id,
    short: await shortOf(reading, state),
    title: text('title')(state.title[0]?.value),
    description: text('description')(state.description[0]?.value),
    criteria: text('criteria')(state.criteria[0]?.value),
    status,
    priority: priorityOf(state),
    assignee: person(state.assignee[0]?.value),
    reviewer: person(state.reviewer[0]?.value),
    labels: Object.keys(state.labels).sort(),
    due: state.due[0]?.value == null ? null : time(state.due[0].value),
    ...(isOverdue(reading, state) ? { overdue: true } : {}),
    evidence: state.evidence.map(({ kind, ref }) => ({
      kind: kind as Task['evidence'][number]['kind'],
      ref,
    })),
    creator: membership.person(state.created.by),
    created: time(state.created.at),
    updated: time(state.updated),
    claim: claimShape(reading, state),
    ...contestedShape(reading, state),
    ...(stale ? { stale } : {}),
    ...(await blockedShape(reading, state, status)),
    ...progressShape(reading, state, deep),
    links,
    inverse: await Promise.all(into.map(({ kind, from }) => named(reading, kind, from))),
    ...(dropped.length > 0 ? { dropped } : {}),
    blockers: await Promise.all(
      blockers.map(async (task) => ({ id: task.id, short: await shortOf(reading, task) })),
    ),
    ready: isReady(state, status, blockers),
    comments: database.get<number>(keys.comments(state.id)) ?? 0,
    ...siblingsOf(reading, {
      title: [state.title, text('title')],
      description: [state.description, text('description')],
      criteria: [state.criteria, text('criteria')],
      status: [state.status, same],
      priority: [state.priority, same],
      assignee: [state.assignee, person],
      reviewer: [state.reviewer, person],
      due: [state.due, (ms) => (typeof ms === 'number' ? time(ms) : null)],
    }),
    ...removedOf(reading, state),
    ...importedOf(reading, state),
    ...aliasesOf(reading, state.id),
    legalMoves: legalFor(reading, state, status, viewer),
    base: baseOf(state),
  };
}

export function commentShape(reading: Reading, state: CommentState): Comment {
  const shown = operation(reading, state.text[0]?.value ?? state.id);
  const mentions = ((shown?.header.data['mentions'] as string[] | undefined) ?? []).filter(
    (id) => !reading.membership.state.groups.has(id),
  );
  return {
    id: state.id,
    task: state.task,
    author: reading.membership.person(state.created.by),
    text: state.redacted ? null : textOf(reading, state.text[0]?.value, 'text'),
    at: time(state.created.at),
    ...(mentions.length > 0 ? { mentions: mentions.map((id) => reading.membership.person(id)) } : {}),
    ...(state.edits > 0 && state.text[0]
      ? { edits: { count: state.edits, at: stampIso(state.text[0].stamp) } }
      : {}),
    ...removedOf(reading, state),
    ...(state.redacted
      ? {}
      : siblingsOf(reading, { text: [state.text, (op) => textOf(reading, op as Hash, 'text')] })),
    ...importedOf(reading, state),
    base: baseOf(state),
  };
}

type Page = { limit?: number | undefined; cursor?: string | undefined };

export async function listComments(reading: Reading, ref: string, query: Page = {}): Promise<List<Comment>> {
  const task = await findTask(reading, ref);
  return pageOf(reading, `v/comment/${task.id}/`, query, {}, (id) =>
    commentShape(reading, thing(reading, id, 'comment')),
  );
}

/** Newest first. */
export async function listTasks(reading: Reading, viewer: Hash, query: TasksQuery = {}): Promise<List<Task>> {
  const assignee = query.assignee === undefined ? undefined : findMember(reading, query.assignee).id;
  const holder = query.holder === undefined ? undefined : findMember(reading, query.holder).id;
  const fits = (state: TaskState): boolean =>
    (query.status === undefined || shownStatus(reading.database, state) === query.status) &&
    (query.overdue !== true || isOverdue(reading, state)) &&
    (query.stale !== true || staleOf(reading, state) !== undefined) &&
    (query.priority === undefined || priorityOf(state) === query.priority) &&
    (assignee === undefined || state.assignee[0]?.value === assignee) &&
    (holder === undefined || state.claims[0]?.by === holder) &&
    (query.label === undefined || Object.hasOwn(state.labels, query.label));
  return filtered(reading, viewer, 'v/tasks/', query, true, fits);
}

/** Tasks that can be begun: by priority, then due, then age. */
export async function readyTasks(reading: Reading, viewer: Hash, query: Page = {}): Promise<List<Task>> {
  return filtered(reading, viewer, 'v/ready/', query, false, () => true);
}

/** Goes over an index in order until a page is full. The cursor is after the last key. */
async function filtered(
  reading: Reading,
  viewer: Hash,
  prefix: string,
  query: Page,
  newest: boolean,
  fits: (state: TaskState) => boolean | Promise<boolean>,
): Promise<List<Task>> {
  const limit = Math.min(query.limit ?? limits.pageDefault, limits.pageSize);
  const items: Task[] = [];
  let last: string | undefined;
  for await (const [key, id] of scanIndex(reading, prefix, query.cursor, newest)) {
    const state = stateOf(reading, reading.database, id);
    if (state?.kind !== 'task' || !(await fits(state))) continue;
    if (items.length === limit && last !== undefined) return { items, next: cursorAfter(prefix, last) };
    items.push(await taskShape(reading, state, viewer));
    last = key;
  }
  return { items };
}

const step = 256;

/** Rows of an index beyond a cursor, in steps. */
async function* scanIndex(
  reading: Reading,
  prefix: string,
  cursor: string | undefined,
  newest: boolean,
): AsyncGenerator<[key: string, id: Hash]> {
  let { gte, lt } = under(prefix);
  const at = cursor === undefined ? undefined : keyOfCursor(reading, prefix, cursor);
  if (at !== undefined && newest) lt = at;
  if (at !== undefined && !newest) gte = `${at}\u0000`;
  for (;;) {
    const rows = await reading.database.list<Hash>({ gte, lt, limit: step, reverse: newest });
    yield* rows;
    const end = rows.at(-1)?.[0];
    if (end === undefined || rows.length < step) return;
    if (newest) lt = end;
    else gte = `${end}\u0000`;
  }
}
