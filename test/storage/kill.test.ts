import { expect, it } from 'vitest';
import { scratch } from '../support/scratch.ts';
import { randomFrom, runSeed } from '../support/storage.ts';
import { killAgainAndAgain } from '../support/storage-kills.ts';

it('loses nothing acknowledged over 8 kills under concurrent writers', { timeout: 120_000 }, async () => {
  const seed = runSeed();
  const { acknowledged, killed, findings } = await killAgainAndAgain(scratch(), 8, randomFrom(seed));
  expect(findings, `seed ${seed}`).toEqual([]);
  expect(killed).toBe(8);
  expect(acknowledged).toBeGreaterThan(100);
});
