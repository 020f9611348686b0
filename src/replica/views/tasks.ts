import type { Hash, TaskStatus } from '../../../schemas/index.ts';
import type { CommentState, LinkState, TaskState } from '../../fold/types.ts';
import { keys, type OperationRow } from '../commit/rows.ts';
import type { Arriving, ViewContext } from './context.ts';
import { awaitMentioned, calledIn, forgetMentioned } from './mentions.ts';
import { naturalOrder } from './order.ts';

const showing = <T>(register: readonly { readonly value: T }[], otherwise: T): T =>
  register[0]?.value ?? otherwise;
export const statusOf = (state: TaskState) => showing(state.status, 'todo');
export const isOver = (status: TaskStatus): boolean => status === 'done' || status === 'cancelled';
export const priorityOf = (state: TaskState) => showing(state.priority, 'P2');

/** Where a task stands in lists; made from its creation, so it never moves. */
export const taskOrder = (op: Arriving): string => naturalOrder(op.hash, op.header);

/** An operation that gives a task to a member calls it, whatever else was written apart. */
export function assign(view: ViewContext, op: Arriving): void {
  const { type, data } = op.header;
  const assignee = data['assignee'];
  if ((type === 'task.create' || type === 'task.update') && typeof assignee === 'string')
    view.need(assignee, 'assigned', op);
}

/** A task appears or changes: the list of all, short ids. Returns true when another may have its short id. */
export function placeTask(
  view: ViewContext,
  creation: Arriving,
  before: TaskState | undefined,
  after: TaskState,
): boolean {
  const { draft } = view;
  let doubtful = false;
  const order = taskOrder(creation);
  if (!before) {
    draft.put(keys.taskAll(order), after.id);
    draft.put(keys.short(after.short, after.id), after.created.stamp);
    if (countShort(view, after.short)) doubtful = true;
    view.count('tasks', 1);
  }
  placeHolders(view, before, after);
  return doubtful;
}

/** Lists the task where somebody holds it or asks for it. */
function placeHolders(view: ViewContext, before: TaskState | undefined, after: TaskState): void {
  const [was, is] = [before?.requests.length ?? 0, after.requests.length];
  if (was === 0 && is === 0) return;
  if (is === 0) view.draft.remove(keys.held(after.id));
  else if (was === 0) view.draft.put(keys.held(after.id), 0);
  view.held(after.id);
  const [holder] = before?.claims ?? [];
  const [now, ...behind] = after.claims;
  // What came late was made before it, or was granted apart: who was told to hold the task does not.
  if (holder && now?.by !== holder.by && behind.some(({ op }) => op === holder.op))
    view.revised(after.id, 'tasks');
}

export function removeTask(view: ViewContext, creation: Arriving, state: TaskState): void {
  const { draft } = view;
  const order = taskOrder(creation);
  draft.remove(keys.taskAll(order));
  draft.remove(keys.short(state.short, state.id));
  if (state.requests.length > 0) draft.remove(keys.held(state.id));
  view.count('tasks', -1);
}

/** The next number of a short id's prefix is one more than the highest seen here. Returns true for one not above it. */
function countShort(view: ViewContext, short: string): boolean {
  const at = short.lastIndexOf('-');
  const key = keys.shortCount(short.slice(0, at));
  const n = Number(short.slice(at + 1));
  if (n <= (view.draft.get<number>(key) ?? 0)) return true;
  view.draft.put(key, n);
  return false;
}

export function addComment(view: ViewContext, op: Arriving, state: CommentState): void {
  const { draft } = view;
  draft.put(keys.comment(state.task, naturalOrder(op.hash, op.header)), op.hash);
  draft.put(keys.comments(state.task), (draft.get<number>(keys.comments(state.task)) ?? 0) + 1);
  for (const [member, because] of calledIn(view, op)) view.need(member, because, op);
  awaitMentioned(view, op);
  const task = view.state(state.task);
  if (task) view.need(task.created.by, 'reply', op);
}

/** Comments that came before their task call whoever made it. */
export async function callForComments(view: ViewContext, task: TaskState): Promise<void> {
  if ((view.draft.get<number>(keys.comments(task.id)) ?? 0) === 0) return;
  for (const [, hash] of await view.draft.under<Hash>(keys.comment(task.id, ''))) {
    const row = view.draft.get<OperationRow>(keys.operation(hash));
    if (row) view.need(task.created.by, 'reply', { hash, header: row.header });
  }
}

export function removeComment(view: ViewContext, op: Arriving, state: CommentState): void {
  const { draft } = view;
  forgetMentioned(view, op);
  draft.remove(keys.comment(state.task, naturalOrder(op.hash, op.header)));
  draft.put(keys.comments(state.task), (draft.get<number>(keys.comments(state.task)) ?? 1) - 1);
}

/** Links that came and went with a change of a task. */
export function linkChanges(
  before: TaskState | undefined,
  after: TaskState,
): { added: LinkState[]; removed: LinkState[] } {
  const name = (link: LinkState) => `${link.kind} ${link.to} ${link.op}`;
  const old = new Map((before?.links ?? []).map((link) => [name(link), link]));
  const added = after.links.filter((link) => !old.delete(name(link)));
  return { added, removed: [...old.values()] };
}
