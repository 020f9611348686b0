import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Embedded, Posted, Recalled, SemanticInput } from '../child/semantic.ts';
import { runChild } from '../support/child.ts';
import type { Delays } from '../support/delay.ts';
import type { Memory } from '../support/memory.ts';
import { type Asked, inTurn, percentile, type Result, ratio, result } from '../support/report.ts';
import { copyOf, emptyPlace, type Place } from '../support/workspace.ts';

const defaultSize = 10_000;
const questions = 300;
/** Enough to see a rate; the vectors of the memories take longer. */
const posted = 20_000;

const run = <Answer>(place: Place, what: Omit<SemanticInput, 'data' | 'config'>): Promise<Answer> =>
  runChild<Answer>('semantic', { ...what, data: place.data, config: place.config });

/** On a copy, so that each run has the same before it. */
async function onCopy<T>(made: Place, work: (place: Place) => Promise<T>): Promise<T> {
  const place = copyOf({ root: join(made.data, '..') });
  try {
    return await work(place);
  } finally {
    place.remove();
  }
}

/** Memories by meaning: until all have a vector, how long a question takes then, and what posting loses meanwhile. */
export async function searchSemantic(asked: Asked): Promise<Result[]> {
  const count = asked.size ?? defaultSize;
  const made = emptyPlace();
  try {
    await run(made, { do: 'remember', count } as SemanticInput);
    rmSync(join(made.data, 'search', 'vectors'), { recursive: true, force: true });
    const recalled: Run[] = [];
    for (let i = 0; i < asked.pairs; i++)
      recalled.push(
        await onCopy(made, async (place) => ({
          embedded: await run<Embedded>(place, { do: 'embed' } as SemanticInput),
          ...(await run<Recalled>(place, { do: 'recall', count: questions } as SemanticInput)),
        })),
      );
    const post = (embeds: boolean) => (): Promise<Posted> =>
      onCopy(made, (place) => run<Posted>(place, { do: 'post', count: posted, embeds } as SemanticInput));
    const { on, off } = await inTurn(asked.pairs, { off: post(false), on: post(true) });
    return rows(recalled, on, off);
  } finally {
    made.remove();
  }
}

/** One run: the vectors are made in one process, and asked for in another. */
interface Run extends Recalled {
  readonly embedded: Embedded;
}

const stallOf = ({ histogram, timer }: Delays): number => Math.max(histogram.max, timer.max);
const resident = ({ anonymous, mapped }: Memory): number => anonymous + mapped;

function rows(recalled: readonly Run[], on: readonly Posted[], off: readonly Posted[]): Result[] {
  const row = (what: string, unit: string, figure: (one: Run) => number, goal?: Result['goal']): Result =>
    result(what, unit, recalled.map(figure), goal);
  const rates = (all: readonly Posted[]): number[] => all.map(({ rate }) => rate);
  return [
    row('texts without a vector', '', ({ embedded }) => embedded.count),
    row('embedded in the background', '/s', ({ embedded }) => embedded.count / embedded.seconds),
    row('  longest stall', 'ms', ({ embedded }) => stallOf(embedded.delays), { most: 50 }),
    row('first answer after opening, model and index loaded for it', 'ms', ({ first }) => first),
    row('by words and meaning, p50', 'ms', ({ times }) => percentile(times, 0.5), { most: 30 }),
    row('  p99', 'ms', ({ times }) => percentile(times, 0.99)),
    row('  answers by words alone', '', ({ byWords }) => byWords, { most: 0 }),
    row('  longest stall', 'ms', ({ delays }) => stallOf(delays), { most: 50 }),
    row('  memory: anonymous + mapped', 'MB', ({ memory }) => resident(memory), { most: 400 }),
    row('  most that was ever resident', 'MB', ({ memory }) => memory.peak),
    result('posts, nothing embedded', '/s', rates(off)),
    result('posts while texts are embedded', '/s', rates(on)),
    ratio('  to those without', rates(on), rates(off), { least: 0.9 }),
    result(
      '  texts that still lacked a vector then',
      '',
      on.map(({ after }) => after),
    ),
  ];
}
