import { expect, it } from 'vitest';
import { scratch } from '../support/scratch.ts';
import { randomFrom, runSeed } from '../support/storage.ts';
import { killReplicas } from './support/kills.ts';

it('REP-20 loses nothing acknowledged over 6 kills under concurrent writers and updaters', async () => {
  const seed = runSeed();
  const { acknowledged, killed, findings } = await killReplicas(scratch(), 6, randomFrom(seed));
  console.log(`${acknowledged} acknowledgements, ${killed} kills, seed ${seed}`);
  expect(findings, `seed ${seed}`).toEqual([]);
  expect(killed).toBe(6);
  expect(acknowledged).toBeGreaterThan(100);
}, 60_000);
