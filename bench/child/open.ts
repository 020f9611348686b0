// Opens a workspace as a fresh process and says when it was ready, and with how much memory.
import { setTimeout as sleep } from 'node:timers/promises';
import { answerOnce, given, wallClock } from '../support/child.ts';
import { type Memory, memory } from '../support/memory.ts';

/** Milliseconds of each step, and memory, when it was ready and two seconds later. */
export interface Opened {
  readonly fromStart: number;
  readonly fromOpen: number;
  readonly node: number;
  readonly load: number;
  readonly open: number;
  readonly page: number;
  readonly post: number;
  readonly catchUp: number;
  readonly ready: Memory;
  readonly settled: Memory;
}

interface Input {
  readonly data: string;
  readonly config: string;
  readonly as: string;
  /** When the parent started this process. */
  readonly started: number;
}

const { data, config, as, started } = given<Input>();
const running = wallClock();

await answerOnce(async (): Promise<Opened> => {
  const { openReplica } = await import('../../src/index.ts');
  const loaded = wallClock();
  const replica = await openReplica({ directory: data, config, as });
  const opened = wallClock();
  const { items } = await replica.messages.list('general', { limit: 50 });
  if (items.length === 0) throw new Error('nothing to read');
  const read = wallClock();
  await replica.messages.post('general', { text: 'Here again.' });
  const posted = wallClock();
  await replica.catchUp();
  const caughtUp = wallClock();
  const ready = memory();
  await sleep(2000);
  const settled = memory();
  await replica.close();
  return {
    fromStart: caughtUp - started,
    fromOpen: caughtUp - loaded,
    node: running - started,
    load: loaded - running,
    open: opened - loaded,
    page: read - opened,
    post: posted - read,
    catchUp: caughtUp - posted,
    ready,
    settled,
  };
});
