import { useEffect, useRef } from 'preact/hooks';
import type { Task } from '../../../schemas/index.ts';
import { href } from '../app/router.ts';
import { takeable } from './dragging.ts';

const minutes = (ms: number): string =>
  ms < 0 ? 'over' : ms < 3_600_000 ? `${Math.ceil(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;

/** Who holds a task, how certain that is, and for how long. */
export function Holder({ task }: { readonly task: Task }) {
  const { claim, assignee } = task;
  if (!claim) return assignee ? <span class="soft">for {assignee.handle}</span> : null;
  const left = claim.until === undefined ? undefined : Date.parse(claim.until) - Date.now();
  return (
    <span class={`holder holder-${claim.certainty}`} title={`${claim.certainty} claim`}>
      {claim.by.handle}
      {claim.certainty === 'tentative' ? ' (not certain yet)' : ''}
      {left === undefined ? '' : ` · ${minutes(left)}`}
    </span>
  );
}

/** One task on the board. */
export function Card({
  task,
  focused,
  onKeyDown,
}: {
  readonly task: Task;
  readonly focused: boolean;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}) {
  const element = useRef<HTMLAnchorElement>(null);
  useEffect(() => (element.current ? takeable(element.current, task.id) : undefined), [task.id]);
  useEffect(() => {
    if (focused) element.current?.focus();
  }, [focused]);
  return (
    <a
      ref={element}
      class={`card priority-${task.priority}`}
      href={href(['t', task.short])}
      data-id={task.id}
      onKeyDown={onKeyDown}
    >
      <span class="card-head">
        <span class="soft">{task.short}</span> <span class="priority">{task.priority}</span>
        {task.contested ? <span class="badge bad">contested</span> : null}
        {task.siblings ? <span class="badge bad">conflict</span> : null}
        {task.blockers.length > 0 ? <span class="badge">waits for {task.blockers.length}</span> : null}
        {task.overdue ? <span class="badge bad">overdue</span> : null}
      </span>
      <span class="card-title">{task.title ?? '(removed)'}</span>
      <span class="card-foot">
        <Holder task={task} />
        {task.labels.map((label) => (
          <span key={label} class="badge">
            {label}
          </span>
        ))}
        {task.comments > 0 ? <span class="soft">💬 {task.comments}</span> : null}
      </span>
    </a>
  );
}
