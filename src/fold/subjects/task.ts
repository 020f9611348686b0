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
import { writeIf, written } from '../register.ts';
import { type Applied, apply, applyAny, begun, happened, origin, refuse } from '../shared.ts';
import type { LinkState, Op, Past, TaskState } from '../types.ts';
import { type ClaimsAfter, endAll, release, request } from './claims.ts';
import { add, remove, type Tagged } from './set.ts';
import { move, statusCell } from './status.ts';

export const taskFold: SubjectFold<TaskState> = {
  kind: 'task',
  creation: 'task.create',

  create(op, past) {
    const { data } = op.header;
    const status = written<TaskStatus>(op, wordOf(data, 'status', taskStatuses) ?? 'todo');
    past?.changed(statusCell, [], status);
    return {
      ...begun(op),
      kind: 'task',
      short: textOf(data, 'short') ?? '',
      // A task has a title always; whether its body holds more, `texts` says.
      title: [written(op, op.hash)],
      description: [written(op, textIn(op, 'description') ?? null)],
      criteria: [written(op, textIn(op, 'criteria') ?? null)],
      status: [status],
      priority: [written(op, wordOf(data, 'priority', priorities) ?? 'P2')],
      assignee: [written(op, textOf(data, 'assignee') ?? null)],
      reviewer: [written(op, textOf(data, 'reviewer') ?? null)],
      due: [written(op, numberOf(data, 'due') ?? null)],
      labels: addAll({}, listOf(data, 'labels'), op),
      evidence: [],
      claims: [],
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
      const moved = move(state.status, op, past);
      if ('reason' in moved) return refuse(state, moved.reason, moved.message, moved.legal);
      const over = moved.to === 'done' || moved.to === 'cancelled';
      const claims = over ? endAll(state.claims, past) : state.claims;
      return apply({ ...state, status: moved.status, claims });
    }
    case 'task.link':
    case 'task.unlink':
      return relink(state, op, past);
    case 'claim.request':
      return claimed(state, request(state.claims, op, past));
    case 'claim.release':
      return claimed(state, release(state.claims, op, past, textOf(data, 'claim')));
    case 'claim.withdraw':
      return claimed(state, release(state.claims, op, past, textOf(data, 'request')));
    // Part of the protocol from the start and counted; their meaning comes with the arbiter.
    case 'claim.grant':
    case 'claim.renew':
    case 'claim.decide':
    case 'lease.expire':
      return apply(state);
    default:
      return applyAny(state, op);
  }
}

const claimed = (state: TaskState, after: ClaimsAfter): Applied<TaskState> =>
  'claims' in after ? apply({ ...state, claims: after.claims }) : refuse(state, after.reason, after.message);

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
    criteria: writeIf(state.criteria, op, past, text('criteria')),
    priority: writeIf(state.priority, op, past, wordOf(data, 'priority', priorities)),
    assignee: writeIf(state.assignee, op, past, nullable(data, 'assignee', textOf)),
    reviewer: writeIf(state.reviewer, op, past, nullable(data, 'reviewer', textOf)),
    due: writeIf(state.due, op, past, nullable(data, 'due', numberOf)),
    labels,
    evidence: evidence.length === 0 ? state.evidence : [...state.evidence, ...evidence],
  };
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
