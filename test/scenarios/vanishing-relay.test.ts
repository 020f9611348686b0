import { expect, it } from 'vitest';
import { runSeed } from '../support/storage.ts';
import { syncOverVanishingRelay } from './vanishing-relay.ts';

it('SYN-30 a relay that is killed while two replicas sync costs time and nothing else', async () => {
  const seed = runSeed();
  console.info(`seed ${seed}`);
  const options = { seed, kills: 2, amount: 1000, within: 500, every: 100, patience: 120_000 };
  const { acknowledged } = await syncOverVanishingRelay(options);
  expect(acknowledged).toBeGreaterThan(2000);
}, 240_000);
