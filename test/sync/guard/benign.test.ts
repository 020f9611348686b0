import { describe, expect, it } from 'vitest';
import { drawFrom, seedOf } from './sample.ts';
import { noCounts, playSession } from './sessions.ts';

const updates = 20_000 * Number(process.env['COTERIE_RUNS'] ?? 1);

describe('honest traffic', () => {
  it('GRD-1: is never refused, splits nothing, leaves nothing pending or dead, and ends in equal digests', () => {
    const seed = seedOf();
    console.info(`seed ${seed}`);
    const counts = noCounts();
    let sessions = 0;
    while (counts.judged < updates) {
      const own = seed + sessions++;
      try {
        playSession(drawFrom(own), counts, 150);
      } catch (error) {
        throw new Error(`COTERIE_SEED=${own}: ${error instanceof Error ? error.message : ''}`, {
          cause: error,
        });
      }
    }
    console.info(`${sessions} sessions: ${JSON.stringify(counts)}`);
    for (const [name, count] of Object.entries(counts)) expect(count, name).toBeGreaterThan(20);
  }, 120_000);
});
