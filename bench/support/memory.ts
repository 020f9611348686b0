import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Memory of this process, MB of 1,000,000 bytes. Mapped is what of files is in memory: LevelDB maps its tables. */
export interface Memory {
  readonly anonymous: number;
  readonly mapped: number;
  /** Most that was ever resident, of both kinds. */
  readonly peak: number;
}

/** Reads the kernel's own account; elsewhere than on Linux all of it counts as anonymous. */
export function memory(): Memory {
  const peak = (process.resourceUsage().maxRSS * 1024) / 1e6;
  let status: string;
  try {
    status = readFileSync('/proc/self/status', 'utf8');
  } catch {
    return { anonymous: process.memoryUsage().rss / 1e6, mapped: 0, peak };
  }
  const field = (name: string): number => {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    return (Number(kilobytes ?? 0) * 1024) / 1e6;
  };
  return { anonymous: field('RssAnon'), mapped: field('RssFile'), peak };
}

/** Looks at the memory now and then, for its highest points. */
export function watchMemory(everyMs = 50): () => Memory {
  let most: Memory = memory();
  const look = (): void => {
    const now = memory();
    most = {
      anonymous: Math.max(most.anonymous, now.anonymous),
      mapped: Math.max(most.mapped, now.mapped),
      peak: now.peak,
    };
  };
  const timer = setInterval(look, everyMs);
  return () => {
    clearInterval(timer);
    look();
    return most;
  };
}

/** What is left when nothing is: bytes that are resident, and those that objects and buffers take. */
export interface Rest {
  readonly resident: number;
  readonly used: number;
}

/** Collects garbage until no more goes, and gives the system time to take back what was let go. */
export async function rest(): Promise<Rest> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 5; i++) {
    collect();
    await sleep(200);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { resident: rss, used: heapUsed + external };
}
