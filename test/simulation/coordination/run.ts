import type { Station } from '../station.ts';
import { createWorld } from '../world.ts';
import { act } from './acts.ts';
import { misheld, twoGrants } from './grants.ts';
import { copy, happen, heal, type Run, turnOf } from './happenings.ts';
import { verifyInPlace } from './in-place.ts';
import { derived, forgive, mislisted, misread } from './marks.ts';
import {
  callOf,
  comers,
  emptyModel,
  emptyTally,
  isNews,
  operationsAt,
  ownItem,
  pick,
  type Tally,
} from './model.ts';
import { shake } from './office.ts';
import { cycles, outdated, unequal } from './states.ts';
import { epochsTwice, heldTwice } from './timeline.ts';

const names = ['ana', 'bo', 'cy'];

/** Marks become operations within a minute. */
const minute = 61_000;

function refuse(wrong: readonly string[]): void {
  if (wrong.length > 0) throw new Error([...new Set(wrong)].slice(0, 12).join('\n'));
}

/** What must hold at any moment at any station. */
async function check(run: Run, station: Station, settled: boolean): Promise<void> {
  const { model, world } = run;
  const wrong = await cycles(station);
  for (const handle of model.ids.keys()) wrong.push(...(await misread(station, handle, model, settled)));
  wrong.push(...(await misheld(station)), ...(await mislisted(station, model)));
  wrong.push(...(await twoGrants(station)), ...(await epochsTwice(station)));
  // Where a clock is a day ahead, who goes by it may call a lease over that is not: CLM-11.
  if (world.stations.every(({ skew }) => skew === 0))
    wrong.push(...(await heldTwice(station, world.written)));
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
  refuse(await outdated(first));
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
    if (state?.state === 'rejected' && state.reason === 'frontier') tally.beyond++;
  }
  for (const { acknowledged } of model.readers.values())
    tally.closed += [...acknowledged].filter((one) => one.startsWith(ownItem(''))).length;
  tally.dropped += (await station.rows('v/dropped/')).length;
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
      if (at % 16 === 14) await shake(run, copies);
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
