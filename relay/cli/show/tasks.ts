import type { Comment, List, Task } from '../../../schemas/index.ts';
import { body, more, who } from './conversation.ts';
import { clean, facts, indent, oneLine, type Tint, table, tint, type View } from './terminal.ts';
import { ago } from './time.ts';

const statusTint: Readonly<Record<Task['status'], Tint | undefined>> = {
  todo: undefined,
  doing: 'blue',
  blocked: 'red',
  review: 'magenta',
  done: 'green',
  cancelled: 'dim',
};

const title = (task: Task): string => (task.title === null ? '(removed)' : oneLine(task.title));

export function tasks({ items, next }: List<Task>, view: View): string {
  if (items.length === 0) return tint(view, 'dim', 'no tasks');
  const shape = [
    { title: 'task', of: (task: Task) => task.short, tint: 'cyan' as const },
    { title: 'status', of: (task: Task) => task.status, tint: (task: Task) => statusTint[task.status] },
    { title: 'pri', of: (task: Task) => task.priority },
    { title: 'who', of: holder },
    { title: 'due', of: (task: Task) => (task.overdue ? 'overdue' : ''), tint: 'red' as const },
    { title: 'title', of: title, gives: true },
    { title: 'updated', of: (task: Task) => ago(task.updated, view.now), tint: 'dim' as const },
  ];
  return [table(items, shape, view), more(next, view)].filter((part) => part !== '').join('\n');
}

/** Who works on it, or is meant to. */
function holder(task: Task): string {
  if (task.claim) return `${who(task.claim.by)}*`;
  return task.assignee ? who(task.assignee) : '';
}

/** One line about a task, after a change. */
export function taskLine(task: Task, view: View): string {
  const status = statusTint[task.status];
  const claim = task.claim ? ` · claimed by ${who(task.claim.by)} (${task.claim.certainty})` : '';
  const notes = [
    task.contested ? 'contested: its reviewer decides' : '',
    task.overdue ? 'overdue' : '',
    task.stale ? 'stale' : '',
  ].filter((note) => note !== '');
  const about = notes.length > 0 ? tint(view, 'red', ` · ${notes.join(', ')}`) : '';
  return [
    tint(view, 'cyan', task.short),
    status ? tint(view, status, task.status) : task.status,
    task.priority,
    `${title(task)}${tint(view, 'dim', claim)}${about}`,
  ].join(' ');
}

const linkLine = (kind: string, link: { short?: string | undefined; id: string }): string =>
  `${kind} ${link.short ?? link.id}`;

const inverse: Readonly<Record<string, string>> = {
  blocks: 'blocked by',
  parent: 'has part',
  related: 'related',
  'discovered-from': 'led to',
  supersedes: 'superseded by',
  duplicates: 'duplicated by',
};

const claimedLine = ({ by, certainty, since, until }: NonNullable<Task['claim']>, view: View): string =>
  [
    `${ago(since, view.now)} by ${who(by)}, ${certainty}`,
    until === undefined ? 'no lease' : `lease ends ${ago(until, view.now)} (${until})`,
  ].join(', ');

const partsLine = ({ done, total, deep }: NonNullable<Task['progress']>): string =>
  `${done} of ${total} done${deep && deep.total > total ? `, ${deep.done} of ${deep.total} with their parts` : ''}`;

function blockedLine({ by, since, reason, on }: NonNullable<Task['blocked']>, view: View): string {
  const waits = on.length > 0 ? `, waits for ${on.map(({ id, short }) => short ?? id).join(', ')}` : '';
  const why = reason === null ? '' : `: ${oneLine(reason)}`;
  return `${ago(since, view.now)} by ${who(by)}${waits}${why}`;
}

/** What was told of twice, of a task done again say, is one. */
const evidenceLine = ({ evidence }: Task): string =>
  [...new Set(evidence.map(({ kind, ref }) => `${kind} ${oneLine(ref)}`))].join(', ');

const staleLine = ({ why, since }: NonNullable<Task['stale']>, view: View): string =>
  why === 'lease'
    ? `its lease was over ${ago(since, view.now)}`
    : `nothing heard of its holder since ${ago(since, view.now)}`;

/** Everything about a task. */
export function task(item: Task, comments: List<Comment>, view: View): string {
  const links = [
    ...item.links.map((link) => linkLine(link.kind, link)),
    ...item.inverse.map((link) => linkLine(inverse[link.kind] ?? link.kind, link)),
  ];
  const known = facts(
    [
      ['id', item.id],
      ['created', `${ago(item.created, view.now)} by ${who(item.creator)}`],
      ['updated', ago(item.updated, view.now)],
      ['assignee', item.assignee ? who(item.assignee) : undefined],
      ['reviewer', item.reviewer ? who(item.reviewer) : undefined],
      ['claimed', item.claim ? claimedLine(item.claim, view) : undefined],
      ['labels', item.labels.map(oneLine).join(', ')],
      ['due', item.due ? ago(item.due, view.now) : undefined],
      ['parts', item.progress ? partsLine(item.progress) : undefined],
      ['blocked', item.blocked ? blockedLine(item.blocked, view) : undefined],
      ['stale', item.stale ? staleLine(item.stale, view) : undefined],
      ['links', links.join(', ')],
      ['dropped', (item.dropped ?? []).map((link) => linkLine(link.kind, link)).join(', ')],
      ['blocked by', item.blockers.map((blocker) => blocker.short).join(', ')],
      ['evidence', evidenceLine(item)],
      ['can move to', item.legalMoves.join(', ')],
      ['written apart', item.siblings ? `${Object.keys(item.siblings).join(', ')}: see history` : undefined],
    ],
    view,
  );
  const parts = [taskLine(item, view), known];
  if (item.description) parts.push(indent(clean(item.description)));
  if (item.criteria) parts.push(`${tint(view, 'dim', 'done when')}\n${indent(clean(item.criteria))}`);
  for (const comment of comments.items) parts.push(commentText(comment, view));
  if (comments.next !== undefined)
    parts.push(tint(view, 'dim', `${item.comments} comments: the first are shown`));
  return parts.join('\n\n');
}

export function commentText(comment: Comment, view: View): string {
  const edited = comment.edits ? ` · edited ${ago(comment.edits.at, view.now)}` : '';
  const about = tint(view, 'dim', `${ago(comment.at, view.now)}${edited} · ${comment.id}`);
  return `${tint(view, 'cyan', who(comment.author))} ${about}\n${indent(body(comment, view))}`;
}
