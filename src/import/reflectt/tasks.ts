import { Label, limits, type Priority, priorities, type TaskStatus } from '../../../schemas/index.ts';
import { type Draft, type DraftLog, ref, type SetAside } from '../draft.ts';
import { title } from '../names.ts';
import { boundedSource, changeSource, linkSource, moveSource } from '../sources.ts';
import { chunks, clip, split } from '../text.ts';
import { memberRef, named, taskSource } from './names.ts';
import type { ReflecttComment, ReflecttEvent, ReflecttTask } from './shapes.ts';

const log: DraftLog = { kind: 'tasks' };
/** Labels of one operation, bytes: its header has to hold more than these. */
const listBytes = 3000;

/** Where a status leads; what it does not say is kept in the label `status:<status>`. */
const statuses: Readonly<Record<string, { readonly to: TaskStatus; readonly label?: true }>> = {
  todo: { to: 'todo' },
  doing: { to: 'doing' },
  blocked: { to: 'blocked' },
  validating: { to: 'review' },
  done: { to: 'done' },
  resolved_externally: { to: 'done', label: true },
  cancelled: { to: 'cancelled' },
};

const statusOf = (status: string): { readonly to: TaskStatus; readonly label?: true } =>
  (Object.hasOwn(statuses, status) ? statuses[status] : undefined) ?? { to: 'blocked', label: true };

/** A task, what it became, and what was said of it. */
export function* taskDrafts(
  task: ReflecttTask,
  short: string,
  comments: readonly ReflecttComment[],
  moved: ReflecttEvent | undefined,
): Generator<Draft | SetAside> {
  const source = taskSource(task.id);
  const aside = (what: string, reason: string): SetAside => ({ what, source, reason });
  const shown = title(task.title);
  const [description, ...more] = split(describe(task, shown?.whole ?? false), limits.textBytes);
  const [criteria, ...lost] = split(
    (task.done_criteria ?? []).map((one) => `- ${one}`).join('\n'),
    limits.textBytes,
  );
  const { labels, others } = labelsOf(task);
  const priority = priorities.find((one) => one === task.priority);
  if (task.priority && !priority) yield aside('priority', `${task.priority} is none: written as P2`);
  if (!Object.hasOwn(statuses, task.status)) yield aside('status', `${task.status}: written as blocked`);
  for (const label of others) yield aside('label', `${JSON.stringify(clip(label, 200))} is no label here`);
  if (lost.length > 0) yield aside('criteria', 'over 64 KB: its beginning is kept');
  const fields = Object.keys(task.metadata ?? {});
  if (fields.length > 0) yield aside('metadata', `has no place here: ${clip(fields.join(', '), 500)}`);
  yield* made(task, short, { shown, description, criteria, labels, priority: priority ?? 'P2' });
  for (const [i, text] of more.entries())
    yield comment(task, `description:part:${i + 2}`, text, { at: task.createdAt, author: task.createdBy });
  for (const { id, content, author, timestamp } of [...comments].sort((a, b) => a.timestamp - b.timestamp))
    for (const [i, text] of split(content.trim() === '' ? '(no text)' : content, limits.textBytes).entries())
      yield comment(task, `comment:${id}${i === 0 ? '' : `:part:${i + 1}`}`, text, { at: timestamp, author });
  yield* move(task, moved);
}

function* made(
  task: ReflecttTask,
  short: string,
  said: {
    readonly shown: ReturnType<typeof title>;
    readonly description: string;
    readonly criteria: string;
    readonly labels: readonly string[];
    readonly priority: Priority;
  },
): Generator<Draft> {
  const source = taskSource(task.id);
  const [assignee, reviewer, author] = [named(task.assignee), named(task.reviewer), named(task.createdBy)];
  const [labels = [], ...more] = chunks(said.labels, listBytes);
  const by = { at: task.createdAt, ...(author === undefined ? {} : { author: memberRef(author) }) };
  yield {
    ref: source,
    log,
    type: 'task.create',
    data: {
      short,
      priority: said.priority,
      ...(assignee === undefined ? {} : { assignee: memberRef(assignee) }),
      ...(reviewer === undefined ? {} : { reviewer: memberRef(reviewer) }),
      ...(task.dueAt == null ? {} : { due: task.dueAt }),
      ...(labels.length > 0 ? { labels } : {}),
    },
    body: {
      title: said.shown?.text ?? task.id,
      ...(said.description === '' ? {} : { description: said.description }),
      ...(said.criteria === '' ? {} : { criteria: said.criteria }),
    },
    imported: { ...by, source },
  };
  for (const addLabels of more) {
    const own = changeSource(source, 'labels', addLabels);
    yield {
      ref: own,
      log,
      type: 'task.update',
      subject: ref(source),
      data: { addLabels },
      imported: { ...by, source: own },
    };
  }
}

/** A title that did not fit, or that was blank, stands whole above the description. */
const describe = (task: ReflecttTask, isWhole: boolean): string =>
  [isWhole || task.title.trim() === '' ? '' : `# ${task.title}`, task.description ?? '']
    .filter((part) => part !== '')
    .join('\n\n');

function labelsOf(task: ReflecttTask): { labels: string[]; others: string[] } {
  const all = [
    `id:${task.id}`,
    statusOf(task.status).label ? `status:${task.status}` : '',
    named(task.epic_id) === undefined ? '' : `epic:${task.epic_id}`,
    ...(task.tags ?? []),
  ].filter((label) => label !== '');
  const unique = [...new Set(all)];
  const labels = unique.filter((label) => Label.safeParse(label).success);
  return { labels, others: unique.filter((label) => !labels.includes(label)) };
}

function comment(
  task: ReflecttTask,
  name: string,
  text: string,
  by: { readonly at: number; readonly author: string },
): Draft {
  const source = taskSource(task.id);
  const own = boundedSource(`${source}:${name}`);
  const author = named(by.author);
  return {
    ref: own,
    log,
    type: 'comment.create',
    data: { task: ref(source) },
    body: { text },
    imported: { at: by.at, source: own, ...(author === undefined ? {} : { author: memberRef(author) }) },
  };
}

/** A task begins as `todo`; what it became is a move, by who and when its history says, else when it last changed. */
function* move(task: ReflecttTask, moved: ReflecttEvent | undefined): Generator<Draft> {
  const { to } = statusOf(task.status);
  if (to === 'todo') return;
  const at = moved?.timestamp ?? task.updatedAt;
  const actor = named(moved?.actor);
  const own = moveSource(taskSource(task.id), to, at);
  yield {
    ref: own,
    log,
    type: 'task.move',
    subject: ref(taskSource(task.id)),
    data: { to },
    imported: { at, source: own, ...(actor === undefined ? {} : { author: memberRef(actor) }) },
  };
}

/** `blocked_by` as links, and `epic_id` where that is a task. What would close a cycle is left out, and said. */
export function* linkDrafts(tasks: ReadonlyMap<string, ReflecttTask>): Generator<Draft | SetAside> {
  const next = new Map<string, string[]>();
  const reaches = (from: string, to: string): boolean => {
    const seen = new Set([from]);
    for (const id of seen) {
      if (id === to) return true;
      for (const further of next.get(id) ?? []) seen.add(further);
    }
    return false;
  };
  for (const task of tasks.values()) {
    const epic = named(task.epic_id);
    const wanted = [...new Set(task.blocked_by ?? [])].map((from) => [from, 'blocks']);
    if (epic !== undefined && tasks.has(epic)) wanted.push([epic, 'parent']);
    for (const [from = '', kind = ''] of wanted) {
      const own = linkSource(taskSource(from), kind, taskSource(task.id));
      const key = (id: string): string => `${kind} ${id}`;
      const wrong = !tasks.has(from)
        ? `${from} is not in the file`
        : from === task.id || reaches(key(task.id), key(from))
          ? 'would close a cycle'
          : undefined;
      if (wrong !== undefined) {
        yield { what: 'link', source: own, reason: wrong };
        continue;
      }
      next.set(key(from), [...(next.get(key(from)) ?? []), key(task.id)]);
      const author = named(task.createdBy);
      yield {
        ref: own,
        log,
        type: 'task.link',
        subject: ref(taskSource(from)),
        data: { kind, to: ref(taskSource(task.id)) },
        imported: {
          at: task.createdAt,
          source: own,
          ...(author === undefined ? {} : { author: memberRef(author) }),
        },
      };
    }
  }
}
