import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { ascending, at } from './report.ts';

export interface Delay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** How late the event loop was, ms, by the histogram of Node and by a timer of our own. */
export interface Delays {
  readonly histogram: Delay;
  readonly timer: Delay;
}

/** The histogram looks this often, ms, and counts that as delay too: it is taken off. */
const resolution = 1;
const tick = 5;

/** Watches the loop of this thread until the returned function is called. */
export function watchDelay(): () => Delays {
  const histogram = monitorEventLoopDelay({ resolution });
  const late: number[] = [];
  let due = performance.now() + tick;
  const timer = setInterval(() => {
    const now = performance.now();
    late.push(Math.max(0, now - due));
    due = now + tick;
  }, tick);
  histogram.enable();
  return () => {
    histogram.disable();
    clearInterval(timer);
    // What has been late and not yet come counts as well.
    late.push(Math.max(0, performance.now() - due));
    const sorted = ascending(late);
    const beyond = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - resolution);
    return {
      histogram: {
        p50: beyond(histogram.percentile(50)),
        p99: beyond(histogram.percentile(99)),
        max: beyond(histogram.max),
      },
      timer: { p50: at(sorted, 0.5), p99: at(sorted, 0.99), max: sorted.at(-1) ?? 0 },
    };
  };
}
