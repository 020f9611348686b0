import { join } from 'node:path';
import { openReplica } from '../src/index.ts';
import { directoryBytes } from '../src/replica/upkeep/size.ts';
import { type Asked, type Result, result } from './support/report.ts';
import { createDoer, inParallel, ownChannels, type Step, steps } from './support/steps.ts';
import { emptyPlace } from './support/workspace.ts';

const defaultSize = 20_000;

interface Sizes {
  readonly whole: number;
  readonly journal: number;
  readonly documents: number;
}

async function sizes(directory: string): Promise<Sizes> {
  const [whole, journal, documents] = await Promise.all(
    ['', 'journal', 'documents'].map((part) => directoryBytes(join(directory, part))),
  );
  return { whole: whole ?? 0, journal: journal ?? 0, documents: documents ?? 0 };
}

function* take(count: number, seed: number): Generator<Step> {
  const all = steps(seed);
  for (let i = 0; i < count; i++) yield all.next().value;
}

/** Bytes on disk for each operation of a team's day: while it is written, and after `compact`. */
export async function disk(asked: Asked): Promise<Result[]> {
  const count = asked.size ?? defaultSize;
  const live: Sizes[] = [];
  const compacted: Sizes[] = [];
  for (let round = 0; round < asked.pairs; round++) {
    const place = emptyPlace();
    try {
      const replica = await openReplica({ directory: place.data, config: place.config, as: 'kai' });
      for (const name of ownChannels) await replica.channels.create({ name });
      await inParallel(
        take(count, round + 1),
        64,
        createDoer((handle) => replica.as(handle)),
      );
      const { operations } = (await replica.status()).counts;
      const each = (all: Sizes): Sizes => ({
        whole: all.whole / operations,
        journal: all.journal / operations,
        documents: all.documents / operations,
      });
      live.push(each(await sizes(place.data)));
      await replica.compact();
      compacted.push(each(await sizes(place.data)));
      await replica.close();
    } finally {
      place.remove();
    }
  }
  const of = (runs: readonly Sizes[], part: keyof Sizes): number[] => runs.map((run) => run[part]);
  return [
    result('live', 'bytes/operation', of(live, 'whole'), { most: 2000 }),
    result('  journal', 'bytes/operation', of(live, 'journal')),
    result('  documents', 'bytes/operation', of(live, 'documents')),
    result('compacted', 'bytes/operation', of(compacted, 'whole'), { most: 1200 }),
    result('  journal', 'bytes/operation', of(compacted, 'journal')),
    result('  documents', 'bytes/operation', of(compacted, 'documents')),
  ];
}
