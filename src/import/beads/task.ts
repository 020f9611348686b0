import { Label, limits, utf8Length } from '../../../schemas/index.ts';
import { type Draft, ref, type SetAside } from '../draft.ts';
import { title } from '../names.ts';
import { boundedSource, moveSource } from '../sources.ts';
import { chunks, clip, oneLine, split } from '../text.ts';
import { actorRef, issueSource } from './names.ts';
import { bookkeeping, Issue } from './shapes.ts';
import { priorities, statuses, statusOf } from './tables.ts';

const log = { kind: 'tasks' } as const;
/** Labels of one operation, bytes: its header has to hold more than these. */
const labelBytes = 3000;
const reasonBytes = 4096;

/** An issue, its comments and its status, as drafts; with a note for each thing that is not written as it stood. */
export function* mapIssue(issue: Issue, short: string): Generator<Draft | SetAside> {
  const source = issueSource(issue.id);
  const at = issue.created_at ?? issue.updated_at ?? 0;
  const author = actorRef(issue.created_by);
  const { labels, lost } = labelsOf(issue);
  yield* notes(issue, lost);

  const shown = title(issue.title);
  const [description, ...more] = split(describe(issue, shown?.whole ?? false), limits.textBytes);
  const [criteria, ...moreCriteria] = split(issue.acceptance_criteria ?? '', limits.textBytes);
  const [first = [], ...rest] = chunks(labels, labelBytes);
  yield {
    ref: source,
    log,
    type: 'task.create',
    data: {
      short,
      priority: priorities[issue.priority ?? 2] ?? 'P2',
      ...(first.length > 0 ? { labels: first } : {}),
      ...(issue.assignee ? { assignee: actorRef(issue.assignee) } : {}),
      ...(issue.due_at ? { due: issue.due_at } : {}),
    },
    body: {
      title: shown?.text ?? issue.id,
      ...(description === '' ? {} : { description }),
      ...(criteria === '' ? {} : { criteria }),
    },
    imported: { at, source, author },
  };

  const update = (name: string, data: Record<string, unknown>): Draft => {
    const own = boundedSource(`${source}:${name}`);
    return {
      ref: own,
      log,
      type: 'task.update',
      subject: ref(source),
      data,
      imported: { at, source: own, author },
    };
  };
  for (const [i, addLabels] of rest.entries()) yield update(`labels:${i + 2}`, { addLabels });
  if (issue.external_ref) {
    const text = clip(oneLine(issue.external_ref), 2048);
    const kind = /^https?:\/\//.test(text) ? 'link' : 'note';
    if (text !== '') yield update('external_ref', { addEvidence: [{ kind, ref: text }] });
  }
  const goesOn = { at, author: issue.created_by };
  yield* comment(issue, 'description', more, goesOn);
  yield* comment(issue, 'acceptance_criteria', moreCriteria, goesOn);
  yield* comments(issue, at);
  yield* move(issue, at);
}

/** What is not written as it stands. */
function* notes(issue: Issue, lostLabels: readonly string[]): Generator<SetAside> {
  const source = issueSource(issue.id);
  const aside = (what: string, reason: string): SetAside => ({ what, source, reason });
  for (const label of lostLabels)
    yield aside('label', `${JSON.stringify(clip(label, 200))} is no label here`);
  if (priorities[issue.priority ?? 2] === undefined)
    yield aside('priority', `${issue.priority} is none: written as P2`);
  if (!Object.hasOwn(statuses, issue.status)) yield aside('status', `${issue.status}: written as blocked`);
  if (!title(issue.title)?.whole) yield aside('title', 'blank or over 1,024 bytes: whole in the description');
  if (issue.deleted_at && issue.status !== 'tombstone')
    yield aside(
      'deletion',
      `an earlier one by ${issue.deleted_by || 'unknown'}: the issue is ${issue.status}`,
    );
  for (const [field, value] of Object.entries(issue)) {
    if (Object.hasOwn(Issue.shape, field) || bookkeeping.has(field)) continue;
    if (value === null || value === '' || value === false || value === 0) continue;
    yield aside('field', `${field} has no place here: ${clip(JSON.stringify(value), 500)}`);
  }
}

/** What beads keeps in several fields stands under headings. */
function describe(issue: Issue, titleIsWhole: boolean): string {
  const sections = [
    titleIsWhole || issue.title.trim() === '' ? '' : `# ${issue.title}`,
    issue.description ?? '',
    issue.design ? `## Design\n\n${issue.design}` : '',
    issue.notes ? `## Notes\n\n${issue.notes}` : '',
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

/** The issue's own labels, and one for each thing that has no field here. */
function labelsOf(issue: Issue): { labels: string[]; lost: string[] } {
  const { to: _, label } = statusOf(issue.status);
  const type = issue.original_type || issue.issue_type;
  const all = [
    `id:${issue.id}`,
    type ? `type:${type}` : '',
    label ? `status:${issue.status}` : '',
    issue.priority === 4 ? 'priority:4' : '',
    issue.estimated_minutes ? `estimate:${issue.estimated_minutes}m` : '',
    issue.defer_until ? `defer-until:${new Date(issue.defer_until).toISOString().slice(0, 10)}` : '',
    ...(issue.labels ?? []),
  ].filter((text) => text !== '');
  const unique = [...new Set(all)];
  const labels = unique.filter((text) => Label.safeParse(text).success);
  return { labels, lost: unique.filter((text) => !labels.includes(text)) };
}

/** A comment in as many parts as it needs. */
function* comment(
  issue: Issue,
  name: string,
  parts: readonly string[],
  by: { at: number; author: string | null | undefined },
): Generator<Draft> {
  const source = issueSource(issue.id);
  for (const [i, text] of parts.entries()) {
    const own = boundedSource(`${source}:${name}${i === 0 ? '' : `:part:${i + 1}`}`);
    yield {
      ref: own,
      log,
      type: 'comment.create',
      data: { task: ref(source) },
      body: { text },
      imported: { at: by.at, source: own, author: actorRef(by.author) },
    };
  }
}

function* comments(issue: Issue, created: number): Generator<Draft> {
  const all = (issue.comments ?? []).map((item) => ({ ...item, at: item.created_at ?? created }));
  for (const { id, text, author, at } of all.sort((a, b) => a.at - b.at))
    yield* comment(issue, `comment:${id}`, split(text, limits.textBytes), { at, author });
}

/** A task begins as `todo`; what it became is a move, at the time and for the reason that beads kept. */
function* move(issue: Issue, created: number): Generator<Draft> {
  const { to } = statusOf(issue.status);
  if (to === 'todo') return;
  const gone = issue.status === 'tombstone';
  const at =
    (gone ? issue.deleted_at : to === 'done' ? issue.closed_at : undefined) ?? issue.updated_at ?? created;
  const reason = (
    (gone ? issue.delete_reason : to === 'done' ? issue.close_reason : '') ?? ''
  ).toWellFormed();
  const author = gone ? issue.deleted_by : to === 'doing' ? issue.assignee : undefined;
  const source = issueSource(issue.id);
  const own = moveSource(source, to, at);
  const fits = utf8Length(reason) <= reasonBytes;
  if (!fits) yield* comment(issue, `reason:${at}`, split(reason, limits.textBytes), { at, author });
  yield {
    ref: own,
    log,
    type: 'task.move',
    subject: ref(source),
    data: { to },
    ...(reason === '' ? {} : { body: { reason: fits ? reason : clip(reason, reasonBytes) } }),
    imported: { at, source: own, author: actorRef(author) },
  };
}
