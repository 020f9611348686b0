import { expect, it } from 'vitest';
import { runSeed } from '../support/storage.ts';
import { syncOverVanishingRelay } from './vanishing-relay.ts';

it('SYN-30 a relay that is killed while two replicas sync costs time and nothing else', async () => {
  const seed = runSeed();
  console.info(`seed ${seed}`);
  const { acknowledged } = await syncOverVanishingRelay({ seed, kills: 3, amount: 1500, within: 600 });
  expect(acknowledged).toBeGreaterThan(3000);
}, 240_000);
