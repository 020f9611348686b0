import { CoterieError } from '../../../schemas/index.ts';
import type { Replica } from '../../../src/replica/surface.ts';
import type { Disk } from '../disk.ts';
import type { Station } from '../station.ts';
import type { World } from '../world.ts';
import { tallied } from './acts.ts';
import { knownAt, type Model, pick, restoredTo, type Tally, type Turn } from './model.ts';

/** One run, as far as it has come. */
export interface Run {
  readonly world: World;
  readonly model: Model;
  readonly tally: Tally;
  /** What goes on by itself, and on which opening: what a crash cut off never ends. */
  readonly works: { readonly at: Replica; readonly done: Promise<unknown> }[];
  /** A directory as it was, and how much was acknowledged anywhere until then. */
  readonly backups: Map<string, { readonly disk: Disk; readonly made: number; readonly id: string }>;
  readonly failures: unknown[];
  /** Openings that ended in a crash: what they are told no more is nobody's. */
  readonly crashed: Set<Replica>;
}

/** Virtual time in which everything must have healed, ms. */
const patience = 600_000;
export const up = ({ world }: Run): Station[] => world.stations.filter((station) => station.up);

async function inStep(world: World): Promise<boolean> {
  const roots = new Set<string>();
  for (const { source } of world.stations) roots.add(JSON.stringify(await source.root()));
  return roots.size === 1;
}

/** Heals everything, and waits until everything is everywhere. */
export async function heal(world: World): Promise<void> {
  const { network, stations, drive } = world;
  network.heal();
  for (const station of stations) if (!station.up) await station.open();
  const began = network.now();
  while (!(await drive(inStep(world)))) {
    if (network.now() - began > patience) throw new Error(`not in step after ${patience} ms`);
    await network.run(500);
  }
}

/** A step of a member at a station. */
export function turnOf(run: Run, station: Station, handle: string): Turn {
  const { world, model, tally, works, failures, crashed } = run;
  return {
    ...{ station, handle, model, tally },
    verbs: station.replica.as(handle),
    draw: world.network.draw,
    background(work) {
      const at = station.replica;
      // A crash may also cut off a write that is reading: its store answers nobody any more.
      const isCut = (error: unknown): boolean =>
        crashed.has(at) && error instanceof CoterieError && error.code === 'storage_failed';
      const done = work
        .catch((error: unknown) => isCut(error) || tallied({ tally }, error))
        .catch((error) => void failures.push(error));
      works.push({ at, done });
    },
  };
}

/** Some of a log comes by key, without the rest: holes, and arrivals long after what follows them. */
async function byKey({ world, tally }: Run, from: Station, to: Station): Promise<void> {
  const { drive, network } = world;
  for (const [log] of await drive(from.source.logs())) {
    if (log === 'members' || network.draw(2) === 0) continue;
    const document = `log/${log}/1`;
    const some = (await drive(from.source.keys(document)))
      .map(([key]) => key)
      .filter(() => network.draw(3) === 0);
    if (some.length === 0) continue;
    const entries = await drive(from.source.entries(document, some));
    await drive(to.source.take(document, entries, -1));
    tally.byKey++;
  }
}

async function crash({ crashed }: Run, station: Station): Promise<void> {
  crashed.add(station.replica);
  await station.stop(true);
}

/** A directory as it is now is kept. */
export async function backUp({ backups, model }: Run, station: Station): Promise<void> {
  const { id } = station.replica;
  await station.stop(false);
  const disk = await station.backup();
  backups.set(station.name, { disk, id, made: model.made.length });
  await station.open();
}

/** The disk is lost, after everything that it held was elsewhere: what an arbiter alone knew nobody can honour. */
export async function restore(run: Run, station: Station): Promise<void> {
  const { world, backups, model, tally } = run;
  const backup = backups.get(station.name);
  if (!backup || backup.id !== station.replica.id) return;
  await heal(world);
  restoredTo(model, station.name, backup.made);
  await crash(run, station);
  await station.restore(backup.disk);
  await station.open();
  tally.restored++;
}

/** What two replicas of one key gave out before they met, neither knows of the other: neither is the arbiter. */
export async function copy({ world, model, tally }: Run, station: Station): Promise<void> {
  const { self } = await world.drive(station.replica.arbiter.get());
  if (self || model.copied.size > 0) return;
  model.copied.add(station.replica.id);
  await world.copy(station);
  for (const read of model.readers.values())
    read.at.set(`${station.name}-copy`, new Set(knownAt(read, station.name)));
  tally.copied++;
}

/** What befalls a station: it stops, is cut off, saved, or lost. */
export async function happen(run: Run, station: Station, chance: number, copies: boolean): Promise<void> {
  const { world, tally } = run;
  const { network } = world;
  const others = up(run).filter((one) => one !== station);
  if (chance < 3) {
    if (network.draw(2) === 0) await crash(run, station);
    else await station.stop(false);
    tally.restarts++;
  } else if (chance < 9) {
    const all = world.stations.map(({ name }) => name);
    const cut = 1 + network.draw(all.length - 1);
    network.partition([all.slice(0, cut), all.slice(cut)]);
    tally.partitions++;
  } else if (chance < 13) network.heal();
  else if (chance < 17) {
    const to = pick(network.draw, others);
    if (to) await byKey(run, station, to);
  } else if (chance < 19) {
    if (!copies) await backUp(run, station);
  } else if (chance < 22 && !copies) await restore(run, station);
}
