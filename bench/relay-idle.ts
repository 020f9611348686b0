import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { IdlersInput } from './child/idlers.ts';
import { type Each, measure } from './idle.ts';
import { startChild } from './support/child.ts';
import { type Made, makeHosted, makeNames } from './support/idle-hosted.ts';
import type { Rest } from './support/memory.ts';
import { type Asked, type Result, result } from './support/report.ts';
import { emptyPlace } from './support/workspace.ts';

const defaultSize = 10_000;
/** Workspaces that are open at the end, of the 128 that a relay has open at most. */
const crowds = 4;
const opened = 96;
/** Sessions of each that is crowded; a relay has at most 1,024 users in each. */
const crowd = 1_000;

const kilobytes = (runs: readonly Each[], figure: keyof Each): number[] =>
  runs.map((run) => run[figure] / 1000);

async function open(url: string, made: readonly Made[]): Promise<void> {
  for (const { workspace } of made) {
    const answer = await fetch(`${url}/w/${workspace}/v1/relay`);
    if (!answer.ok) throw new Error(await answer.text());
  }
}

/** What a readable relay costs that does nothing: workspaces that nobody uses, those that are open, and sessions. */
export async function relayIdle(asked: Asked): Promise<Result[]> {
  const count = Math.max(asked.size ?? defaultSize, crowds + opened);
  const place = emptyPlace();
  const data = join(place.data, 'relay');
  const seeds = join(place.config, 'seeds');
  for (const directory of [data, seeds]) mkdirSync(directory, { recursive: true, mode: 0o700 });
  const figures = { alone: [] as number[], full: [] as number[], each: [] as number[] };
  const sessions: Each[] = [];
  try {
    const crowded = await makeHosted(data, seeds, crowds, crowd);
    const others = await makeHosted(data, seeds, opened, 1);
    makeNames(data, count - crowds - opened);
    for (let round = 0; round < asked.pairs; round++) {
      const child = await startChild<{ url: string }>('readable-relay', { data });
      try {
        const { url } = child.ready;
        const rest = (): Promise<Rest> => child.ask<Rest>({});
        const alone = await rest();
        const inputs = crowded.map(
          (mux): IdlersInput => ({ first: 0, count: crowd, url: `${url}/w/${mux.workspace}`, mux }),
        );
        const each = await measure({ child, rest }, inputs);
        const [first, ...left] = others as [Made, ...Made[]];
        // What the first one costs is code.
        await open(url, [first]);
        const before = await rest();
        await open(url, left);
        const full = await rest();
        sessions.push(each);
        figures.alone.push(alone.resident / 1e6);
        figures.each.push((full.resident - before.resident) / left.length / 1e6);
        figures.full.push((full.resident + each.resident * crowds * crowd) / 1e6);
      } finally {
        await child.end();
      }
    }
  } finally {
    place.remove();
  }
  return [
    result(`${count} workspaces, none open, resident`, 'MB', figures.alone, { most: 1000 }),
    result(`  ${crowds + opened} of them open, ${crowds * crowd} sessions in ${crowds}`, 'MB', figures.full, {
      most: 1000,
    }),
    result('a workspace that is open and that nobody uses', 'MB', figures.each),
    result(
      `a session of a replica, ${crowd} in a workspace, resident`,
      'KB',
      kilobytes(sessions, 'resident'),
      {
        most: 16,
      },
    ),
    result('  objects and buffers', 'KB', kilobytes(sessions, 'used')),
  ];
}
