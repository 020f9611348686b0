import {
  type Hash,
  type LinkKind,
  linkKinds,
  priorities,
  type TaskStatus,
  taskStatuses,
} from '../../../schemas/index.ts';
import { listOf, nullable, numberOf, recordsOf, textOf, wordOf } from '../data.ts';
import type { SubjectFold } from '../fold.ts';
import { write, writeIf, written } from '../register.ts';
import { type Applied, apply, applyAny, begun, happened, origin, refuse } from '../shared.ts';
import type { LinkState, Op, Past, Register, StatusWritten, TaskState } from '../types.ts';
import { type ClaimsAfter, endAll, type Holding, release, request } from './claims.ts';
import { criteriaCell, reviewerCell } from './done.ts';
import { expire, grant, renew } from './grants.ts';
import { decide, finished } from './results.ts';
import { add, remove, type Tagged } from './set.ts';
import { move, statusCell } from './status.ts';

export const taskFold: SubjectFold<TaskState> = {
  kind: 'task',
  creation: 'task.create',

  create(op, past) {
    const { data } = op.header;
    const status: StatusWritten = written<TaskStatus>(op, wordOf(data, 'status', taskStatuses) ?? 'todo');
    const reviewer = written(op, textOf(data, 'reviewer') ?? null);
    past?.changed(statusCell, [], status);
    past?.changed(reviewerCell, [], reviewer);
    const criteria = written(op, textIn(op, 'criteria') ?? null);
    past?.changed(criteriaCell, [], criteria);
    return {
      ...begun(op),
      kind: 'task',
      short: textOf(data, 'short') ?? '',
      // A task has a title always; whether its body holds more, `texts` says.
      title: [written(op, op.hash)],
      description: [written(op, textIn(op, 'description') ?? null)],
      criteria: [criteria],
      status: [status],
      priority: [written(op, wordOf(data, 'priority', priorities) ?? 'P2')],
      assignee: [written(op, textOf(data, 'assignee') ?? null)],
      reviewer: [reviewer],
      due: [written(op, numberOf(data, 'due') ?? null)],
      labels: addAll({}, listOf(data, 'labels'), op),
      evidence: [],
      requests: [],
      leases: [],
      claims: [],
      taken: [],
      links: [],
      ...origin(op),
      updated: happened(op.header),
    };
  },

  apply(state, op, past) {
    const step = applyTask(state, op, past);
    if (step.verdict.state === 'rejected') return step;
    // A join ties heads together and says nothing of the task.
    const at = happened(op.header);
    if (op.header.type === 'join' || at <= state.updated) return step;
    return { ...step, state: { ...step.state, updated: at } };
  },
};

function applyTask(state: TaskState, op: Op, past: Past): Applied<TaskState> {
  const { data } = op.header;
  switch (op.header.type) {
    case 'task.update':
      return apply(update(state, op, past));
    case 'task.move': {
      const moved = move(state, op, past);
      if ('reason' in moved) return refuse(state, moved.reason, moved.message, moved.legal);
      let over: Partial<Holding> = {};
      if (moved.to === 'done') over = finished(state, op, past);
      if (moved.to === 'cancelled') over = endAll(state, past);
      return apply({ ...state, status: moved.status, ...over });
    }
    case 'task.link':
    case 'task.unlink':
      return relink(state, op, past);
    case 'claim.request':
      return claimed(state, op, request(state, op, past));
    case 'claim.release':
      return claimed(state, op, release(state, op, past, textOf(data, 'claim')));
    case 'claim.withdraw':
      return claimed(state, op, release(state, op, past, textOf(data, 'request')));
    case 'claim.grant':
      return claimed(state, op, grant(state, op, past));
    case 'claim.renew':
      return claimed(state, op, renew(state, op, past));
    case 'lease.expire':
      return claimed(state, op, expire(state, op, past));
    case 'claim.decide':
      return decide(state, op, past);
    default:
      return applyAny(state, op);
  }
}

function claimed(state: TaskState, op: Op, after: ClaimsAfter): Applied<TaskState> {
  if (!('holding' in after)) return refuse(state, after.reason, after.message);
  const fresh = (after.taken ?? []).filter((one) => !state.taken.some((other) => other.op === one.op));
  if (fresh.length === 0) return apply({ ...state, ...after.holding });
  const taken = fresh.map((one) => ({ op: one.op, by: one.by, with: op.hash }));
  return apply({ ...state, ...after.holding, taken: [...state.taken, ...taken] });
}

/** The operation whose body holds this text, if it says that it wrote it. */
const textIn = (op: Op, field: string): Hash | undefined =>
  op.header.bodyHash !== undefined && listOf(op.header.data, 'texts').includes(field) ? op.hash : undefined;

function addAll(set: Tagged, labels: readonly string[], op: Op): Tagged {
  let all = set;
  for (const label of new Set(labels)) all = add(all, label, op.hash);
  return all;
}

function update(state: TaskState, op: Op, past: Past): TaskState {
  const { data } = op.header;
  const cleared = listOf(data, 'clear');
  const text = (field: 'title' | 'description' | 'criteria') =>
    textIn(op, field) ?? (field !== 'title' && cleared.includes(field) ? null : undefined);
  let { labels } = state;
  for (const label of listOf(data, 'removeLabels')) labels = remove(labels, label, past);
  labels = addAll(labels, listOf(data, 'addLabels'), op);
  const evidence = recordsOf(data, 'addEvidence').map((item) => ({
    kind: textOf(item, 'kind') ?? '',
    ref: textOf(item, 'ref') ?? '',
    op: op.hash,
  }));
  return {
    ...state,
    title: writeIf(state.title, op, past, text('title')),
    description: writeIf(state.description, op, past, text('description')),
    criteria: remembered(criteriaCell, state.criteria, op, past, text('criteria')),
    priority: writeIf(state.priority, op, past, wordOf(data, 'priority', priorities)),
    assignee: writeIf(state.assignee, op, past, nullable(data, 'assignee', textOf)),
    reviewer: remembered(reviewerCell, state.reviewer, op, past, nullable(data, 'reviewer', textOf)),
    due: writeIf(state.due, op, past, nullable(data, 'due', numberOf)),
    labels,
    evidence: evidence.length === 0 ? state.evidence : [...state.evidence, ...evidence],
  };
}

/** Reviewer and criteria decide what others may do: so what each operation saw of them is remembered. */
function remembered<T>(
  cell: string,
  register: Register<T>,
  op: Op,
  past: Past,
  value: T | undefined,
): Register<T> {
  if (value === undefined) return register;
  past.changed(cell, past.shows(cell, register), written(op, value));
  return write(register, op, past, value);
}

/** Links are an add-wins set by kind and target. Whether one closes a cycle only the whole graph can tell. */
function relink(state: TaskState, op: Op, past: Past): Applied<TaskState> {
  const kind = wordOf<LinkKind>(op.header.data, 'kind', linkKinds);
  const to = textOf(op.header.data, 'to');
  if (kind === undefined || to === undefined)
    return refuse(state, 'schema', 'a link names a kind and a task');
  if (op.header.type === 'task.link') {
    const link: LinkState = { from: state.id, kind, to, op: op.hash, stamp: op.header.stamp };
    return apply({ ...state, links: [...state.links, link] });
  }
  const links = state.links.filter((link) => link.kind !== kind || link.to !== to || !past.has(link.op));
  return apply({ ...state, links });
}
