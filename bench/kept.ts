import { join } from 'node:path';
import { createClient } from '../src/client/index.ts';
import type { Listening } from './child/node.ts';
import type { Remember } from './child/rememberer.ts';
import { startChild } from './support/child.ts';
import { installMemoryServer, startMemoryServer } from './support/memory-server.ts';
import { type Asked, pairs, type Result, result, say } from './support/report.ts';
import { emptyPlace, type Place } from './support/workspace.ts';

const writes = 40;
const processes = [1, 2, 4];

interface Kept {
  readonly acknowledged: number;
  readonly kept: number;
}

/** The names that each of so many processes remembers. */
const shares = (count: number): string[][] =>
  Array.from({ length: count }, (_, at) =>
    Array.from({ length: writes / count }, (_, n) => `thing-${at}-${n}`),
  );

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

async function inPlace<T>(work: (place: Place) => Promise<T>): Promise<T> {
  const place = emptyPlace();
  try {
    return await work(place);
  } finally {
    place.remove();
  }
}

const ours = (count: number): Promise<Kept> =>
  inPlace(async (place) => {
    const node = await startChild<Listening>('node', { ...place, as: 'kai' });
    const writers = await Promise.all(shares(count).map(() => startChild('rememberer', node.ready)));
    const acknowledged = await Promise.all(
      shares(count).map((names, at) => writers[at]?.ask<number>({ names } satisfies Remember) ?? 0),
    );
    const { items } = await createClient(node.ready).memory.list({ limit: 1000 });
    for (const writer of writers) await writer.end();
    await node.end();
    return { acknowledged: sum(acknowledged), kept: new Set(items.map(({ key }) => key)).size };
  });

const theirs = (directory: string, count: number): Promise<Kept> =>
  inPlace(async (place) => {
    const file = join(place.data, '..', 'memory.jsonl');
    const servers = await Promise.all(shares(count).map(() => startMemoryServer(directory, file)));
    const acknowledged = await Promise.all(
      shares(count).map((names, at) => servers[at]?.remember(names) ?? 0),
    );
    for (const server of servers) await server.end();
    const fresh = await startMemoryServer(directory, file);
    const kept = new Set(await fresh.names()).size;
    await fresh.end();
    return { acknowledged: sum(acknowledged), kept };
  });

/** 40 writes at once from 1, 2 and 4 processes, beside the memory server of the Model Context Protocol: what is kept. */
export async function kept(asked: Asked): Promise<Result[]> {
  const { peers } = asked;
  const version = peers === undefined ? undefined : installMemoryServer(peers);
  if (peers === undefined) say('without --peers there is nothing to compare with');
  const results: Result[] = [];
  for (const count of processes) {
    const runs = await pairs(
      asked.pairs,
      () => ours(count),
      async () => (peers === undefined ? undefined : theirs(peers, count)),
    );
    const [own, others] = [runs.ours, runs.theirs].map((all) => all.flatMap((run) => run ?? [])) as [
      Kept[],
      Kept[],
    ];
    const of = `of ${writes} at once from ${count} ${count === 1 ? 'process' : 'processes'}`;
    results.push(
      result(
        `kept ${of}`,
        '',
        own.map((run) => run.kept),
        { least: writes },
      ),
      result(
        `acknowledged ${of}`,
        '',
        own.map((run) => run.acknowledged),
        { least: writes },
      ),
    );
    if (others.length === 0) continue;
    results.push(
      result(
        `server-memory ${version}: kept ${of}`,
        '',
        others.map((run) => run.kept),
      ),
      result(
        `server-memory ${version}: acknowledged ${of}`,
        '',
        others.map((run) => run.acknowledged),
      ),
    );
  }
  return results;
}
