import type { Task, TaskUpdate } from '../../../schemas/index.ts';
import { useApp } from '../app/context.ts';
import { attempt } from '../app/notices.ts';
import { When } from '../parts/when.tsx';

const resolvable = new Set(['title', 'description', 'criteria', 'priority', 'assignee', 'reviewer', 'due']);

const shown = (value: unknown): string =>
  value === null ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value);

/** Values that were written apart: who wrote which, and a button that takes one of them. */
export function Conflicts({ task, onDone }: { readonly task: Task; readonly onDone: () => void }) {
  const { door } = useApp();
  return (
    <>
      {Object.entries(task.siblings ?? {}).map(([field, values]) => (
        <section key={field} class="conflict" aria-label={`Conflict of ${field}`}>
          <h2>{field} was written apart</h2>
          <p>
            Neither saw what the other wrote. Take one of them, or write another: then that holds for
            everybody.
          </p>
          <ul>
            {values.map(({ value, by, at, operation }) => (
              <li key={operation}>
                <b>{by.handle}</b> <When at={at} />: {shown(value)}{' '}
                {resolvable.has(field) ? (
                  <button
                    type="button"
                    onClick={() =>
                      void attempt(() =>
                        door.tasks.update(task.id, { [field]: value, base: [...task.base] } as TaskUpdate),
                      ).then(onDone)
                    }
                  >
                    Take this
                  </button>
                ) : null}
              </li>
            ))}
          </ul>
        </section>
      ))}
      {task.contested ? (
        <section class="conflict" aria-label="Contested">
          <h2>Contested</h2>
          <p>More than one worked on it apart from each other. Whoever decides looks at both results.</p>
          <button
            type="button"
            onClick={() => void attempt(() => door.tasks.decide(task.id, { accept: true })).then(onDone)}
          >
            Take the result as it is
          </button>
        </section>
      ) : null}
    </>
  );
}
