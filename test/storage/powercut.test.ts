import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { cutPower, runTraced, SURVIVALS } from '../support/powercut/run.ts';
import { buildShim } from '../support/powercut/shim.ts';
import { scratch } from '../support/scratch.ts';
import { randomFrom, runSeed } from '../support/storage.ts';
import { acknowledgedBy, auditStorage } from '../support/storage-audit.ts';

const child = fileURLToPath(new URL('../support/storage-child.mjs', import.meta.url));
const shim = buildShim();
if ('missing' in shim) console.warn(`power cuts are not tested: ${shim.missing}`);

describe.skipIf('missing' in shim)('power cut', () => {
  const path = 'path' in shim ? shim.path : '';

  it('loses nothing acknowledged at 40 drawn moments of commits and checkpoints', {
    timeout: 120_000,
  }, async () => {
    const seed = runSeed();
    const random = randomFrom(seed);
    const directory = scratch();
    // Rows of 20 kB fill the engine's log, so that logs and tables come and go.
    const args = ['writers=6', 'commits=14', 'bytes=20000', 'versions=4', 'documents=2'];
    const run = await runTraced(child, { shim: path, scratch: directory, args });
    expect(run.end.lines.at(-1), run.end.stderr).toBe('closed');
    const at = Array.from({ length: 40 }, () => 1 + random(run.trace.length)).sort((a, b) => a - b);
    const findings: string[] = [];
    let acknowledged = 0;
    await cutPower(
      run,
      { at, survivals: [SURVIVALS[0]!, SURVIVALS[2]!], scratch: join(directory, 'cuts'), random },
      async (cut) => {
        const said = acknowledgedBy(cut.lines);
        acknowledged += said.batches.size;
        for (const finding of await auditStorage(cut.directory, said)) {
          findings.push(
            `seed ${seed}, step ${cut.at}, ${cut.survival.names}/${cut.survival.bytes}: ${finding}`,
          );
        }
      },
    );
    expect(findings, `seed ${seed}`).toEqual([]);
    expect(acknowledged).toBeGreaterThan(0);
  });

  it('loses what was left to the operating system: the audit can fail', async () => {
    const directory = scratch();
    const args = ['durability=os', 'writers=2', 'commits=5', 'documents=0'];
    const run = await runTraced(child, { shim: path, scratch: directory, args });
    const closed = run.trace.length;
    const lost: string[] = [];
    const options = {
      at: [closed],
      survivals: SURVIVALS.slice(0, 1),
      scratch: join(directory, 'cuts'),
      random: randomFrom(1),
    };
    await cutPower(run, options, async (cut) => {
      lost.push(...(await auditStorage(cut.directory, acknowledgedBy(cut.lines))));
    });
    expect(lost.join('\n')).toMatch(/commits 1 to 10 are missing/);
  });
});
