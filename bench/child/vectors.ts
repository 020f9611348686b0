// Takes in so many vectors and looks for the nearest: ours, one number after the other, or usearch.
import { type Contender, ours, plain, usearch } from '../search/nearest.ts';
import { dimensions, readBase, unitVectors } from '../search/unit-vectors.ts';
import { answerOnce, given } from '../support/child.ts';
import { rest } from '../support/memory.ts';

export interface VectorsInput {
  readonly which: 'ours' | 'plain' | 'usearch';
  readonly file: string;
  readonly count: number;
  readonly questions: number;
  readonly peers: string | undefined;
}

/** What was measured of one of them. Times in ms, memory in bytes. */
export interface VectorsMeasured {
  readonly putSeconds: number;
  readonly longestPut: number;
  readonly memory: number;
  /** One for each question: all of them, and where one in a hundred counts. */
  readonly times: readonly number[];
  readonly fewTimes: readonly number[];
  readonly dropMs: number | undefined;
  readonly found: readonly (readonly number[])[];
}

const { which, file, count, questions, peers } = given<VectorsInput>();
const most = 500;
const dropped = 1000;
const part = 100;

const contender = (): Contender => {
  if (which === 'ours') return ours();
  if (which === 'plain') return plain(count);
  if (peers === undefined) throw new Error('usearch comes with --peers');
  return usearch(peers);
};

async function measure(): Promise<VectorsMeasured> {
  const base = readBase(file, questions);
  const before = (await rest()).resident;
  const one = contender();
  let [spent, longestPut, number] = [0, 0, 0];
  const clocked = (work: () => void): void => {
    const from = performance.now();
    work();
    const took = performance.now() - from;
    spent += took;
    longestPut = Math.max(longestPut, took);
  };
  for (const vector of unitVectors(base, count)) {
    clocked(() => one.put(number, vector));
    number += 1;
  }
  clocked(() => one.finish?.());
  const putSeconds = spent / 1000;
  const memory = (await rest()).resident - before;

  const times: number[] = [];
  const fewTimes: number[] = [];
  const found: number[][] = [];
  const asked = Array.from({ length: questions }, (_, i) =>
    base.questions.slice(i * dimensions, (i + 1) * dimensions),
  );
  for (const question of asked.slice(0, part / 5)) one.nearest(question, most);
  for (const question of asked) {
    let from = performance.now();
    found.push(one.nearest(question, most));
    times.push(performance.now() - from);
    if (which === 'usearch') continue;
    from = performance.now();
    one.nearest(question, most, (candidate) => candidate % part === 0);
    fewTimes.push(performance.now() - from);
  }
  let dropMs: number | undefined;
  if (one.drop) {
    const from = performance.now();
    for (let i = 0; i < dropped; i++) one.drop(i);
    dropMs = (performance.now() - from) / dropped;
  }
  return { putSeconds, longestPut, memory, times, fewTimes, dropMs, found };
}

await answerOnce(measure);
