import type { Task } from '../../../schemas/index.ts';
import { useApp } from '../app/context.ts';
import { attempt } from '../app/notices.ts';
import { Ask } from '../parts/ask.tsx';

type Status = Task['status'];

/** The columns, in the order of work. */
export const statuses: readonly Status[] = ['todo', 'doing', 'blocked', 'review', 'done', 'cancelled'];

/** Whether a move needs words from the person before it is asked for. */
export const needsWords = ({ evidence, blockers }: Task, to: Status): boolean =>
  to === 'cancelled' ||
  (to === 'blocked' && blockers.length === 0) ||
  ((to === 'done' || to === 'review') && evidence.length === 0);

/** Moves a task; answers it as it is then, or undefined where that was refused, which is told. */
export function useMove() {
  const { door } = useApp();
  return (task: Task, to: Status, said?: string): Promise<Task | undefined> =>
    attempt(async () => {
      // Work begins with a claim: so nobody else begins the same.
      if (to === 'doing' && task.claim === null) await door.tasks.claim(task.id, { need: 'tentative' });
      const now = to === 'doing' ? await door.tasks.get(task.id) : task;
      if (now.status === to) return now;
      const words = said?.trim() ?? '';
      const input = { to, base: [...now.base] };
      if (words === '') return door.tasks.move(task.id, input);
      if (to === 'done' || to === 'review')
        return door.tasks.move(task.id, {
          ...input,
          evidence: [{ kind: /^https?:/.test(words) ? 'link' : 'note', ref: words }],
        });
      return door.tasks.move(task.id, { ...input, reason: words });
    });
}

/** Asks for what a move needs: a reason, or what shows that it is done. */
export function AskMove({
  task,
  to,
  onSay,
  onClose,
}: {
  readonly task: Task;
  readonly to: Status;
  readonly onSay: (said: string) => void;
  readonly onClose: () => void;
}) {
  const isDone = to === 'done' || to === 'review';
  return (
    <Ask
      title={`${task.short} to ${to}`}
      label={isDone ? 'What shows it (a link, a commit, a word)' : 'Why'}
      action="Move"
      required={!isDone}
      onSay={onSay}
      onClose={onClose}
    />
  );
}
