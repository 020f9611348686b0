import { expect, test } from 'vitest';
import { simulate } from './run.ts';

/** Every fifth has a liar, every third a clock that is a day ahead, the 7th a directory that is copied. */
test.each([3, 5, 7, 10])(
  'SYN-30 five whole replicas end equal, whatever happens to them: seed %i',
  async (seed) => {
    const counts = await simulate(seed, { steps: 100, onDisk: seed === 7 ? 2 : 0 });
    console.info(`seed ${seed}`, JSON.stringify(counts));
    expect(counts.acknowledged).toBeGreaterThan(40);
  },
  120_000,
);
