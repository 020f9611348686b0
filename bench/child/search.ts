// Opens a workspace as a fresh process and asks its first search.
import { openReplica } from '../../src/index.ts';
import { answerOnce, given } from '../support/child.ts';
import { watchDelay } from '../support/delay.ts';
import { memory } from '../support/memory.ts';

export interface Searched {
  readonly first: number;
  readonly second: number;
  /** Longest stall of the event loop until the first answer. */
  readonly stall: number;
  readonly stallP99: number;
  readonly found: number;
  readonly behind: number;
  readonly memory: number;
}

const { data, config, as } = given<{ data: string; config: string; as: string }>();

await answerOnce(async (): Promise<Searched> => {
  const replica = await openReplica({ directory: data, config, as });
  const watch = watchDelay();
  const began = performance.now();
  const answer = await replica.search({ q: 'review branch' });
  const first = performance.now() - began;
  const { histogram, timer } = watch();
  const again = performance.now();
  await replica.search({ q: 'deploy token' });
  const second = performance.now() - again;
  const { anonymous } = memory();
  await replica.close();
  return {
    first,
    second,
    stall: Math.max(histogram.max, timer.max),
    stallP99: timer.p99,
    found: answer.results.length,
    behind: answer.behind ?? 0,
    memory: anonymous,
  };
});
