import './board.css';
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Task } from '../../../schemas/index.ts';
import { useApp } from '../app/context.ts';
import { addKey } from '../app/keys.ts';
import { go, href } from '../app/router.ts';
import { useLive } from '../app/use-live.ts';
import type { Door } from '../door/door.ts';
import { LongList } from '../parts/long-list.tsx';
import { Card } from './card.tsx';
import { takes } from './dragging.ts';
import { AskMove, needsWords, statuses, useMove } from './moves.tsx';
import { NewTask } from './new-task.tsx';

/** Columns of more are made as they are seen. */
const many = 60;

async function allTasks(door: Door): Promise<readonly Task[]> {
  const found: Task[] = [];
  let cursor: string | undefined;
  do {
    const page = await door.tasks.list({ limit: 1000, cursor });
    found.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  return found;
}

/** What is shown of all tasks; it stands in the address. */
function filterOf(query: URLSearchParams): (task: Task) => boolean {
  const text = query.get('text')?.toLowerCase();
  const [who, label, priority] = ['who', 'label', 'priority'].map((name) => query.get(name));
  return (task) =>
    (!text || `${task.short} ${task.title ?? ''}`.toLowerCase().includes(text)) &&
    (!who || task.assignee?.handle === who || task.claim?.by.handle === who) &&
    (!label || task.labels.includes(label)) &&
    (!priority || task.priority === priority);
}

const order = (a: Task, b: Task): number =>
  a.priority < b.priority ? -1 : a.priority > b.priority ? 1 : a.created < b.created ? -1 : 1;

function Column({
  status,
  tasks,
  onDrop,
  onKey,
  focused,
}: {
  readonly status: Task['status'];
  readonly tasks: readonly Task[];
  readonly onDrop: (id: string) => void;
  readonly onKey: (task: Task, event: KeyboardEvent) => void;
  readonly focused: string | undefined;
}) {
  const element = useRef<HTMLElement>(null);
  const over = useSignal(false);
  useEffect(
    () =>
      element.current
        ? takes(element.current, onDrop, (is) => {
            over.value = is;
          })
        : undefined,
    [onDrop],
  );
  const cards = tasks.map((task) => (
    <Card key={task.id} task={task} focused={focused === task.id} onKeyDown={(event) => onKey(task, event)} />
  ));
  return (
    <section ref={element} class={`column${over.value ? ' over' : ''}`} aria-label={status}>
      <h2>
        {status} <span class="soft">{tasks.length}</span>
      </h2>
      <div class="cards">{tasks.length > many ? <LongList>{cards}</LongList> : cards}</div>
    </section>
  );
}

/** All tasks, by status or as a list. */
export function BoardPage({ query }: { readonly query: URLSearchParams }) {
  const { door } = useApp();
  const move = useMove();
  const focused = useSignal<string | undefined>(undefined);
  const asking = useSignal<{ readonly task: Task; readonly to: Task['status'] } | undefined>(undefined);
  const making = useSignal(false);
  const words = useSignal('');
  const { value, error, reload } = useLive(
    () => allTasks(door),
    ['task.*', 'claim.*', 'comment.create', 'lease.expire', 'redact', 'revised'],
  );
  const isList = query.get('as') === 'list';
  const shown = [...(value.value ?? [])].filter(filterOf(query)).sort(order);
  const labels = [...new Set((value.value ?? []).flatMap((task) => task.labels))].sort();

  async function moveTo(task: Task, to: Task['status'], said?: string): Promise<void> {
    if (task.status === to) return;
    if (said === undefined && needsWords(task, to)) {
      asking.value = { task, to };
      return;
    }
    const moved = await move(task, to, said);
    if (moved) {
      words.value = `${moved.short} is ${moved.status}`;
      focused.value = moved.id;
    }
    reload();
  }
  function onKey(task: Task, event: KeyboardEvent): void {
    const at = statuses.indexOf(task.status);
    const column = shown.filter(({ status }) => status === task.status);
    const row = column.findIndex(({ id }) => id === task.id);
    const beside = (by: number): string | undefined => {
      for (let next = at + by; next >= 0 && next < statuses.length; next += by) {
        const there = shown.filter(({ status }) => status === statuses[next]);
        if (there.length > 0) return there[Math.min(row, there.length - 1)]?.id;
      }
      return undefined;
    };
    const isMove = event.shiftKey || event.altKey;
    if (event.key === 'ArrowDown') focused.value = column[row + 1]?.id ?? task.id;
    else if (event.key === 'ArrowUp') focused.value = column[row - 1]?.id ?? task.id;
    else if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') {
      const by = event.key === 'ArrowRight' ? 1 : -1;
      const to = statuses[at + by];
      if (isMove && to) void moveTo(task, to);
      else if (!isMove) focused.value = beside(by) ?? task.id;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
  useEffect(
    () =>
      addKey({
        key: 't',
        what: 'New task',
        run() {
          making.value = true;
        },
      }),
    [],
  );
  const filter = (change: Record<string, string | undefined>): void =>
    go(href(['board'], { ...Object.fromEntries(query), ...change }), { replace: true });

  return (
    <section class="board" aria-label="Board">
      <header class="row filters">
        <h1>Board</h1>
        <input
          type="search"
          aria-label="Filter by text"
          placeholder="Filter"
          value={query.get('text') ?? ''}
          onInput={(event) => filter({ text: event.currentTarget.value || undefined })}
        />
        <select
          aria-label="Label"
          value={query.get('label') ?? ''}
          onChange={(event) => filter({ label: event.currentTarget.value || undefined })}
        >
          <option value="">every label</option>
          {labels.map((label) => (
            <option key={label}>{label}</option>
          ))}
        </select>
        <select
          aria-label="Priority"
          value={query.get('priority') ?? ''}
          onChange={(event) => filter({ priority: event.currentTarget.value || undefined })}
        >
          <option value="">every priority</option>
          {['P0', 'P1', 'P2', 'P3'].map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
        <button
          type="button"
          aria-pressed={isList}
          onClick={() => filter({ as: isList ? undefined : 'list' })}
        >
          List
        </button>
        <button
          type="button"
          class="main"
          onClick={() => {
            making.value = true;
          }}
        >
          New task
        </button>
      </header>
      {error.value ? <p class="trouble">{error.value.message}</p> : null}
      <p class="hidden" role="status">
        {words.value}
      </p>
      {isList ? (
        <div class="task-list">
          <LongList label="Tasks">
            {shown.map((task) => (
              <Card key={task.id} task={task} focused={false} onKeyDown={() => undefined} />
            ))}
          </LongList>
        </div>
      ) : (
        <div class="columns">
          {statuses.map((status) => (
            <Column
              key={status}
              status={status}
              tasks={shown.filter((task) => task.status === status)}
              focused={focused.value}
              onKey={onKey}
              onDrop={(id) => {
                const task = shown.find((one) => one.id === id);
                if (task) void moveTo(task, status);
              }}
            />
          ))}
        </div>
      )}
      {asking.value ? (
        <AskMove
          {...asking.value}
          onClose={() => {
            asking.value = undefined;
          }}
          onSay={(said) => {
            const now = asking.value;
            asking.value = undefined;
            if (now) void moveTo(now.task, now.to, said);
          }}
        />
      ) : null}
      {making.value ? (
        <NewTask
          onClose={() => {
            making.value = false;
            reload();
          }}
        />
      ) : null}
    </section>
  );
}
