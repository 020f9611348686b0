import type { CaughtUp } from './child/catch-up.ts';
import { late } from './make-workspace.ts';
import { runChild } from './support/child.ts';
import { type Asked, percentile, type Result, result } from './support/report.ts';
import { copyOf, dropCache, madeWorkspace } from './support/workspace.ts';

const defaultSize = 100_000;
const times = 300;

/** Catch-up and inbox of a member whose mark is 50,000 operations back, while others write now and then. */
export async function catchUp(asked: Asked): Promise<Result[]> {
  const made = await madeWorkspace(asked, asked.size ?? defaultSize);
  const runs: CaughtUp[] = [];
  for (let round = 0; round < asked.pairs; round++) {
    const place = copyOf(made);
    try {
      dropCache(place);
      const { data, config } = place;
      runs.push(await runChild<CaughtUp>('catch-up', { data, config, as: late, count: times }));
    } finally {
      place.remove();
    }
  }
  const of = (figure: (run: CaughtUp) => number): number[] => runs.map(figure);
  return [
    result(
      'catch-up, p50',
      'ms',
      of((run) => percentile(run.times, 0.5)),
      { most: 50 },
    ),
    result(
      'catch-up, p99',
      'ms',
      of((run) => percentile(run.times, 0.99)),
      { most: 50 },
    ),
    result(
      'catch-up, the first after opening, file cache dropped',
      'ms',
      of((run) => run.first),
    ),
    result(
      'inbox, p50',
      'ms',
      of((run) => percentile(run.inbox, 0.5)),
      { most: 5 },
    ),
    result(
      'inbox, p99',
      'ms',
      of((run) => percentile(run.inbox, 0.99)),
    ),
    result(
      'open items in it',
      '',
      of((run) => run.open),
    ),
    result('pending for the member', 'operations', [runs[0]?.pending ?? 0]),
  ];
}
