import { expect, it } from 'vitest';
import { scratch } from '../../support/scratch.ts';
import { randomFrom, runSeed } from '../../support/storage.ts';
import { killAgainAndAgain } from '../../support/storage-kills.ts';

it('loses nothing acknowledged over 50 kills under concurrent writers', async () => {
  const seed = runSeed();
  const { acknowledged, killed, findings } = await killAgainAndAgain(scratch(), 50, randomFrom(seed));
  console.log(`${acknowledged} acknowledgements, ${killed} kills, seed ${seed}`);
  expect(findings, `seed ${seed}`).toEqual([]);
  expect(killed).toBe(50);
});
