import type { Loaded } from './child/loop.ts';
import { slackExport } from './import.ts';
import { runChild } from './support/child.ts';
import { type Asked, type Result, result } from './support/report.ts';
import { emptyPlace } from './support/workspace.ts';

/** Shortest load, ms; it lasts as long as the import does. */
const least = 10_000;

/** How late the event loop is while 64 writers write, documents are checkpointed, history comes in and someone reads. */
export async function loop(asked: Asked): Promise<Result[]> {
  const runs: Loaded[] = [];
  for (let round = 0; round < asked.pairs; round++) {
    const place = emptyPlace();
    try {
      const path = slackExport(asked, place);
      runs.push(await runChild<Loaded>('loop', { data: place.data, config: place.config, path, least }));
    } finally {
      place.remove();
    }
  }
  const of = (figure: (run: Loaded) => number): number[] => runs.map(figure);
  return [
    result(
      'delay by the histogram, p99',
      'ms',
      of((run) => run.histogram.p99),
      { most: 50 },
    ),
    result(
      'delay by the histogram, longest',
      'ms',
      of((run) => run.histogram.max),
      { most: 200 },
    ),
    result(
      'delay by the histogram, p50',
      'ms',
      of((run) => run.histogram.p50),
    ),
    result(
      'delay of a 5 ms timer, p99',
      'ms',
      of((run) => run.timer.p99),
      { most: 50 },
    ),
    result(
      'delay of a 5 ms timer, longest',
      'ms',
      of((run) => run.timer.max),
      { most: 200 },
    ),
    result(
      'delay of a 5 ms timer, p50',
      'ms',
      of((run) => run.timer.p50),
    ),
    result(
      'posted meanwhile',
      '/s',
      of((run) => run.posted / run.seconds),
    ),
    result(
      'imported meanwhile',
      'messages/s',
      of((run) => run.imported / run.seconds),
    ),
    result(
      'pages of 100 read meanwhile',
      '/s',
      of((run) => run.pages / run.seconds),
    ),
    result(
      'lasted',
      's',
      of((run) => run.seconds),
    ),
  ];
}
