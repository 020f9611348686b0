import type { Hash, Sighting } from '../../../../schemas/index.ts';
import type { Causality } from '../../../fold/order.ts';
import type { SeenRow } from '../../commit/rows.ts';
import { type Reading, stampIso, time } from '../context.ts';
import type { Stored } from './until.ts';

/** Tells which other replicas were seen to have an operation of a thing, and by what. */
export async function sightings(
  reading: Reading,
  graph: Causality<Stored>,
): Promise<(hash: Hash) => Sighting[]> {
  const compared = (await reading.database.under<SeenRow>('seen/')).map(
    ([key, row]) => [key.slice('seen/'.length), row] as const,
  );
  // What a signature does not hold for is nobody's word.
  const said = graph.ops.flatMap(({ header, row }, index) =>
    row.flaw || row.unchecked || header.replica === reading.replica ? [] : [{ header, index }],
  );
  return (hash) => {
    const index = graph.indexOf.get(hash) ?? -1;
    const op = graph.ops[index];
    const seen = new Map<Hash, Sighting>();
    const add = (replica: Hash, because: Sighting['because'], at: string): void => {
      if (!seen.has(replica)) seen.set(replica, { replica, because, at });
    };
    for (const { header, index: other } of said) {
      if (other < index || seen.has(header.replica)) continue;
      if (other === index) add(header.replica, 'wrote', stampIso(header.stamp));
      else if (graph.sees(other, index)) add(header.replica, 'named', stampIso(header.stamp));
    }
    const arrival = op?.row.arrival;
    if (arrival !== undefined)
      for (const [replica, row] of compared)
        if (row.arrival >= arrival) add(replica, 'digests', time(row.at));
    return [...seen.values()];
  };
}
