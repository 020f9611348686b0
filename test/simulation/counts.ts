import type { Station } from './station.ts';

/** What happened in a run, to be printed: a state that never comes about is not tested. */
export interface Counts {
  acknowledged: number;
  refusals: number;
  restarts: number;
  crashes: number;
  partitions: number;
  redactions: number;
  redactedApart: number;
  /** Segments after the first that a replica began. */
  rolled: number;
  /** Those of them that several replicas began apart. */
  rolledTwice: number;
  /** Directories that were copied, chains that fork since, and fresh keys that were taken for it. */
  copied: number;
  forked: number;
  rekeyed: number;
  /** Documents that are split on some replica at the end. */
  split: number;
  /** Documents to which something came by key. */
  repaired: number;
  /** Updates that had to wait in part, and parts that were taken after they had waited. */
  parked: number;
  released: number;
  closes: Record<string, number>;
  /** Lies that were signed by an admitted key, by kind. */
  lies: Record<string, number>;
}

export const noCounts = (): Counts => ({
  acknowledged: 0,
  refusals: 0,
  restarts: 0,
  crashes: 0,
  partitions: 0,
  redactions: 0,
  redactedApart: 0,
  rolled: 0,
  rolledTwice: 0,
  copied: 0,
  forked: 0,
  rekeyed: 0,
  split: 0,
  repaired: 0,
  parked: 0,
  released: 0,
  closes: {},
  lies: {},
});

/** Close codes by what they say, without the names in it. */
const reasonOf = (code: number, reason: string): string => `${code} ${reason.replace(/[a-z2-7]{26}/g, '…')}`;

function countEvents({ events }: Station, counts: Counts): void {
  const repaired = new Set<string>();
  for (const event of events) {
    if (event.type === 'parked') counts.parked++;
    else if (event.type === 'released') counts.released += event.parts;
    else if (event.type === 'repaired') repaired.add(event.document);
    else if (event.type === 'closed') {
      const why = reasonOf(event.code, event.reason);
      counts.closes[why] = (counts.closes[why] ?? 0) + 1;
    }
  }
  counts.repaired += repaired.size;
}

async function splitAt({ source }: Station): Promise<string[]> {
  const found: string[] = [];
  for (const [log] of await source.logs())
    for (const { n, split } of await source.segments(log)) if (split) found.push(`log/${log}/${n}`);
  return found;
}

/** Notes what came about in a run, when all is healed. */
export async function countStates(stations: readonly Station[], counts: Counts): Promise<void> {
  const rolls = new Map<string, number>();
  const split = new Set<string>();
  const forked = new Set<string>();
  for (const station of stations) {
    countEvents(station, counts);
    counts.rekeyed += station.rekeyed;
    for (const document of station.rolled) rolls.set(document, (rolls.get(document) ?? 0) + 1);
    for (const document of await splitAt(station)) split.add(document);
    const { findings } = await station.replica.doctor();
    for (const { what, state, message } of findings) {
      if (state === 'damaged' || state === 'repaired')
        throw new Error(`${station.name}: ${what} is ${state}: ${message}`);
      if (message.startsWith('it forks')) forked.add(`${what} ${message}`);
    }
  }
  counts.rolled += rolls.size;
  for (const times of rolls.values()) if (times > 1) counts.rolledTwice++;
  counts.split += split.size;
  counts.forked += forked.size;
}
