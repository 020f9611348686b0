import type { Task } from '../../../schemas/index.ts';
import { go, href } from '../app/router.ts';

const box = { width: 120, height: 26, gap: 10, across: 190 };

/** What blocks a task, and what it blocks, as a small picture; the lists beside it say the same. */
export function Graph({ task }: { readonly task: Task }) {
  const before = task.inverse.filter(({ kind }) => kind === 'blocks');
  const after = task.links.filter(({ kind }) => kind === 'blocks');
  if (before.length + after.length === 0) return null;
  const rows = Math.max(before.length, after.length, 1);
  const height = rows * (box.height + box.gap);
  const middle = height / 2 - box.height / 2;
  const at = (index: number, count: number): number =>
    height / 2 + (index - count / 2) * (box.height + box.gap) + box.gap / 2;
  const node = (x: number, y: number, short: string, isSelf: boolean) => (
    // biome-ignore lint/a11y/noStaticElementInteractions: the lists beside it are for the keyboard
    <g
      key={`${x} ${short}`}
      transform={`translate(${x} ${y})`}
      onClick={() => go(href(['t', short]))}
      cursor="pointer"
    >
      <rect width={box.width} height={box.height} rx={5} class={isSelf ? 'self' : undefined} />
      <text x={8} y={17}>
        {short.slice(0, 16)}
      </text>
    </g>
  );
  const line = (x: number, from: number, to: number) => (
    <path
      key={`${x} ${from} ${to}`}
      d={`M${x} ${from + box.height / 2} C${x + 35} ${from + box.height / 2} ${x + 35} ${to + box.height / 2} ${x + 70} ${to + box.height / 2}`}
    />
  );
  return (
    <svg
      class="task-graph"
      width={box.across * 2 + box.width}
      height={height}
      viewBox={`0 0 ${box.across * 2 + box.width} ${height}`}
      role="img"
      aria-label={`${before.length} tasks block it, it blocks ${after.length}`}
    >
      {before.map((_, index) => line(box.width, at(index, before.length), middle))}
      {after.map((_, index) => line(box.across + box.width, middle, at(index, after.length)))}
      {before.map(({ short, id }, index) =>
        node(0, at(index, before.length), short ?? id.slice(0, 8), false),
      )}
      {node(box.across, middle, task.short, true)}
      {after.map(({ short, id }, index) =>
        node(box.across * 2, at(index, after.length), short ?? id.slice(0, 8), false),
      )}
    </svg>
  );
}
