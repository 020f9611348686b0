import { useRef } from 'preact/hooks';
import type { Task } from '../../../schemas/index.ts';
import { useApp } from '../app/context.ts';
import { attempt, tell } from '../app/notices.ts';
import { Dialog } from '../parts/dialog.tsx';

/** Makes a task; of a message, say, with what it is to begin with. */
export function NewTask({
  title = '',
  description = '',
  onClose,
}: {
  readonly title?: string;
  readonly description?: string;
  readonly onClose: () => void;
}) {
  const { door } = useApp();
  const form = useRef<HTMLFormElement>(null);
  async function make(): Promise<void> {
    const said = new FormData(form.current ?? undefined);
    const text = (name: string): string => String(said.get(name) ?? '').trim();
    const made = await attempt(() =>
      door.tasks.create({
        title: text('title'),
        priority: text('priority') as Task['priority'],
        ...(text('description') === '' ? {} : { description: text('description') }),
        ...(text('labels') === '' ? {} : { labels: text('labels').split(/[\s,]+/) }),
        ...(text('assignee') === '' ? {} : { assignee: text('assignee').replace(/^@/, '') }),
      }),
    );
    if (!made) return;
    tell('done', `Made ${made.short}`);
    onClose();
  }
  return (
    <Dialog label="New task" onClose={onClose}>
      <form
        ref={form}
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <label>
          Title <input name="title" required class="wide" defaultValue={title} />
        </label>
        <label>
          Description <textarea name="description" rows={4} class="wide" defaultValue={description} />
        </label>
        <label>
          Priority{' '}
          <select name="priority" defaultValue="P2">
            {['P0', 'P1', 'P2', 'P3'].map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <label>
          Labels <input name="labels" />
        </label>
        <label>
          Assignee <input name="assignee" placeholder="@handle" />
        </label>
        <button type="submit" class="main">
          Make it
        </button>
      </form>
    </Dialog>
  );
}
