import { CoterieError } from '../../../schemas/index.ts';
import type { Replica } from '../../../src/replica/surface.ts';
import type { Disk } from '../disk.ts';
import type { Station } from '../station.ts';
import { createWorld, type World } from '../world.ts';
import { act, tallied } from './acts.ts';
import { misheld, twoGrants } from './grants.ts';
import { verifyInPlace } from './in-place.ts';
import { derived, forgive, mislisted, misread } from './marks.ts';
import {
  callOf,
  comers,
  emptyModel,
  emptyTally,
  isNews,
  knownAt,
  type Model,
  operationsAt,
  ownItem,
  pick,
  restoredTo,
  type Tally,
  type Turn,
} from './model.ts';
import { cycles, outdated, unequal } from './states.ts';

const names = ['ana', 'bo', 'cy'];

interface Run {
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
/** Marks become operations within a minute. */
const minute = 61_000;

const up = ({ world }: Run): Station[] => world.stations.filter((station) => station.up);

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

function refuse(wrong: readonly string[]): void {
  if (wrong.length > 0) throw new Error([...new Set(wrong)].slice(0, 12).join('\n'));
}

/** What must hold at any moment at any station. */
async function check(run: Run, station: Station, settled: boolean): Promise<void> {
  const { model } = run;
  const wrong = await cycles(station);
  for (const handle of model.ids.keys()) wrong.push(...(await misread(station, handle, model, settled)));
  wrong.push(...(await misheld(station)), ...(await mislisted(station, model)));
  refuse(wrong);
}

/** What must hold when everything is everywhere. */
async function checkEnd(run: Run): Promise<void> {
  const { world, model, tally } = run;
  const [first] = world.stations;
  if (!first) return;
  refuse(await unequal(world.stations));
  for (const station of world.stations) {
    await check(run, station, true);
    for (const handle of model.ids.keys())
      if ((await derived(station, handle)) !== (await derived(first, handle)))
        throw new Error(
          `the inbox of ${handle} differs:\n${await derived(first, handle)}\n at ${first.name}, at ${station.name}:\n${await derived(station, handle)}`,
        );
  }
  for (const handle of model.ids.keys())
    tally.lost += (await derived(first, handle)).split('\n').filter((line) => line.startsWith('lost')).length;
  refuse([...(await outdated(first)), ...(await twoGrants(first))]);
  await count(first, run);
}

async function count(station: Station, { model, tally }: Run): Promise<void> {
  const members = [...model.ids].map(([handle, id]) => ({ handle, id }));
  for (const row of (await operationsAt(station)).values()) {
    const { header, state } = row;
    for (const one of members) if (isNews(row) && callOf(row, one) === 'awaited') tally.awaited++;
    if (header.data['to'] !== undefined && header.log.startsWith('direct.')) tally.direct++;
    if (header.type === 'claim.grant') tally.grants++;
    else if (header.type === 'lease.expire') tally.expired++;
    else if (header.type === 'arbiter.handover' || header.type === 'arbiter.move') tally.terms++;
    else if (Array.isArray(header.data['mentions'])) tally.mentions++;
    if (state) tally.rejected++;
  }
  for (const { acknowledged } of model.readers.values())
    tally.closed += [...acknowledged].filter((one) => one.startsWith(ownItem(''))).length;
  tally.dropped += (await station.rows('v/dropped/')).length;
}

function turnOf(run: Run, station: Station, handle: string): Turn {
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

/** A member speaks for the first time; what was there before is none of its business here. */
async function enter({ world, model }: Run, station: Station, handle: string): Promise<void> {
  const verbs = station.replica.as(handle);
  await world.drive(verbs.messages.post('general', { text: `${handle} is here` }));
  model.ids.set(handle, verbs.member.id);
  for (const one of world.stations) if (one.up) await forgive(one, handle, model);
}

/** A few things that all know: what they compete for. */
async function tasks({ world, model }: Run): Promise<void> {
  const [first] = world.stations;
  for (let n = 0; n < 3; n++) {
    const made = await world.drive(first?.replica.tasks.create({ title: `common ${n}` }) ?? Promise.reject());
    model.tasks.add(made.id);
  }
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

async function backUp({ backups, model }: Run, station: Station): Promise<void> {
  const { id } = station.replica;
  await station.stop(false);
  const disk = await station.backup();
  backups.set(station.name, { disk, id, made: model.made.length });
  await station.open();
}

/** The disk is lost, after everything that it held was elsewhere: what an arbiter alone knew nobody can honour. */
async function restore(run: Run, station: Station): Promise<void> {
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
async function copy({ world, model, tally }: Run, station: Station): Promise<void> {
  const { self } = await world.drive(station.replica.arbiter.get());
  if (self || model.copied.size > 0) return;
  model.copied.add(station.replica.id);
  await world.copy(station);
  for (const read of model.readers.values())
    read.at.set(`${station.name}-copy`, new Set(knownAt(read, station.name)));
  tally.copied++;
}

async function happen(run: Run, station: Station, chance: number, copies: boolean): Promise<void> {
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

async function step(run: Run, at: number, copies: boolean): Promise<void> {
  const { world, model } = run;
  const { network, drive } = world;
  const { draw } = network;
  const station = pick(draw, world.stations);
  if (!station) return;
  const chance = draw(100);
  if (!station.up) await station.open();
  else if (chance < 22) await happen(run, station, chance, copies);
  else {
    const comer = at > 6 && draw(6) === 0 ? comers.find((one) => !model.ids.has(one)) : undefined;
    // Most speak at their own replica; some woke up on another machine, and those that came later have no other.
    const come = comers.filter((one) => model.ids.has(one));
    const others = draw(3) > 0 && come.length > 0 ? come : model.ids.keys();
    const handle = draw(4) > 0 ? station.as : (pick(draw, others) ?? station.as);
    const replicas = world.stations.flatMap((one) => (one.up ? [one.replica.id] : []));
    if (comer && (await station.rows<boolean>('meta/restored')).every(([, restored]) => !restored))
      await enter(run, station, comer);
    else await drive(act(turnOf(run, station, handle), replicas));
  }
  if (draw(3) === 0) await network.run(draw(3000));
  if (station.up && draw(4) === 0) await drive(check(run, station, false));
}

/** One run from a seed: a team coordinates while everything happens to it, then all is healed and looked at. */
export async function coordinate(seed: number, steps: number): Promise<Tally> {
  const threads = verifyInPlace();
  const world = await createWorld({
    seed,
    names,
    onDisk: 0,
    skewed: seed % 3 === 0,
    hostile: false,
    small: true,
  });
  const run: Run = {
    ...{
      world,
      model: emptyModel(),
      tally: emptyTally(),
      works: [],
      backups: new Map(),
      failures: [],
      crashed: new Set(),
    },
  };
  try {
    for (const station of world.stations) await enter(run, station, station.as);
    await heal(world);
    await tasks(run);
    for (const station of world.stations)
      for (const handle of names) await forgive(station, handle, run.model);
    const copies = seed % 4 === 1;
    for (let at = 0; at < steps; at++) {
      const station = world.stations[1 + world.network.draw(2)];
      if (copies && at === 12 && station?.up) await copy(run, station);
      await step(run, at, copies);
    }
    await heal(world);
    // Requests are answered or withdrawn, and marks are written.
    await world.network.run(minute);
    const open = new Set(world.stations.map(({ replica }) => replica));
    await world.drive(Promise.all(run.works.flatMap(({ at, done }) => (open.has(at) ? [done] : []))));
    await heal(world);
    await world.network.run(minute);
    await heal(world);
    if (run.failures.length > 0) throw run.failures[0];
    await world.drive(checkEnd(run));
    return run.tally;
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`seed ${seed}: ${message}`, { cause: error });
  } finally {
    await world.close();
    threads();
  }
}
