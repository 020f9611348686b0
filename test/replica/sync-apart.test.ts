import { it } from 'vitest';
import { runSeed } from '../support/storage.ts';
import { type Rare, runApart } from './sync/run.ts';

it('REP-38 replicas that worked apart in any way end equal, also with views made anew', async () => {
  const seed = runSeed();
  console.info(`COTERIE_SEED=${seed}`);
  const runs = Number(process.env['COTERIE_RUNS'] ?? 25);
  const rare: Rare = {
    refused: 0,
    redacted: 0,
    reopened: 0,
    revoked: 0,
    forked: 0,
    byKey: 0,
    updates: 0,
  };
  for (let run = 0; run < runs; run++) {
    try {
      await runApart(seed + run, Number(process.env['COTERIE_STEPS'] ?? 60), rare);
    } catch (error) {
      throw new Error(`COTERIE_SEED=${seed + run} COTERIE_RUNS=1: ${String(error)}`, { cause: error });
    }
  }
  console.info(JSON.stringify(rare));
}, 300_000);
