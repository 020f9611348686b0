import type { Opened } from './child/open.ts';
import { reader } from './make-workspace.ts';
import { runChild } from './support/child.ts';
import { type Asked, type Result, result, say } from './support/report.ts';
import { cachedBytes, copyOf, dropCache, madeWorkspace } from './support/workspace.ts';

const defaultSize = 100_000;

/** Opening in a fresh process, nothing of the workspace in memory, until a page is read, a message posted, and caught up. */
export async function open(asked: Asked): Promise<Result[]> {
  const messages = asked.size ?? defaultSize;
  const made = await madeWorkspace(asked, messages);
  const runs: Opened[] = [];
  for (let round = 0; round < asked.pairs; round++) {
    const place = copyOf(made);
    try {
      dropCache(place);
      const left = cachedBytes(place);
      if (left !== undefined && left > made.bytes / 100)
        say(`${(left / 1e6).toFixed(1)} MB of ${(made.bytes / 1e6).toFixed(0)} MB stayed in the file cache`);
      runs.push(await runChild<Opened>('open', { data: place.data, config: place.config, as: reader }));
    } finally {
      place.remove();
    }
  }
  const time = messages > defaultSize ? 1000 : 500;
  const of = (figure: (run: Opened) => number): number[] => runs.map(figure);
  return [
    result(
      'ready, from the start of the process',
      'ms',
      of((run) => run.fromStart),
      { most: time },
    ),
    result(
      'ready, from openReplica',
      'ms',
      of((run) => run.fromOpen),
      { most: time },
    ),
    result(
      '  Node starts',
      'ms',
      of((run) => run.node),
    ),
    result(
      '  code is loaded',
      'ms',
      of((run) => run.load),
    ),
    result(
      '  openReplica',
      'ms',
      of((run) => run.open),
    ),
    result(
      '  a page of 50',
      'ms',
      of((run) => run.page),
    ),
    result(
      '  a durable post',
      'ms',
      of((run) => run.post),
    ),
    result(
      '  catch-up',
      'ms',
      of((run) => run.catchUp),
    ),
    result(
      'memory when ready: anonymous',
      'MB',
      of((run) => run.ready.anonymous),
      { most: 150 },
    ),
    result(
      'memory when ready: mapped',
      'MB',
      of((run) => run.ready.mapped),
    ),
    result(
      'memory when ready: both',
      'MB',
      of(({ ready }) => ready.anonymous + ready.mapped),
      { most: 150 },
    ),
    result(
      'memory two seconds later: anonymous',
      'MB',
      of((run) => run.settled.anonymous),
    ),
    result(
      'memory two seconds later: mapped',
      'MB',
      of((run) => run.settled.mapped),
    ),
    result('operations in the workspace', '', [made.operations]),
    result('size of the workspace', 'MB', [made.bytes / 1e6]),
  ];
}
