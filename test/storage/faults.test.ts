import { describe, expect, it } from 'vitest';
import { buildShim } from '../support/powercut/shim.ts';
import { scratch } from '../support/scratch.ts';
import { runSeed } from '../support/storage.ts';
import { runWithFaults } from '../support/storage-faults.ts';

const shim = buildShim();
if ('missing' in shim) console.warn(`failing calls are not tested: ${shim.missing}`);

describe.skipIf('missing' in shim)('failing writes and syncs', () => {
  it('acknowledge nothing falsely, bring nothing refused back, and the store goes on', {
    timeout: 120_000,
  }, async () => {
    const seed = runSeed();
    const path = 'path' in shim ? shim.path : '';
    const { lines, stderr, findings } = await runWithFaults({
      shim: path,
      scratch: scratch(),
      rounds: 10,
      cuts: 10,
      seed,
    });
    expect(lines.at(-1), stderr).toBe('closed');
    expect(findings, `seed ${seed}`).toEqual([]);
    const count = (kind: string): number => lines.filter((line) => line.startsWith(`${kind} `)).length;
    // Each round has four commits at once and one after them, and at most those of one group can have landed.
    expect(count('refused')).toBe(50);
    expect(count('absent')).toBeGreaterThan(0);
    expect(count('kept-back')).toBe(10);
    expect(count('commit')).toBeGreaterThanOrEqual(33);
  });
});
