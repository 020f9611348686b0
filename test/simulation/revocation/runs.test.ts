import { expect, test } from 'vitest';
import { raceAll } from './run.ts';

const runs = Number(process.env['COTERIE_RUNS'] ?? 24);
const first = Number(process.env['COTERIE_SEED'] ?? 1);

test(
  `FOLD-46, FOLD-47, FOLD-53, REP-32: ${runs} runs of replicas that are narrowed while they write apart, from seed ${first}`,
  async () => {
    const { failed, sums } = await raceAll(first, runs, 30);
    expect(failed).toEqual([]);
    // Without these nothing was shown.
    if (runs > 10) expect([sums.narrowings > runs, sums.cut > runs]).toEqual([true, true]);
  },
  runs * 20_000,
);
