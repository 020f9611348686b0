import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runChild } from '../../support/kill.ts';
import { cutPower, runTraced, SURVIVALS } from '../../support/powercut/run.ts';
import { buildShim } from '../../support/powercut/shim.ts';
import { scratch } from '../../support/scratch.ts';
import { randomFrom, runSeed } from '../../support/storage.ts';
import { acknowledgedBy, auditStorage } from '../../support/storage-audit.ts';

const child = fileURLToPath(new URL('../../support/storage-child.mjs', import.meta.url));
const shim = buildShim();
if ('missing' in shim) console.warn(`power cuts are not tested: ${shim.missing}`);

describe.skipIf('missing' in shim)('power cut at every step', () => {
  const path = 'path' in shim ? shim.path : '';

  async function sweep(
    directory: string,
    args: readonly string[],
    earlier: readonly string[] = [],
  ): Promise<void> {
    const seed = runSeed();
    const run = await runTraced(child, { shim: path, scratch: directory, args });
    expect(run.end.lines.at(-1), run.end.stderr).toBe('closed');
    const at = run.trace.map((_, step) => step + 1);
    const findings: string[] = [];
    const options = { at, survivals: SURVIVALS, scratch: join(directory, 'cuts'), random: randomFrom(seed) };
    await cutPower(run, options, async (cut) => {
      for (const finding of await auditStorage(cut.directory, acknowledgedBy([...earlier, ...cut.lines]))) {
        findings.push(
          `seed ${seed}, step ${cut.at}, ${cut.survival.names}/${cut.survival.bytes}: ${finding}`,
        );
      }
    });
    console.log(`${at.length * SURVIVALS.length} cuts at ${at.length} steps, seed ${seed}`);
    expect(findings.slice(0, 20), `seed ${seed}`).toEqual([]);
  }

  it('of making a store, many small commits and checkpoints', async () => {
    await sweep(scratch(), ['writers=4', 'commits=40', 'documents=2', 'versions=10']);
  });

  it('of commits that fill logs and make tables', async () => {
    await sweep(scratch(), ['writers=6', 'commits=30', 'bytes=20000', 'versions=6', 'documents=1']);
  });

  it('of opening a store that has history, and going on', async () => {
    const directory = scratch();
    const first = await runChild(child, [join(directory, 'root'), 'writers=4', 'commits=20', 'bytes=20000']);
    expect(first.lines.at(-1), first.stderr).toBe('closed');
    await sweep(directory, ['run=1', 'writers=4', 'commits=10', 'bytes=20000', 'versions=8'], first.lines);
  });
});
