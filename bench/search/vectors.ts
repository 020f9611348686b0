import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { VectorsInput, VectorsMeasured } from '../child/vectors.ts';
import { runChild } from '../support/child.ts';
import { installed } from '../support/install.ts';
import { type Asked, inTurn, percentile, type Result, ratio, result, say } from '../support/report.ts';
import { makeBase } from './unit-vectors.ts';

const defaultSizes = [10_000, 100_000, 300_000];
const questions = 100;

type Which = VectorsInput['which'];
const names: Record<Which, string> = {
  ours: '16 bits, wide instructions: ours',
  plain: '32 bits, plain loop',
  usearch: 'usearch, 8 bits',
};

/** Which part of the first so many of what is right was found, with all questions together. */
function recall(
  found: VectorsMeasured['found'],
  right: VectorsMeasured['found'] | undefined,
  first: number,
): number {
  let [hits, all] = [0, 0];
  for (const [at, best] of (right ?? []).entries()) {
    const wanted = best.slice(0, first);
    const given = new Set(found[at]);
    hits += wanted.filter((number) => given.has(number)).length;
    all += wanted.length;
  }
  return hits / all;
}

function figures(
  which: Which,
  count: number,
  runs: readonly VectorsMeasured[],
  right: readonly VectorsMeasured[],
): Result[] {
  const row = (what: string, unit: string, figure: (run: VectorsMeasured, at: number) => number): Result =>
    result(`${count.toLocaleString('en')}, ${names[which]}: ${what}`, unit, runs.map(figure));
  const part = (first: number) => (run: VectorsMeasured, at: number) =>
    recall(run.found, right[at]?.found, first);
  const isFiltering = runs.some(({ fewTimes }) => fewTimes.length > 0);
  const drops = runs.some(({ dropMs }) => dropMs !== undefined);
  return [
    row('taken in', 'vectors/s', ({ putSeconds }) => count / putSeconds),
    row('longest step of it', 'ms', ({ longestPut }) => longestPut),
    row('memory', 'MB', ({ memory }) => memory / 1e6),
    row('the nearest 500, p50', 'ms', ({ times }) => percentile(times, 0.5)),
    row('p99', 'ms', ({ times }) => percentile(times, 0.99)),
    ...(isFiltering
      ? [row('where one in a hundred counts, p50', 'ms', ({ fewTimes }) => percentile(fewTimes, 0.5))]
      : []),
    ...(drops ? [row('one dropped', 'ms', ({ dropMs }) => dropMs ?? 0)] : []),
    ...(which === 'plain'
      ? []
      : [row('of the best 10 found', '', part(10)), row('of the best 500 found', '', part(500))]),
  ];
}

/** The nearest of many vectors: ours, beside plain arithmetic, which is right, and usearch if it may be installed. */
export async function searchVectors(asked: Asked): Promise<Result[]> {
  const { slack, peers } = asked;
  if (slack === undefined) say('no --slack: the messages are invented');
  if (peers === undefined) say('without --peers usearch is left out');
  // What it was compiled to comes with it: nothing is to be run.
  else say(`usearch ${installed(peers, 'usearch', ['--engine-strict=false', '--ignore-scripts'])}`);
  const file = join(asked.cache, `coterie-bench-vectors-${slack === undefined ? 'invented' : 'slack'}.bin`);
  if (asked.fresh) rmSync(file, { force: true });
  await makeBase(file, slack, questions);
  const results: Result[] = [];
  for (const count of asked.size === undefined ? defaultSizes : [asked.size]) {
    const run = (which: Which) => (): Promise<VectorsMeasured> =>
      runChild<VectorsMeasured>('vectors', { which, file, count, questions, peers } satisfies VectorsInput);
    const sides: Record<string, () => Promise<VectorsMeasured>> = {
      ours: run('ours'),
      plain: run('plain'),
      ...(peers === undefined ? {} : { usearch: run('usearch') }),
    };
    const runs = await inTurn(asked.pairs, sides);
    const right = runs.plain ?? [];
    for (const which of ['ours', 'plain', 'usearch'] as const)
      if (runs[which]) results.push(...figures(which, count, runs[which], right));
    const middle = (which: Which) => (runs[which] ?? []).map(({ times }) => percentile(times, 0.5));
    results.push(
      ratio(`${count.toLocaleString('en')}, p50, to the plain loop`, middle('ours'), middle('plain')),
    );
  }
  return results;
}
