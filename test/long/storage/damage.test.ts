import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratch } from '../../support/scratch.ts';
import { randomFrom, runSeed } from '../../support/storage.ts';
import { damageAll, FILE_KINDS, makeSpecimen } from '../../support/storage-damage.ts';

it.each(FILE_KINDS)('is never silent about 200 damages of %s', async (kind) => {
  const seed = runSeed();
  const random = randomFrom(seed);
  const directory = scratch();
  const specimen = await makeSpecimen(join(directory, 'data'), random);
  const { counts, silent } = await damageAll(specimen, directory, { times: 200, kinds: [kind], random });
  console.log(`${kind}: ${JSON.stringify(counts)}, seed ${seed}`);
  expect(silent, `seed ${seed}`).toEqual([]);
});
