import type { Environment } from '../../../src/replica/environment.ts';

/** A clock that goes on only when it is told to, with the timers that wait for it. */
export interface Clock extends Pick<Environment, 'now' | 'timer'> {
  now(): number;
  timer(task: () => void, ms: number): () => void;
  advance(ms: number): void;
}

export function clock(start = Date.now()): Clock {
  const due = new Map<() => void, number>();
  let time = start;
  return {
    now: () => time,
    timer(task, ms) {
      const one = () => task();
      due.set(one, time + ms);
      return () => void due.delete(one);
    },
    advance(ms) {
      const end = time + ms;
      for (;;) {
        const next = [...due].filter(([, at]) => at <= end).sort((a, b) => a[1] - b[1])[0];
        if (!next) break;
        due.delete(next[0]);
        time = Math.max(time, next[1]);
        next[0]();
      }
      time = end;
    },
  };
}
