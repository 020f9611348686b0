import { join } from 'node:path';
import type { Imported } from './child/import.ts';
import { runChild } from './support/child.ts';
import { type Asked, type Result, result, say } from './support/report.ts';
import { inventSlack } from './support/slack.ts';
import { emptyPlace, type Place } from './support/workspace.ts';

const defaultSize = 30_000;

/** The export that was named, or an invented one beside the workspace. */
export function slackExport(asked: Asked, place: Place): string {
  if (asked.slack !== undefined) return asked.slack;
  const path = join(place.data, '..', 'slack');
  inventSlack(path, asked.size ?? defaultSize);
  return path;
}

/** Import of a Slack export into an empty workspace, in a fresh process. */
export async function imports(asked: Asked): Promise<Result[]> {
  const runs: Imported[] = [];
  for (let round = 0; round < asked.pairs; round++) {
    const place = emptyPlace();
    try {
      const path = slackExport(asked, place);
      runs.push(await runChild<Imported>('import', { data: place.data, config: place.config, path }));
    } finally {
      place.remove();
    }
  }
  if (asked.slack === undefined) say('no --slack: the export is an invented one');
  const of = (figure: (run: Imported) => number): number[] => runs.map(figure);
  return [
    result(
      'messages imported',
      '/s',
      of((run) => run.messages / run.seconds),
      { least: 2000 },
    ),
    result(
      'operations written',
      '/s',
      of((run) => run.operations / run.seconds),
    ),
    result(
      'peak memory, resident',
      'MB',
      of((run) => run.memory.peak),
      { most: 400 },
    ),
    result(
      'peak memory, anonymous',
      'MB',
      of((run) => run.memory.anonymous),
    ),
    result(
      'peak memory, mapped',
      'MB',
      of((run) => run.memory.mapped),
    ),
    result(
      'event loop delay, p99',
      'ms',
      of((run) => run.delayP99),
      { most: 50 },
    ),
    result(
      'event loop delay, longest',
      'ms',
      of((run) => run.delayMax),
      { most: 200 },
    ),
    result('messages', '', [runs[0]?.messages ?? 0]),
    result('operations', '', [runs[0]?.operations ?? 0]),
  ];
}
