import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeCodes } from '../../schemas/protocol.ts';
import { nodeCrypto } from '../../src/keys/node.ts';
import { segmentDigest } from '../../src/log/index.ts';
import { type Counts, countStates, noCounts } from './counts.ts';
import { misjudged } from './liar/liar.ts';
import type { Station } from './station.ts';
import { act, type Said } from './team.ts';
import { createWorld, type World } from './world.ts';

const names = ['ana', 'bo', 'cy', 'dee', 'eli'];

/** What was made of reservations; whether a deadline is over is for each clock to say, and left out. */
async function reserved({ replica }: Station): Promise<string> {
  const { items, next } = await replica.reservations.list({ state: 'all', limit: 1000 });
  if (next !== undefined) throw new Error('more reservations than are compared');
  return items
    .map(({ id, by, globs, until, ended, base }) => JSON.stringify({ id, by, globs, until, ended, base }))
    .join('\n');
}

/** Everything that an export holds, by file, and reservations. */
async function exported(station: Station): Promise<Map<string, string>> {
  const directory = mkdtempSync(join(tmpdir(), 'coterie-export-'));
  try {
    await station.replica.export({ directory });
    const files = new Map<string, string>();
    for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }))
      if (/\.(jsonl|md)$/.test(name)) files.set(name, readFileSync(join(directory, name), 'utf8'));
    return files.set('reservations', await reserved(station));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function roots(stations: readonly Station[]): Promise<Set<string>> {
  const found = new Set<string>();
  for (const { source } of stations) found.add((await source.root()).logs);
  return found;
}

/** Documents of a station, marks left out, by what stands in them; `stale` where its digest says something else. */
async function standing({ name, source }: Station): Promise<string[]> {
  const said: string[] = [];
  const logs = (await source.logs()).filter(([log]) => !log.startsWith('marks.'));
  for (const [log] of logs) {
    for (const { n, digest, split } of await source.segments(log)) {
      const document = `log/${log}/${n}`;
      const all = await source.keys(document);
      const stale = segmentDigest(nodeCrypto, all) === digest ? '' : ` stale at ${name}`;
      for (const [key, body] of all) said.push(`${document} ${key} ${body ? 'with' : 'without'} body`);
      if (split || stale) said.push(`${document}${split ? ' split' : ''}${stale}`);
    }
  }
  return said;
}

/** In what they differ. */
async function differing(stations: readonly Station[]): Promise<string> {
  const holders = new Map<string, string[]>();
  for (const station of stations)
    for (const what of await standing(station))
      holders.set(what, [...(holders.get(what) ?? []), station.name]);
  const apart = [...holders].filter(([, names]) => names.length < stations.length);
  return apart.map(([what, names]) => `${what}: ${names.join()}`).join('\n');
}

/** A document whose digest is said to be another than that of what stands in it. */
async function stale({ name, source }: Station): Promise<string | undefined> {
  for (const [log] of await source.logs())
    for (const { n } of await source.segments(log)) {
      const document = `log/${log}/${n}`;
      const before = (await source.digest(document)).digest;
      const held = segmentDigest(nodeCrypto, await source.keys(document));
      // Else something came in between.
      if (before !== held && (await source.digest(document)).digest === before)
        return `${document} has a stale digest at ${name}`;
    }
  return undefined;
}

async function refuseStale({ stations, drive }: World): Promise<void> {
  for (const station of stations) {
    const found = station.up ? await drive(stale(station)) : undefined;
    if (found !== undefined) throw new Error(found);
  }
}

/** Virtual time in which everything must have healed, ms. */
const patience = 600_000;

/** Heals everything and waits until all digests are equal. Throws with what differs. */
async function heal(world: World): Promise<void> {
  const { network, stations, drive } = world;
  network.heal();
  for (const station of stations) if (!station.up) await drive(station.open());
  const began = network.now();
  while ((await drive(roots(stations))).size > 1) {
    if (network.now() - began > patience)
      throw new Error(`not equal after ${patience} ms: ${await drive(differing(stations))}`);
    await network.run(1000);
  }
}

/** Nobody but who lies may be turned away. */
const faults: ReadonlySet<number> = new Set<number>([
  closeCodes.malformed,
  closeCodes.unproven,
  closeCodes.stranger,
  closeCodes.tooLarge,
  closeCodes.refused,
  closeCodes.busy,
  closeCodes.failed,
]);

/** Sessions of two that are honest, and that ended as only a liar's may. */
function quarrels({ stations }: World, isHonest: (name: string) => boolean): string[] {
  return stations
    .filter(({ name }) => isHonest(name))
    .flatMap(({ name, events }) =>
      events.flatMap((event) =>
        event.type === 'closed' && faults.has(event.code) && isHonest(event.peer)
          ? [`${name} and ${event.peer}: ${event.code} ${event.reason}`]
          : [],
      ),
    );
}

/** What became of lies is the same everywhere, and no honest session ended for them. */
function checkLies(world: World): void {
  const { liar, stations } = world;
  if (!liar) return;
  const wrong = stations.flatMap((station) => misjudged(station, liar));
  wrong.push(...quarrels(world, (name) => name !== names.at(-1)));
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
}

async function check(world: World, said: Said): Promise<void> {
  const [first, ...others] = world.stations;
  if (!first) return;
  const whole = await exported(first);
  for (const other of others) {
    const theirs = await exported(other);
    for (const name of new Set([...whole.keys(), ...theirs.keys()]))
      if (whole.get(name) !== theirs.get(name))
        throw new Error(
          `${name} differs between ${first.name} and ${other.name}:\n${difference(whole.get(name), theirs.get(name))}`,
        );
  }
  const text = [...whole.values()].join('\n');
  const ids = [...said.messages.keys(), ...said.tasks, ...said.memories, ...said.reservations];
  const lost = ids.filter((id) => !text.includes(id));
  if (lost.length > 0) throw new Error(`acknowledged and lost: ${lost.join(', ')}`);
  const held = [...(world.liar?.fates.values() ?? [])].filter(({ fate }) => fate === 'waiting').length;
  for (const { name, replica } of world.stations) {
    const { waiting } = (await replica.status()).counts;
    if (waiting !== held)
      throw new Error(`${waiting} operations wait at ${name}, and not ${held}, though all is here`);
    for (const id of said.removed)
      if ((await replica.messages.get(id)).text !== null) throw new Error(`${id} is back at ${name}`);
  }
}

function difference(one = '', other = ''): string {
  const [a, b] = [one.split('\n'), other.split('\n')];
  const at = a.findIndex((line, i) => line !== b[i]);
  return `line ${at}\n  ${a[at]?.slice(0, 600)}\n  ${b[at]?.slice(0, 600)}`;
}

interface Run {
  readonly world: World;
  readonly said: Said;
  readonly counts: Counts;
  apart: boolean;
}

/** Something happens to the network, to a replica, or a member does something. */
async function step(run: Run): Promise<void> {
  const { world, counts } = run;
  const { network, stations, drive } = world;
  const { draw } = network;
  const station = stations[draw(stations.length)];
  if (!station) return;
  const chance = draw(100);
  const all = stations.map(({ name }) => name);
  if (!station.up) await drive(station.open());
  else if (world.liar && draw(4) === 0) await drive(world.liar.tell(station, stations, run.said));
  else if (chance < 3) {
    const crash = station.disk === 'memory' && draw(2) === 0;
    await drive(station.stop(crash));
    if (crash) counts.crashes++;
    else counts.restarts++;
  } else if (chance < 6) {
    run.apart = true;
    counts.partitions++;
    const cut = 1 + draw(stations.length - 1);
    if (draw(3) === 0) network.block(all[draw(all.length)] ?? '', all[draw(all.length)] ?? '');
    else network.partition([all.slice(0, cut), all.slice(cut)]);
  } else if (chance < 9) {
    run.apart = false;
    network.heal();
  } else await drive(act(world, station, run.said, counts, run.apart));
  if (draw(2) === 0) await network.run(draw(2000));
}

/** A directory is copied, and both go on under one key. */
async function copyOne({ world, counts }: Run): Promise<void> {
  const { stations, network } = world;
  const station = stations[network.draw(3)];
  if (!station?.up) return;
  await world.copy(station);
  counts.copied++;
}

/** One run from a seed: a team works while everything happens to it, then all is healed and compared. */
export async function simulate(seed: number, options: { steps: number; onDisk: number }): Promise<Counts> {
  const world = await createWorld({
    seed,
    names,
    onDisk: options.onDisk,
    skewed: seed % 3 === 0,
    hostile: seed % 5 === 0,
  });
  // Some of those on memory, some of those on disk.
  const copied = seed % 5 === 2 || seed % 10 === 1;
  const said: Said = {
    messages: new Map(),
    tasks: new Set(),
    memories: new Set(),
    reservations: new Set(),
    removed: new Set(),
  };
  const run: Run = { world, said, counts: noCounts(), apart: false };
  try {
    await world.network.run(5000);
    for (let at = 0; at < options.steps; at++) {
      if (copied && at === Math.floor(options.steps / 3)) await copyOne(run);
      await step(run);
      if (at % 30 === 29) await refuseStale(world);
    }
    world.honest();
    await heal(world);
    await refuseStale(world);
    checkLies(world);
    await world.drive(check(world, said));
    await world.drive(countStates(world.stations, run.counts));
    run.counts.lies = { ...world.liar?.told };
    return run.counts;
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  } finally {
    await world.close();
  }
}
