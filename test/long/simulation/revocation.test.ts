import { expect, test } from 'vitest';
import { raceAll } from '../../simulation/revocation/run.ts';

const runs = Number(process.env['COTERIE_RUNS'] ?? 1000);
const first = Number(process.env['COTERIE_SEED'] ?? 1001);

test(
  `FOLD-46, FOLD-47, FOLD-53, REP-32: ${runs} runs of replicas that are narrowed while they write apart, from seed ${first}`,
  async () => {
    const { failed, sums } = await raceAll(first, runs, 30);
    console.info(JSON.stringify(sums));
    expect(failed).toEqual([]);
  },
  runs * 60_000,
);
