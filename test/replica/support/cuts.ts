import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { cutPower, runTraced, SURVIVALS } from '../../support/powercut/run.ts';
import { randomFrom } from '../../support/storage.ts';
import { acknowledgements, auditReplica, readSaid } from './audit.ts';
import { child } from './kills.ts';

/**
 * Records a replica at work and cuts the power at `cuts` drawn moments of it, or at every `step`th change of a file;
 * audits what survives.
 */
export async function cutReplica(options: {
  shim: string;
  scratch: string;
  seed: number;
  args: readonly string[];
  cuts?: number;
  step?: number;
  survivals?: readonly (0 | 1 | 2 | 3)[];
  faultFile?: string;
}): Promise<{
  findings: string[];
  cuts: number;
  steps: number;
  acknowledged: number;
  lines: readonly string[];
}> {
  const { shim, scratch, seed, args, cuts, step = 1, survivals = [0, 2], faultFile } = options;
  const random = randomFrom(seed);
  const run = await runTraced(child, { shim, scratch, args, ...(faultFile ? { faultFile } : {}) });
  const findings: string[] = [];
  if (run.end.lines.at(-1) !== '{"kind":"closed"}') findings.push(`the run did not end: ${run.end.stderr}`);
  const all = readSaid(run.end.lines);
  // The real directory, which never lost power, must hold what was said as well.
  const kept = join(scratch, 'kept');
  cpSync(run.root, kept, { recursive: true });
  for (const finding of await auditReplica(kept, all)) findings.push(`at the end: ${finding}`);
  const steps = run.trace.length;
  const at =
    cuts === undefined
      ? Array.from({ length: Math.ceil(steps / step) }, (_, i) => Math.min(steps, 1 + i * step))
      : Array.from({ length: cuts }, () => 1 + random(steps)).sort((a, b) => a - b);
  let count = 0;
  const kinds = survivals.flatMap((n) => SURVIVALS[n] ?? []);
  await cutPower(run, { at, survivals: kinds, scratch: join(scratch, 'cuts'), random }, async (cut) => {
    count++;
    const said = readSaid(cut.lines);
    if (!existsSync(cut.directory) && acknowledgements(said) === 0) return;
    for (const finding of await auditReplica(cut.directory, said))
      findings.push(`step ${cut.at}, ${cut.survival.names}/${cut.survival.bytes}: ${finding}`);
  });
  return { findings, cuts: count, steps, acknowledged: acknowledgements(all), lines: run.end.lines };
}
