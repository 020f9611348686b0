import { emptyTally } from './model.ts';
import { coordinate } from './run.ts';

/** Runs from so many seeds; returns what went wrong. A seed alone is run again with COTERIE_SEED and COTERIE_RUNS=1. */
export async function coordinateAll(first: number, runs: number, steps: number): Promise<string[]> {
  const sums: Record<string, number> = {};
  const refused: Record<string, number> = {};
  const failed: string[] = [];
  const add = (to: Record<string, number>, name: string, more: number): void => {
    to[name] = (to[name] ?? 0) + more;
  };
  for (let seed = first; seed < first + runs; seed++) {
    const tally = await coordinate(seed, steps).catch((error: Error) => {
      failed.push(error.message);
      console.info(process.env['COTERIE_STACK'] ? error : error.message);
      return emptyTally();
    });
    for (const [name, value] of Object.entries(tally)) if (typeof value === 'number') add(sums, name, value);
    for (const [code, times] of Object.entries(tally.refused)) add(refused, code, times);
    if (process.env['COTERIE_BAIL'] && failed.length > 0) break;
    if ((seed - first + 1) % 20 === 0)
      console.info(`${seed - first + 1} runs`, JSON.stringify({ ...sums, refused }));
  }
  return failed;
}
