import type { Hash } from '../../../schemas/index.ts';
import { began, type Station } from '../station.ts';
import { endsIn, type Grant, grantsIn, isOver, type Operations, renewalsOf } from './grants.ts';
import { operationsAt } from './model.ts';
import { pastOf } from './states.ts';

/** From when to when somebody held a task by a grant that counts, in virtual time, whoever knew of it. */
interface Held {
  readonly grant: Grant;
  readonly from: number;
  readonly to: number;
}

/** True for what ends a grant without naming it, by having seen it or what it answers. */
function endsUnnamed(operations: Operations, hash: Hash, { task, request, by, ...grant }: Grant): boolean {
  const row = operations.get(hash);
  if (row?.header.subject !== task || row.state !== undefined || hash === grant.hash) return false;
  const { header } = row;
  const asked =
    header.type === 'claim.grant' ? operations.get(header.data['request'] as Hash)?.header : header;
  const isByAdmin = header.type === 'claim.grant' && asked?.data['force'] === true;
  const again = ['claim.grant', 'claim.request'].includes(header.type) && asked?.member === by;
  const needs = header.type === 'claim.request' && header.data['need'] === 'granted';
  if (!isOver(row) && !isByAdmin && (!again || needs)) return false;
  const past = pastOf(operations, hash);
  return past.has(grant.hash) || past.has(request);
}

function heldBy(operations: Operations, written: ReadonlyMap<string, number>, grant: Grant): Held {
  const timeOf = (hash: Hash): number => {
    const time = written.get(operations.get(hash)?.sig ?? '');
    if (time === undefined) throw new Error(`nobody saw when ${hash} was written`);
    return time;
  };
  const until = Math.max(grant.until, ...renewalsOf(operations, grant)) - began;
  const ends = [
    ...endsIn(operations, grant),
    ...[...operations.keys()].filter((hash) => endsUnnamed(operations, hash, grant)),
  ];
  const to = Math.min(until, ...ends.map(timeOf));
  return { grant, from: timeOf(grant.hash), to };
}

/**
 * Grants of one task to two members that count, of which both were in force at one virtual time: where all clocks are
 * right there is no such time, whoever is the arbiter and however it came to be.
 */
export async function heldTwice(station: Station, written: ReadonlyMap<string, number>): Promise<string[]> {
  const operations = await operationsAt(station);
  const all = grantsIn(operations).map((grant) => heldBy(operations, written, grant));
  const wrong: string[] = [];
  for (const one of all)
    for (const other of all) {
      if (one.grant.task !== other.grant.task || one.grant.by === other.grant.by) continue;
      if (one.from > other.from || (one.from === other.from && one.grant.hash >= other.grant.hash)) continue;
      if (other.from < one.to && other.to > other.from)
        wrong.push(
          `two grants in force of ${one.grant.task} at ${other.from}: ${one.grant.hash} of term ${one.grant.epoch.term} until ${one.to}, and ${other.grant.hash} of term ${other.grant.epoch.term}`,
        );
    }
  return wrong;
}

/** An epoch stands for one grant: a restored arbiter that counted on from its backup would give it twice. */
export async function epochsTwice(station: Station): Promise<string[]> {
  const known = new Map<string, Hash>();
  const wrong: string[] = [];
  for (const { epoch, hash } of grantsIn(await operationsAt(station))) {
    const name = `${epoch.term} ${epoch.move} ${epoch.counter}`;
    const other = known.get(name);
    if (other !== undefined) wrong.push(`two grants of one epoch at ${station.name}: ${other} and ${hash}`);
    known.set(name, hash);
  }
  return wrong;
}
