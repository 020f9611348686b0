import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ChildEnd, runChild } from '../kill.ts';
import { createTracedDisk, type Survival } from './disk.ts';
import { readTrace, type Step, saidBy } from './trace.ts';

export interface TracedRun {
  /** Every change below `root`, and everything said, in order. */
  readonly trace: readonly Step[];
  readonly root: string;
  /** A copy of what `root` held before. */
  readonly before: string;
  readonly end: ChildEnd;
}

export interface TraceOptions {
  /** Path of the recorder; see `buildShim`. */
  readonly shim: string;
  /** A directory for the run. The script gets `<scratch>/root` as the place for its data; what is there stays. */
  readonly scratch: string;
  readonly args?: readonly string[];
  /** Kills the process in place of this step, counted from 1. */
  readonly killAt?: number;
  /** A file that the script may write to make its own calls fail: `write <errno>`, `sync <errno>`, `any <errno>`. */
  readonly faultFile?: string;
}

/** Runs a script whose first argument is a directory that exists, and records every change below it. */
export async function runTraced(script: string, options: TraceOptions): Promise<TracedRun> {
  const { shim, scratch, args = [], killAt, faultFile } = options;
  const root = join(scratch, 'root');
  const tracePath = join(scratch, 'trace');
  rmSync(tracePath, { force: true });
  const before = join(scratch, 'before');
  rmSync(before, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  cpSync(root, before, { recursive: true });
  const end = await runChild(script, [root, ...args], {
    env: {
      LD_PRELOAD: shim,
      POWERCUT_ROOT: root,
      POWERCUT_TRACE: tracePath,
      ...(killAt === undefined ? {} : { POWERCUT_KILL: String(killAt) }),
      ...(faultFile === undefined ? {} : { POWERCUT_FAULT: faultFile }),
    },
  });
  return { trace: readTrace(tracePath), root, before, end };
}

/** The survivors of a power cut, and what had been acknowledged when it came. */
export interface Cut {
  /** Steps that were made before the power went. */
  readonly at: number;
  readonly survival: Survival;
  /** The copy of the data directory to audit: the real one tells nothing, it never lost power. */
  readonly directory: string;
  readonly lines: readonly string[];
}

/**
 * Cuts the power of a recorded run after each of the given numbers of steps, ascending, and lets `audit` look at
 * what survives, once for each survival. The copies are removed again.
 */
export async function cutPower(
  run: TracedRun,
  options: {
    readonly at: readonly number[];
    readonly survivals: readonly Survival[];
    readonly scratch: string;
    readonly random: (below: number) => number;
  },
  audit: (cut: Cut) => Promise<void>,
): Promise<void> {
  const disk = createTracedDisk(run.root, run.before);
  let done = 0;
  for (const at of options.at) {
    for (const step of run.trace.slice(done, at)) disk.step(step);
    done = at;
    const lines = saidBy(run.trace, at);
    for (const survival of options.survivals) {
      const directory = join(options.scratch, `cut-${at}-${survival.names}-${survival.bytes}`);
      disk.materialize(directory, survival, options.random);
      await audit({ at, survival, directory, lines });
      rmSync(directory, { recursive: true, force: true });
    }
  }
}

/** The strictest cut, the kindest, and two between: names kept without their bytes, and a torn part of everything. */
export const SURVIVALS: readonly Survival[] = [
  { bytes: 'none', names: 'none' },
  { bytes: 'none', names: 'all' },
  { bytes: 'some', names: 'some' },
  { bytes: 'all', names: 'all' },
];
