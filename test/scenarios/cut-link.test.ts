import { expect, it } from 'vitest';
import { runSeed } from '../support/storage.ts';
import { writeOverCutLink } from './cut-link.ts';
import { openSites } from './namespaces.ts';

it('SYN-30 two networks whose link is cut 20 times while both sides write are equal afterwards', async (context) => {
  const sites = await openSites();
  if ('missing' in sites) return context.skip(sites.missing);
  const seed = runSeed();
  const { acknowledged, healed } = await writeOverCutLink(sites, {
    seed,
    cuts: 20,
    down: 300,
    up: 150,
    every: 20,
  });
  console.info(`seed ${seed}: ${acknowledged} acknowledged over 20 cuts, equal ${healed} ms after the last`);
  expect(acknowledged).toBeGreaterThan(100);
}, 180_000);
