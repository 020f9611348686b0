import '../board/board.css';
import { useSignal } from '@preact/signals';
import type { Comment, History, Task } from '../../../schemas/index.ts';
import { useApp } from '../app/context.ts';
import { attempt } from '../app/notices.ts';
import { href } from '../app/router.ts';
import { useLive } from '../app/use-live.ts';
import { Holder } from '../board/card.tsx';
import { AskMove, needsWords, useMove } from '../board/moves.tsx';
import { Composer } from '../composer/composer.tsx';
import { Text } from '../markdown/text.tsx';
import { Ask } from '../parts/ask.tsx';
import { When } from '../parts/when.tsx';
import { Conflicts } from './conflicts.tsx';
import { Graph } from './graph.tsx';

function Links({ title, links }: { readonly title: string; readonly links: Task['links'] }) {
  if (links.length === 0) return null;
  return (
    <p>
      {title}:{' '}
      {links.map(({ id, kind, short }) => (
        <span key={`${kind} ${id}`}>
          {kind} <a href={href(['t', short ?? id])}>{short ?? id.slice(0, 8)}</a>{' '}
        </span>
      ))}
    </p>
  );
}

/** Who wrote what, when. */
function Blame({ task }: { readonly task: Task }) {
  const { door } = useApp();
  const { value } = useLive<History>(() => door.history(task.id, { limit: 200 }), [], [task.base.join()]);
  return (
    <details>
      <summary>History</summary>
      <ol class="links">
        {(value.value?.items ?? []).map((step) => (
          <li key={step.operation}>
            <When at={step.at} /> <b>{step.by?.handle ?? 'a replica'}</b> {step.type}
            {step.state === 'rejected' ? ' (does not count)' : ''}
          </li>
        ))}
      </ol>
    </details>
  );
}

/** One task. */
export function TaskPage({ path }: { readonly path: readonly string[] }) {
  const { door, me } = useApp();
  const id = path[0] ?? '';
  const move = useMove();
  const asking = useSignal<Task['status'] | undefined>(undefined);
  const editing = useSignal(false);
  const rejecting = useSignal(false);
  const seen = ['task.*', 'claim.*', 'comment.*', 'lease.expire', 'redact', 'revised'];
  const { value, error, reload } = useLive<Task>(() => door.tasks.get(id), seen, [id]);
  const comments = useLive<readonly Comment[]>(
    async () => (await door.tasks.comments(id, { limit: 500 })).items,
    ['comment.*', 'redact'],
    [id],
  );
  const task = value.value;
  if (!task) return <p class="page">{error.value?.message ?? 'Loading …'}</p>;
  const isMine = task.claim?.by.handle === me.handle;
  const doing = (work: () => Promise<unknown>) => (): void => void attempt(work).then(reload);
  async function moveTo(to: Task['status'], said?: string): Promise<void> {
    if (!task) return;
    if (said === undefined && needsWords(task, to)) asking.value = to;
    else {
      await move(task, to, said);
      reload();
    }
  }
  return (
    <article class="page task" aria-label={`Task ${task.short}`}>
      <p class="soft">
        <a href={href(['board'])}>Board</a> › {task.short} · made by {task.creator.handle}{' '}
        <When at={task.created} />
      </p>
      <h1>{task.title ?? '(the title was removed)'}</h1>
      <p class="row filters">
        <span class={`state state-${task.status}`}>{task.status}</span>
        <span class="priority">{task.priority}</span>
        <Holder task={task} />
        {task.stale ? <span class="badge bad">nobody seems to be at it ({task.stale.why})</span> : null}
        {task.labels.map((label) => (
          <span key={label} class="badge">
            {label}
          </span>
        ))}
        {task.due ? (
          <span>
            due <When at={task.due} />
          </span>
        ) : null}
      </p>
      <p class="row filters">
        {task.claim === null ? (
          <button type="button" class="main" onClick={doing(() => door.tasks.claim(task.id))}>
            Claim
          </button>
        ) : null}
        {isMine ? (
          <button type="button" onClick={doing(() => door.tasks.release(task.id))}>
            Release
          </button>
        ) : null}
        {task.status === 'review' ? (
          <button
            type="button"
            class="main"
            onClick={doing(() => door.tasks.decide(task.id, { accept: true }))}
          >
            Accept
          </button>
        ) : null}
        {task.status === 'review' ? (
          <button
            type="button"
            onClick={() => {
              rejecting.value = true;
            }}
          >
            Send back
          </button>
        ) : null}
        {task.legalMoves.map((to) => (
          <button type="button" key={to} onClick={() => void moveTo(to)}>
            → {to}
          </button>
        ))}
        <button
          type="button"
          aria-pressed={editing.value}
          onClick={() => {
            editing.value = !editing.value;
          }}
        >
          Edit
        </button>
      </p>
      <Conflicts task={task} onDone={reload} />
      {editing.value ? (
        <form
          class="fields"
          onSubmit={(event) => {
            event.preventDefault();
            const said = new FormData(event.currentTarget);
            editing.value = false;
            void attempt(() =>
              door.tasks.update(task.id, {
                title: String(said.get('title')),
                description: String(said.get('description')),
                priority: said.get('priority') as Task['priority'],
                base: [...task.base],
              }),
            ).then(reload);
          }}
        >
          <label>
            Title <input name="title" class="wide" defaultValue={task.title ?? ''} required />
          </label>
          <label>
            Description{' '}
            <textarea name="description" class="wide" rows={8} defaultValue={task.description ?? ''} />
          </label>
          <label>
            Priority{' '}
            <select name="priority" defaultValue={task.priority}>
              {['P0', 'P1', 'P2', 'P3'].map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </label>
          <button type="submit" class="main">
            Save
          </button>
        </form>
      ) : task.description ? (
        <Text text={task.description} />
      ) : null}
      {task.criteria ? (
        <section>
          <h2>Done when</h2>
          <Text text={task.criteria} />
        </section>
      ) : null}
      <section aria-label="Dependencies">
        <Graph task={task} />
        <Links title="From here" links={task.links} />
        <Links title="To here" links={task.inverse} />
      </section>
      {task.evidence.length > 0 ? (
        <section>
          <h2>Evidence</h2>
          <ul>
            {task.evidence.map(({ kind, ref }) => (
              <li key={`${kind} ${ref}`}>
                {kind}: <Text text={ref} />
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      <section>
        <h2>Comments</h2>
        <ul class="comments">
          {(comments.value.value ?? []).map((comment) => (
            <li key={comment.id}>
              <b>{comment.author.handle}</b> <When at={comment.at} />
              <Text text={comment.text ?? '(removed)'} />
            </li>
          ))}
        </ul>
        <Composer
          label="Comment"
          action="Comment"
          draftKey={`task.${task.id}`}
          onSend={async (text) => {
            await door.tasks.comment(task.id, { text });
            comments.reload();
          }}
        />
      </section>
      <Blame task={task} />
      {rejecting.value ? (
        <Ask
          title={`Send ${task.short} back`}
          label="What is missing"
          action="Send back"
          required
          onSay={(reason) =>
            void attempt(() => door.tasks.decide(task.id, { accept: false, reason })).then(reload)
          }
          onClose={() => {
            rejecting.value = false;
          }}
        />
      ) : null}
      {asking.value ? (
        <AskMove
          task={task}
          to={asking.value}
          onClose={() => {
            asking.value = undefined;
          }}
          onSay={(said) => {
            const to = asking.value;
            asking.value = undefined;
            if (to) void moveTo(to, said);
          }}
        />
      ) : null}
    </article>
  );
}
