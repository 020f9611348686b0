import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cutPower, runTraced, SURVIVALS } from './powercut/run.ts';
import { randomFrom } from './storage.ts';
import { acknowledgedBy, auditStorage } from './storage-audit.ts';

const child = fileURLToPath(new URL('storage-fault-child.mjs', import.meta.url));

/** What a run with failing calls came to. */
export interface FaultRun {
  readonly lines: readonly string[];
  readonly stderr: string;
  readonly findings: readonly string[];
}

/**
 * Runs a store whose writes and syncs fail in rounds, audits what it ends with, and what `cuts` power cuts at drawn
 * moments of it leave.
 */
export async function runWithFaults(options: {
  shim: string;
  scratch: string;
  rounds: number;
  cuts: number;
  seed: number;
}): Promise<FaultRun> {
  const { shim, scratch, rounds, cuts, seed } = options;
  const random = randomFrom(seed);
  const faultFile = join(scratch, 'fault');
  const args = [faultFile, `rounds=${rounds}`];
  const run = await runTraced(child, { shim, scratch, args, faultFile });
  const findings = (await auditStorage(run.root, acknowledgedBy(run.end.lines))).map(
    (one) => `at the end: ${one}`,
  );
  const at = Array.from({ length: cuts }, () => 1 + random(run.trace.length)).sort((a, b) => a - b);
  await cutPower(run, { at, survivals: SURVIVALS, scratch: join(scratch, 'cuts'), random }, async (cut) => {
    for (const finding of await auditStorage(cut.directory, acknowledgedBy(cut.lines))) {
      findings.push(`step ${cut.at}, ${cut.survival.names}/${cut.survival.bytes}: ${finding}`);
    }
  });
  return { lines: run.end.lines, stderr: run.end.stderr, findings };
}
