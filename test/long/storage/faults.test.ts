import { describe, expect, it } from 'vitest';
import { buildShim } from '../../support/powercut/shim.ts';
import { scratch } from '../../support/scratch.ts';
import { runSeed } from '../../support/storage.ts';
import { runWithFaults } from '../../support/storage-faults.ts';

const shim = buildShim();
if ('missing' in shim) console.warn(`failing calls are not tested: ${shim.missing}`);

describe.skipIf('missing' in shim)('failing writes and syncs, with power cuts among them', () => {
  it('acknowledge nothing falsely and bring nothing refused back', async () => {
    const seed = runSeed();
    const path = 'path' in shim ? shim.path : '';
    const { lines, stderr, findings } = await runWithFaults({
      shim: path,
      scratch: scratch(),
      rounds: 40,
      cuts: 400,
      seed,
    });
    console.log(`${lines.length} lines, seed ${seed}`);
    expect(lines.at(-1), stderr).toBe('closed');
    expect(findings.slice(0, 20), `seed ${seed}`).toEqual([]);
  });
});
