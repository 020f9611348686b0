import { expect, it } from 'vitest';
import { killReplicas } from '../../replica/support/kills.ts';
import { scratch } from '../../support/scratch.ts';
import { randomFrom, runSeed } from '../../support/storage.ts';

it('REP-20 loses nothing acknowledged over 50 kills under concurrent writers and updaters', async () => {
  const seed = runSeed();
  let acknowledged = 0;
  let killed = 0;
  const findings: string[] = [];
  // Fresh directories in between, so that first openings are killed too and audits stay short.
  for (let part = 0; part < 5; part++) {
    const result = await killReplicas(scratch(), 10, randomFrom(seed + part));
    acknowledged += result.acknowledged;
    killed += result.killed;
    findings.push(...result.findings);
  }
  console.log(`${acknowledged} acknowledgements, ${killed} kills, seed ${seed}`);
  expect(findings, `seed ${seed}`).toEqual([]);
  expect(killed).toBe(50);
});
