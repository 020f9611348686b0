import { createHash } from 'node:crypto';
import { foldSubject, folds, type Op, resolveLinks } from '../src/fold/index.ts';
import { openReplica } from '../src/replica/open.ts';
import { type Asked, percentile, type Result, result } from './support/report.ts';
import { emptyPlace } from './support/workspace.ts';

const defaultSize = 10_000;
const operations = 1_000;
/** Tasks that one blocks. */
const blocked = 200;
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

const nameOf = (n: number): string =>
  [...createHash('sha256').update(String(n)).digest().subarray(0, 26)]
    .map((byte) => alphabet[byte % 32])
    .join('');
const stampOf = (n: number): string => `01J${String(n).padStart(23, '0')}`;

/** A task with so many operations, each on top of the one before; the last on `saw`. */
function history(count: number, saw = count - 2): Op[] {
  const moves = ['doing', 'review', 'todo'];
  return Array.from({ length: count }, (_, n): Op => {
    const isLast = n === count - 1;
    const after = n === 0 ? [] : [nameOf(isLast ? saw : n - 1)];
    const change =
      n % 2 === 0
        ? { type: 'task.move', data: { to: moves[n % 3] } }
        : { type: 'task.update', data: { priority: `P${n % 4}`, addLabels: [`l${n % 10}`] } };
    const made = { type: 'task.create', data: { short: 'kai-1', texts: ['title'] } };
    return {
      hash: nameOf(n),
      role: 'member',
      header: {
        ...{ v: 1, stamp: stampOf(n), workspace: nameOf(-1), log: 'tasks', replica: nameOf(-2) },
        ...{ member: nameOf(-3), seq: n + 1, prev: '', after, subject: n === 0 ? '' : nameOf(0) },
        ...(n === 0 ? made : change),
      } as Op['header'],
    };
  });
}

function timed(times: number, work: () => unknown): number[] {
  return Array.from({ length: times }, () => {
    const began = performance.now();
    work();
    return performance.now() - began;
  });
}

async function asked(times: number, work: () => Promise<unknown>): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < times; i++) {
    const began = performance.now();
    await work();
    all.push(performance.now() - began);
  }
  return all;
}

/** Half of the tasks blocked by one each, all of them in one chain of parts a hundred long. */
async function workspace(count: number): Promise<Result[]> {
  const place = emptyPlace();
  const kai = await openReplica({ directory: place.data, config: place.config, as: 'kai', durability: 'os' });
  try {
    const ids: string[] = [];
    for (let i = 0; i < count; i += 500) {
      const group = Array.from({ length: Math.min(500, count - i) }, (_, n) =>
        kai.tasks.create({
          title: `Task ${i + n}`,
          priority: (['P0', 'P1', 'P2', 'P3'] as const)[n % 4] ?? 'P2',
        }),
      );
      ids.push(...(await Promise.all(group)).map(({ id }) => id));
    }
    const one = (n: number): string => ids[n % ids.length] ?? '';
    const links: Promise<unknown>[] = [];
    for (let i = 0; i + 1 < ids.length; i += 2)
      links.push(kai.tasks.link(one(i), { kind: 'blocks', to: one(i + 1) }));
    for (let i = 0; i + 1 < ids.length; i++)
      if (i % 100 !== 99) links.push(kai.tasks.link(one(i), { kind: 'parent', to: one(i + 1) }));
    await Promise.all(links);
    const ready = await asked(50, () => kai.tasks.ready());
    const deep = await asked(20, () => kai.tasks.get(one(0)));
    let n = 1;
    const link = await asked(20, () => {
      n += 200;
      return kai.tasks.link(one(n), { kind: 'discovered-from', to: one(n + 1) });
    });
    // One task that blocks many others is done.
    const hub = await kai.tasks.create({ title: 'Hub' });
    const many = ids.slice(0, blocked);
    const all = many.map((id) => kai.tasks.link(hub.id, { kind: 'blocks', to: id }));
    await Promise.all(all);
    const [close = 0] = await asked(1, () => kai.tasks.move(hub.id, { to: 'done' }));
    return [
      result(`ready, a page of 50 of ${count} tasks, p50`, 'ms', [percentile(ready, 0.5)]),
      result('  p99', 'ms', [percentile(ready, 0.99)]),
      result('a task with 99 parts below it, p50', 'ms', [percentile(deep, 0.5)]),
      result('a new link, durable, p50', 'ms', [percentile(link, 0.5)]),
      result(`closing what blocks ${many.length} others`, 'ms', [close]),
    ];
  } finally {
    await kai.close();
    place.remove();
  }
}

/** Folds of one task, and what the link graph and `ready` cost in a workspace of many. */
export async function tasks(options: Asked): Promise<Result[]> {
  const count = options.size ?? defaultSize;
  const ops = history(operations);
  const late = history(operations, 10);
  const fold = (list: readonly Op[]) => () => foldSubject(folds.task, list, () => undefined);
  timed(50, fold(ops));
  const links = Array.from({ length: count }, (_, n) => ({
    ...{ from: nameOf(n), kind: 'blocks' as const, to: nameOf(n + 1), op: nameOf(n), stamp: stampOf(n) },
  }));
  const graph = timed(5, () => resolveLinks(links));
  return [
    result(`fold of a task of ${operations} operations, p50`, 'ms', [percentile(timed(100, fold(ops)), 0.5)]),
    result('  again after a late arrival, p50', 'ms', [percentile(timed(100, fold(late)), 0.5)]),
    result(`link graph of ${count} in one chain, anew, p50`, 'ms', [percentile(graph, 0.5)]),
    ...(await workspace(count)),
  ];
}
