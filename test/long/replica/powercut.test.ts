import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cutReplica } from '../../replica/support/cuts.ts';
import { buildShim } from '../../support/powercut/shim.ts';
import { scratch } from '../../support/scratch.ts';
import { runSeed } from '../../support/storage.ts';

const shim = buildShim();
if ('missing' in shim) console.warn(`power cuts of a replica are not tested: ${shim.missing}`);

describe.skipIf('missing' in shim)('REP-21 a power cut at every step', () => {
  const path = 'path' in shim ? shim.path : '';

  it('of making a replica, commits and checkpoints loses nothing acknowledged', async () => {
    const seed = runSeed();
    const result = await cutReplica({
      shim: path,
      scratch: scratch(),
      seed,
      args: ['writers=2', 'rounds=2', 'compact=1'],
      survivals: [0, 2],
    });
    console.log(`${result.cuts} cuts at ${result.steps} steps, seed ${seed}`);
    expect(result.findings.slice(0, 20), `seed ${seed}`).toEqual([]);
  });

  it('of a failing disk loses nothing acknowledged and brings nothing refused back', async () => {
    const seed = runSeed();
    const directory = scratch();
    const faultFile = join(directory, 'fault');
    const result = await cutReplica({
      shim: path,
      scratch: directory,
      seed,
      args: ['writers=2', 'rounds=10', 'compact=4', `fault=${faultFile}`],
      faultFile,
      step: 9,
      survivals: [0, 2],
    });
    console.log(`${result.cuts} cuts at ${result.steps} steps, seed ${seed}`);
    expect(result.findings.slice(0, 20), `seed ${seed}`).toEqual([]);
  });
});
