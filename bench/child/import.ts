// Imports a Slack export into an empty workspace.
import { openReplica } from '../../src/index.ts';
import { answerOnce, given } from '../support/child.ts';
import { watchDelay } from '../support/delay.ts';
import { type Memory, watchMemory } from '../support/memory.ts';

export interface Imported {
  readonly messages: number;
  readonly operations: number;
  readonly seconds: number;
  readonly memory: Memory;
  readonly delayP99: number;
  readonly delayMax: number;
}

const { data, config, path } = given<{ data: string; config: string; path: string }>();

await answerOnce(async (): Promise<Imported> => {
  const replica = await openReplica({ directory: data, config, as: 'kai' });
  const before = (await replica.status()).counts.operations;
  const most = watchMemory();
  const watch = watchDelay();
  const began = performance.now();
  await replica.import({ format: 'slack', path });
  const seconds = (performance.now() - began) / 1000;
  const { timer } = watch();
  const memory = most();
  const { counts } = await replica.status();
  await replica.close();
  return {
    messages: counts.messages,
    operations: counts.operations - before,
    seconds,
    memory,
    delayP99: timer.p99,
    delayMax: timer.max,
  };
});
