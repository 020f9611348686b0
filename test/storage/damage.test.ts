import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratch } from '../support/scratch.ts';
import { randomFrom, runSeed } from '../support/storage.ts';
import { damageAll, FILE_KINDS, judge, makeSpecimen } from '../support/storage-damage.ts';

it('is never silent about damaged bytes and blocks, in any kind of file', { timeout: 120_000 }, async () => {
  const seed = runSeed();
  const random = randomFrom(seed);
  const directory = scratch();
  const specimen = await makeSpecimen(join(directory, 'data'), random);
  const copy = join(directory, 'sound');
  cpSync(specimen.directory, copy, { recursive: true });
  expect(await judge(specimen, copy)).toMatchObject({ verdict: 'sound' });
  const { counts, silent } = await damageAll(specimen, directory, { times: 5, kinds: FILE_KINDS, random });
  expect(silent, `seed ${seed}`).toEqual([]);
  expect(counts.loud, `seed ${seed}`).toBeGreaterThan(10);
});
