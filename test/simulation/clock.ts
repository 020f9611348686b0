import { randomFrom } from '../support/storage.ts';

export interface VirtualClock {
  /** Virtual time, ms. */
  now(): number;
  /** Runs a task once after `ms` of virtual time; returns what cancels it. */
  timer(task: () => void, ms: number): () => void;
  /** Runs what is due within so much virtual time. */
  run(ms: number): Promise<void>;
  /** Runs until the condition holds; false when it does not within so much virtual time. */
  until(condition: () => boolean, ms: number): Promise<boolean>;
  draw(below: number): number;
  random(bytes: number): Uint8Array;
}

interface Due {
  readonly at: number;
  readonly order: number;
  readonly task: () => void;
}

/** After each task everything that waits for no timer has run: promises, and what `idle` waits for. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Time that passes only when it is told to, and random numbers from a seed. */
export function createClock(seed: number, idle: () => Promise<void> = settle): VirtualClock {
  const draw = randomFrom(seed);
  /** A heap: the earliest first, of equals the one that was set first. */
  const heap: Due[] = [];
  const cancelled = new Set<Due>();
  let now = 0;
  let order = 0;

  const before = (a: Due, b: Due): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

  function push(due: Due): void {
    let at = heap.push(due) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!before(due, heap[above]!)) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = due;
  }

  function pop(): Due | undefined {
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }

  const clock: VirtualClock = {
    now: () => now,
    draw,
    random: (bytes) => Uint8Array.from({ length: bytes }, () => draw(256)),
    timer(task, ms) {
      const due: Due = { at: now + Math.max(0, Math.round(ms)), order: order++, task };
      push(due);
      return () => void cancelled.add(due);
    },
    async run(ms) {
      await clock.until(() => false, ms);
    },
    async until(condition, ms) {
      const end = now + ms;
      await idle();
      for (;;) {
        if (condition()) return true;
        const next = heap[0];
        if (!next || next.at > end) {
          now = end;
          return false;
        }
        pop();
        if (cancelled.delete(next)) continue;
        now = next.at;
        next.task();
        // Tasks of one instant run one by one, each with what follows from it.
        await idle();
      }
    },
  };
  return clock;
}
