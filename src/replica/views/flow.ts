import type { Hash, TaskStatus } from '../../../schemas/index.ts';
import type { TaskState } from '../../fold/types.ts';
import { type FlowRow, keys, type OperationRow } from '../commit/rows.ts';
import type { Reader } from '../commit/transaction.ts';
import type { ViewContext } from './context.ts';
import type { LinkRow } from './links.ts';
import { isOver, priorityOf, statusOf, taskOrder } from './tasks.ts';

/** Comes after every time. */
const never = Number.MAX_SAFE_INTEGER;

/** The status that shows: of a task that waited for others, and is blocked by none any more, what it was before. */
export const shownStatus = (reader: Pick<Reader, 'get'>, state: TaskState): TaskStatus =>
  (state.status[0]?.on && reader.get<FlowRow>(keys.flow(state.id))?.now) ?? statusOf(state);

/** Open tasks whose links of kind `blocks` to this one hold. */
export async function blockersOf(
  reader: Pick<Reader, 'under'>,
  stateOf: (id: Hash) => { readonly kind: string } | undefined,
  task: Hash,
): Promise<TaskState[]> {
  const blockers: TaskState[] = [];
  for (const [key, row] of await reader.under<LinkRow>(keys.link(task, 'blocks', ''))) {
    if (row.dropped) continue;
    const state = stateOf(key.slice(key.lastIndexOf('/') + 1)) as TaskState | undefined;
    if (state?.kind === 'task' && !isOver(statusOf(state))) blockers.push(state);
  }
  return blockers;
}

/** Tasks that a change of this one may set free, or block: those that it is over for, or is not any more. */
export function concerned(before: TaskState | undefined, after: TaskState | undefined): readonly Hash[] {
  const isOpen = (state: TaskState | undefined): boolean => state !== undefined && !isOver(statusOf(state));
  if (isOpen(before) === isOpen(after)) return [];
  return [...(before?.links ?? []), ...(after?.links ?? [])]
    .filter(({ kind }) => kind === 'blocks')
    .map(({ to }) => to);
}

/**
 * Looks anew at what follows for tasks from those that block them: whether they can be begun, and whether they are
 * blocked still. That depends on what is here alone, never on the order in which it came. `changed` changed itself; of
 * any other that is another than before there is news.
 */
export async function settleFlow(view: ViewContext, changed: Hash, tasks: Iterable<Hash>): Promise<void> {
  for (const id of new Set([changed, ...tasks])) {
    const { draft } = view;
    const key = keys.flow(id);
    const before = draft.get<FlowRow>(key);
    const after = await flowOf(view, id);
    if (before?.ready === after.ready && before?.now === after.now) continue;
    if (before?.ready !== undefined && before.ready !== after.ready) draft.remove(before.ready);
    if (after.ready !== undefined && before?.ready !== after.ready) draft.put(after.ready, id);
    if (after.ready !== undefined || after.now !== undefined) draft.put(key, after);
    else if (before) draft.remove(key);
    if (id !== changed && before?.now !== after.now) view.revised(id, 'tasks');
  }
}

async function flowOf(view: ViewContext, id: Hash): Promise<FlowRow> {
  const { draft } = view;
  const state = view.state(id);
  const creation = draft.get<OperationRow>(keys.operation(id));
  if (state?.kind !== 'task' || !creation) return {};
  const order = taskOrder({ hash: id, header: creation.header });
  // A repeat of another, or one that is on no list for another reason.
  if (draft.get(keys.taskAll(order)) === undefined) return {};
  const [shown] = state.status;
  const waits = shown?.value === 'blocked' && shown.on !== undefined;
  const canBegin = state.claims.length === 0 && (waits || shown?.value === 'todo');
  if (!waits && !canBegin) return {};
  if ((await blockersOf(draft, view.state, id)).length > 0) return {};
  const now = waits ? (shown.former ?? 'todo') : undefined;
  const isReady = canBegin && (now ?? 'todo') === 'todo';
  const due = state.due[0]?.value ?? never;
  return {
    ...(isReady ? { ready: keys.ready(priorityOf(state), Math.min(Math.max(due, 0), never), order) } : {}),
    ...(now === undefined ? {} : { now }),
  };
}
