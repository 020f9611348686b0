import { expect, it } from 'vitest';
import { writeOverCutLink } from '../../scenarios/cut-link.ts';
import { openSites } from '../../scenarios/namespaces.ts';
import { runSeed } from '../../support/storage.ts';

/** Cuts of up to 75 s: a connection of which nothing is heard for a minute is given up, and dialled again. */
it('SYN-10 SYN-30 a link that is down for up to 75 s at a time, 10 times while both sides write', async (context) => {
  const sites = await openSites();
  if ('missing' in sites) return context.skip(sites.missing);
  const seed = runSeed();
  console.info(`seed ${seed}`);
  const options = { seed, cuts: 10, down: 75_000, up: 10_000, every: 1000, patience: 180_000 };
  const { acknowledged, healed } = await writeOverCutLink(sites, options);
  console.info(`${acknowledged} acknowledged over ${options.cuts} cuts, equal ${healed} ms after the last`);
  expect(acknowledged).toBeGreaterThan(1000);
}, 1_200_000);
