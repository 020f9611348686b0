import { fileURLToPath } from 'node:url';
import { runChild } from '../../support/kill.ts';
import { acknowledgements, auditReplica, readSaid } from './audit.ts';

export const child = fileURLToPath(new URL('replica-child.mjs', import.meta.url));

/** Kills writers on one directory again and again, and audits everything that any of them acknowledged. */
export async function killReplicas(
  root: string,
  kills: number,
  random: (below: number) => number,
): Promise<{ acknowledged: number; killed: number; findings: readonly string[] }> {
  const lines: string[] = [];
  const findings: string[] = [];
  let killed = 0;
  for (let run = 0; run < kills; run++) {
    const args = [root, `run=${run}`, 'writers=12', 'rounds=100000', 'compact=1000'];
    // Every third dies by the clock, the opening included; the others once they got somewhere.
    const end = await runChild(
      child,
      args,
      run % 3 === 0 ? { killAfterMs: 250 + random(500) } : { killAfterLines: 5 + random(300) },
    );
    if (end.signal === 'SIGKILL') killed++;
    else findings.push(`run ${run} ended by itself: ${end.stderr}`);
    lines.push(...end.lines);
    for (const finding of await auditReplica(root, readSaid(lines))) findings.push(`kill ${run}: ${finding}`);
  }
  return { acknowledged: acknowledgements(readSaid(lines)), killed, findings };
}
