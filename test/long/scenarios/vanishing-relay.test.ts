import { expect, it } from 'vitest';
import { syncOverVanishingRelay } from '../../scenarios/vanishing-relay.ts';
import { runSeed } from '../../support/storage.ts';

it('SYN-30 a relay that is killed 20 times while two replicas sync 10,000 messages', async () => {
  const seed = runSeed();
  console.info(`seed ${seed}`);
  const options = { seed, kills: 20, amount: 5000, within: 2000, every: 1000, patience: 600_000 };
  const { acknowledged } = await syncOverVanishingRelay(options);
  console.info(`${acknowledged} acknowledged over 20 kills`);
  expect(acknowledged).toBeGreaterThan(10_000);
}, 1_200_000);
