import type { Searched } from './child/search.ts';
import { reader } from './make-workspace.ts';
import { runChild } from './support/child.ts';
import { type Asked, type Result, result } from './support/report.ts';
import { copyOf, dropCache, madeWorkspace } from './support/workspace.ts';

const defaultSize = 100_000;

/** The first search after opening, file cache dropped: when there is no index yet, and when there is one on disk. */
export async function firstSearch(asked: Asked): Promise<Result[]> {
  const made = await madeWorkspace(asked, asked.size ?? defaultSize);
  const fresh: Searched[] = [];
  const kept: Searched[] = [];
  for (let round = 0; round < asked.pairs; round++) {
    const place = copyOf(made);
    try {
      for (const runs of [fresh, kept]) {
        dropCache(place);
        runs.push(await runChild<Searched>('search', { data: place.data, config: place.config, as: reader }));
      }
    } finally {
      place.remove();
    }
  }
  const of = (runs: readonly Searched[], figure: (run: Searched) => number) => runs.map(figure);
  const figures = (runs: readonly Searched[], which: string): Result[] => [
    result(
      `first answer, ${which}`,
      'ms',
      of(runs, (run) => run.first),
      { most: 3000 },
    ),
    result(
      '  longest stall of the event loop',
      'ms',
      of(runs, (run) => run.stall),
      { most: 50 },
    ),
    result(
      '  p99 of stalls',
      'ms',
      of(runs, (run) => run.stallP99),
    ),
    result(
      '  next answer',
      'ms',
      of(runs, (run) => run.second),
    ),
    result(
      '  not indexed yet at the first answer',
      'events',
      of(runs, (run) => run.behind),
    ),
    result(
      '  anonymous memory',
      'MB',
      of(runs, (run) => run.memory),
    ),
  ];
  return [...figures(kept, 'index on disk'), ...figures(fresh, 'index made anew')];
}
