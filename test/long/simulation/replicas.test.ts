import { expect, test } from 'vitest';
import type { Counts } from '../../simulation/counts.ts';
import { lies } from '../../simulation/liar/lies.ts';
import { simulate } from '../../simulation/run.ts';

const runs = Number(process.env['COTERIE_RUNS'] ?? 300);
const first = Number(process.env['COTERIE_SEED'] ?? 1);

/** What each three hundred runs must have met; in a few of them some may be missing. */
const rare =
  runs < 300
    ? []
    : [
        ...['redactedApart', 'rolled', 'rolledTwice', 'crashes', 'restarts'],
        ...['forked', 'rekeyed', 'split', 'repaired', 'parked', 'released'],
      ];

function add(sums: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(more)) sums[name] = (sums[name] ?? 0) + value;
}

test(
  `SYN-30 ${runs} runs of five whole replicas end equal, a fifth with a liar, a fifth on LevelDB`,
  async () => {
    const sums: Record<string, number> = {};
    const closes: Record<string, number> = {};
    const told: Record<string, number> = {};
    const failed: string[] = [];
    for (let seed = first; seed < first + runs; seed++) {
      let counts: Counts;
      try {
        counts = await simulate(seed, { steps: 120, onDisk: seed % 5 === 1 ? 2 : 0 });
      } catch (error) {
        failed.push(error instanceof Error ? error.message : String(error));
        console.info(failed.at(-1));
        continue;
      }
      for (const [name, value] of Object.entries(counts))
        if (typeof value === 'number') sums[name] = (sums[name] ?? 0) + value;
      add(closes, counts.closes);
      add(told, counts.lies);
      if (seed % 10 === 0)
        console.info(`${seed - first + 1} runs`, JSON.stringify({ ...sums, closes, told }));
    }
    expect(failed).toEqual([]);
    // A state that never comes about is not tested.
    for (const name of rare) expect(sums[name], name).toBeGreaterThan(0);
    if (rare.length > 0) for (const kind of Object.keys(lies)) expect(told[kind], kind).toBeGreaterThan(0);
  },
  runs * 60_000,
);
