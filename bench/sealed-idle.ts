import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IdlersInput } from './child/idlers.ts';
import { type Each, measure, shares } from './idle.ts';
import { startChild } from './support/child.ts';
import { makeMailboxes } from './support/idle-sealed.ts';
import type { Rest } from './support/memory.ts';
import { type Asked, type Result, result } from './support/report.ts';
import { emptyPlace } from './support/workspace.ts';

const defaultSize = 10_000;
const sessions = 4_000;

const kilobytes = (runs: readonly Each[], figure: keyof Each): number[] =>
  runs.map((run) => run[figure] / 1000);

/** What a sealed relay costs that does nothing: mailboxes that lie there, and sessions. */
export async function sealedIdle(asked: Asked): Promise<Result[]> {
  const count = Math.max(asked.size ?? defaultSize, sessions + 80);
  const place = emptyPlace();
  const seeds = join(place.config, 'seeds');
  const data = join(place.data, 'relay');
  for (const directory of [place.config, join(data, 'mailboxes')]) mkdirSync(directory, { recursive: true });
  writeFileSync(seeds, await makeMailboxes(join(data, 'mailboxes'), count));
  const figures = { alone: [] as number[], full: [] as number[] };
  const own: Each[] = [];
  const inOne: Each[] = [];
  try {
    for (let round = 0; round < asked.pairs; round++) {
      for (const together of [false, true]) {
        const child = await startChild<{ url: string; key: string }>('sealed-relay', { data });
        try {
          const { url, key } = child.ready;
          const rest = (): Promise<Rest> => child.ask<Rest>({});
          const inputs = shares(sessions).map(
            (share): IdlersInput => ({ ...share, url, sealed: { seeds, key, together } }),
          );
          const before = await rest();
          const each = await measure({ child, rest }, inputs);
          (together ? inOne : own).push(each);
          if (together) continue;
          figures.alone.push(before.resident / 1e6);
          figures.full.push((before.resident + each.resident * sessions) / 1e6);
        } finally {
          await child.end();
        }
      }
    }
  } finally {
    place.remove();
  }
  return [
    result(`${count} mailboxes, nobody there, resident`, 'MB', figures.alone, { most: 1000 }),
    result(`  ${sessions} of them with a session each`, 'MB', figures.full, { most: 1000 }),
    result('a session with a mailbox of its own, objects and buffers', 'KB', kilobytes(own, 'used')),
    result('  resident, with what is mapped of files', 'KB', kilobytes(own, 'resident')),
    result('a session, 50 in a mailbox, resident', 'KB', kilobytes(inOne, 'resident'), { most: 16 }),
    result('  objects and buffers', 'KB', kilobytes(inOne, 'used')),
  ];
}
