import { startChild } from './support/child.ts';
import { type Asked, pairs, type Result, ratio, result } from './support/report.ts';
import { type Through, throughput } from './support/sealing.ts';
import { emptyPlace } from './support/workspace.ts';

const defaultSize = 20_000;
/** Text of one record: a message, and what gathered while another record was on its way. */
const sizes = [
  { what: 'records of one message', bytes: 400, part: 1 },
  { what: 'records of 16 KB', bytes: 16_000, part: 8 },
];

/** What sealing costs: records through a sealed relay from one to another, as replicas make and read them, and in clear. */
export async function seal(asked: Asked): Promise<Result[]> {
  const place = emptyPlace();
  const relay = await startChild<{ url: string; key: string }>('sealed-relay', { data: place.data });
  const all: Result[] = [];
  try {
    for (const { what, bytes, part } of sizes) {
      const count = Math.ceil((asked.size ?? defaultSize) / part);
      const run = (sealed: boolean, of = count): Promise<Through> =>
        throughput(relay.ready, { count: of, bytes, sealed });
      // What V8 compiles it compiles now.
      for (const sealed of [true, false]) await run(sealed, Math.ceil(count / 4));
      const { ours, theirs } = await pairs(
        asked.pairs,
        () => run(true),
        () => run(false),
      );
      const rates = (runs: readonly Through[]): number[] => runs.map(({ rate }) => rate);
      const ends = (runs: readonly Through[]): number[] => runs.map((run) => run.ends);
      all.push(
        result(`${what}, sealed`, '/s', rates(ours)),
        result('  in clear', '/s', rates(theirs)),
        ratio('  sealed to in clear', rates(ours), rates(theirs), { least: 0.8 }),
        result('  processor time of both ends, a record, sealed', 'µs', ends(ours)),
        result('  in clear', 'µs', ends(theirs)),
      );
    }
  } finally {
    await relay.end();
    place.remove();
  }
  return all;
}
