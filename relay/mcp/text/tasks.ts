import type { Comment, List, Task } from '../../../schemas/index.ts';
import {
  clean,
  counted,
  hanging,
  id,
  lines,
  next,
  oneLine,
  type Showing,
  when,
  who,
  words,
} from './words.ts';

const title = (task: Task): string => (task.title === null ? '(removed)' : oneLine(task.title));

const names = (links: readonly { id: string; short?: string | undefined }[], show: Showing): string =>
  links.map((one) => one.short ?? id(one.id, show)).join(', ');

/** A task on one line. */
export function taskLine(task: Task, show: Showing): string {
  show.shorts.name(task.id, task.short);
  const about = words(
    task.claim
      ? `held by ${who(task.claim.by)} (${task.claim.certainty}${task.claim.until ? `, ends ${when(task.claim.until, show)}` : ''})`
      : task.assignee && `for ${who(task.assignee)}`,
    task.blockers.length > 0 && `blocked by ${names(task.blockers, show)}`,
    task.overdue && 'overdue',
    task.stale && 'stale',
    task.contested && 'contested',
  );
  return words(task.short, task.status, task.priority, title(task), about && `- ${about}`);
}

export const tasks = ({ items, next: cursor }: List<Task>, show: Showing): string =>
  lines(...items.map((item) => taskLine(item, show)), next(cursor)) || 'no tasks';

/** Everything about a task that decides what to do with it. */
export function task(item: Task, comments: List<Comment>, show: Showing): string {
  const fact = (name: string, value: string | undefined | null | false): string | undefined =>
    value ? `${name}: ${value}` : undefined;
  const links = [
    ...item.links.map((link) => `${link.kind} ${names([link], show)}`),
    ...item.inverse.map((link) => `${names([link], show)} ${link.kind} this`),
  ];
  return lines(
    taskLine(item, show),
    fact('made', `by ${who(item.creator)} ${when(item.created, show)}, changed ${when(item.updated, show)}`),
    fact('reviewer', item.reviewer && who(item.reviewer)),
    fact('labels', item.labels.map(oneLine).join(', ')),
    fact('due', item.due && when(item.due, show)),
    fact(
      'waits',
      item.blocked &&
        words(names(item.blocked.on, show), item.blocked.reason && oneLine(item.blocked.reason)),
    ),
    fact('parts', item.progress && `${item.progress.done} of ${item.progress.total} done`),
    fact('links', links.join(', ')),
    fact('evidence', item.evidence.map(({ kind, ref }) => `${kind}:${oneLine(ref)}`).join(' ')),
    fact('written apart', item.siblings && Object.keys(item.siblings).join(', ')),
    fact('description', item.description && hanging(clean(item.description))),
    fact('done when', item.criteria && hanging(clean(item.criteria))),
    fact('can move to', item.legalMoves.join(', ')),
    ...comments.items.map((one) => comment(one, show)),
    comments.next !== undefined && `${counted(item.comments, 'comment')}, the first are shown`,
  );
}

export const comment = (item: Comment, show: Showing): string =>
  `${words(id(item.id, show), who(item.author), when(item.at, show))}: ${item.text === null ? '(removed)' : hanging(clean(item.text))}`;
