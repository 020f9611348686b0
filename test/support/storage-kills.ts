import { fileURLToPath } from 'node:url';
import { runChild } from './kill.ts';
import { acknowledgedBy, auditStorage } from './storage-audit.ts';

const child = fileURLToPath(new URL('storage-child.mjs', import.meta.url));

/** What a series of kills came to. */
export interface Kills {
  /** Batches and document states acknowledged over all runs. */
  readonly acknowledged: number;
  /** Runs that were still going when they were killed. */
  readonly killed: number;
  readonly findings: readonly string[];
}

/**
 * Runs writers on one directory again and again, kills each run at a drawn moment, and audits everything that any
 * of them acknowledged after each kill.
 */
export async function killAgainAndAgain(
  directory: string,
  kills: number,
  random: (below: number) => number,
): Promise<Kills> {
  const lines: string[] = [];
  const findings: string[] = [];
  let killed = 0;
  for (let run = 0; run < kills; run += 1) {
    const args = [
      directory,
      `run=${run}`,
      'writers=16',
      'commits=100000',
      'bytes=300',
      'documents=2',
      'versions=100000',
    ];
    // Every third dies by the clock, opening included; the others once they got somewhere.
    const end = await runChild(
      child,
      args,
      run % 3 === 2 ? { killAfterMs: 100 + random(500) } : { killAfterLines: 2 + random(400) },
    );
    if (end.signal === 'SIGKILL') killed += 1;
    else findings.push(`run ${run} ended by itself: ${end.stderr}`);
    lines.push(...end.lines);
    for (const finding of await auditStorage(directory, acknowledgedBy(lines)))
      findings.push(`kill ${run}: ${finding}`);
  }
  const acknowledged = lines.filter((line) => /^(?:commit|document) /.test(line)).length;
  return { acknowledged, killed, findings };
}
