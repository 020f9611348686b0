// Joins a workspace in an empty directory, and says when it could be read and when all of it was there.
import { setTimeout as sleep } from 'node:timers/promises';
import { openReplica } from '../../relay/embed/index.ts';
import { openLog } from '../../relay/index.ts';
import { answerOnce, given } from '../support/child.ts';
import { watchDelay } from '../support/delay.ts';
import { type Memory, watchMemory } from '../support/memory.ts';
import { type Traffic, watchTraffic } from '../support/traffic.ts';
import type { Holding } from './node.ts';

export interface JoinerInput {
  readonly data: string;
  readonly config: string;
  readonly state: string;
  readonly as: string;
  readonly upstream: string;
  /** What the other side holds. */
  readonly there: Holding;
  /** Upstream is a sealed relay, and this replica was admitted before. */
  readonly sealed?: boolean;
}

/** Milliseconds from before the directory was opened, which also dials. */
export interface JoinedTimes {
  readonly opened: number;
  readonly newest: number;
  readonly all: number;
  /** Longest stall of the event loop until all was there. */
  readonly stall: number;
  readonly stallP99: number;
  readonly traffic: Traffic;
  readonly memory: Memory;
  readonly operations: number;
  readonly digest: string;
}

const { data, config, state, as, upstream, there, sealed } = given<JoinerInput>();

await answerOnce(async (): Promise<JoinedTimes> => {
  const traffic = watchTraffic();
  const most = watchMemory();
  const watch = watchDelay();
  const began = performance.now();
  const passed = (): number => performance.now() - began;
  const replica = await openReplica({
    directory: data,
    config,
    as,
    sync: { state, upstreams: [upstream], log: openLog('error') },
  });
  const opened = passed();
  const newest = there.newest.join();
  for (;;) {
    const { items } = await replica.messages.list('general', { limit: 50 });
    if (items.map(({ id }) => id).join() === newest) break;
    await sleep(10);
  }
  const usable = passed();
  for (;;) {
    const { counts } = await replica.status();
    if (counts.operations >= there.operations && counts.messages >= there.messages) break;
    // Asking looks at every file.
    await sleep(250);
  }
  const all = passed();
  const { histogram, timer } = watch();
  const { counts } = await replica.status();
  const bytes = traffic();
  const memory = most();
  // What joining itself wrote is there as well.
  if (sealed !== true) await replica.sync?.settled({ peers: 1, timeoutMs: 30_000 });
  const { digest } = await replica.status();
  await replica.close();
  return {
    opened,
    newest: usable,
    all,
    stall: Math.max(histogram.max, timer.max),
    stallP99: timer.p99,
    traffic: bytes,
    memory,
    operations: counts.operations,
    digest,
  };
});
