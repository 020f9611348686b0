import { expect, test } from 'vitest';
import { coordinateAll } from './all.ts';

const runs = Number(process.env['COTERIE_RUNS'] ?? 50);
const first = Number(process.env['COTERIE_SEED'] ?? 1);

test(
  `REP-16, INB-1, CLM-9, CLM-10, CLM-15, FOLD-8, FOLD-28: ${runs} small runs of whole replicas that coordinate, from seed ${first}`,
  async () => {
    expect(await coordinateAll(first, runs, 40)).toEqual([]);
  },
  runs * 20_000,
);
