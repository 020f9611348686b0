import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildShim } from '../support/powercut/shim.ts';
import { scratch } from '../support/scratch.ts';
import { runSeed } from '../support/storage.ts';
import { readSaid } from './support/audit.ts';
import { cutReplica } from './support/cuts.ts';

const shim = buildShim();
if ('missing' in shim) console.warn(`power cuts of a replica are not tested: ${shim.missing}`);

describe.skipIf('missing' in shim)('a replica', () => {
  const path = 'path' in shim ? shim.path : '';

  it('REP-21 loses nothing acknowledged in power cuts at 6 drawn moments of commits and checkpoints', async () => {
    const seed = runSeed();
    const { findings, acknowledged } = await cutReplica({
      shim: path,
      scratch: scratch(),
      seed,
      args: ['writers=4', 'rounds=10', 'compact=4'],
      cuts: 6,
    });
    expect(findings, `seed ${seed}`).toEqual([]);
    expect(acknowledged).toBeGreaterThan(80);
  }, 60_000);

  it('REP-22 acknowledges nothing falsely on a disk that fails, and goes on when it works again', async () => {
    const seed = runSeed();
    const directory = scratch();
    const faultFile = join(directory, 'fault');
    const { findings, lines } = await cutReplica({
      shim: path,
      scratch: directory,
      seed,
      args: ['writers=2', 'rounds=10', `fault=${faultFile}`],
      faultFile,
      cuts: 4,
      survivals: [0],
    });
    expect(findings, `seed ${seed}`).toEqual([]);
    const said = readSaid(lines);
    expect(said.filter(({ kind }) => kind === 'recovered')).toHaveLength(5);
    expect(said.filter(({ kind }) => kind === 'stuck')).toEqual([]);
    expect(said.filter(({ kind }) => kind === 'refused' || kind === 'unknown').length).toBeGreaterThan(10);
  }, 60_000);
});
