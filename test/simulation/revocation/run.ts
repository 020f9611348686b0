import { CoterieError, type Hash } from '../../../schemas/index.ts';
import { generateSeed } from '../../../src/keys/node.ts';
import type { HeadRow } from '../../../src/replica/commit/rows.ts';
import { type Hand, hand } from '../../replica/sync/hand.ts';
import { verifyInPlace } from '../coordination/in-place.ts';
import { began, type Station } from '../station.ts';
import { createWorld, type World } from '../world.ts';
import { isCounted, misjudged, rowsAt } from './oracle.ts';

const names = ['ana', 'bo', 'cy', 'di'];
/** Speaks at two replicas. */
const shared = 'sam';

export interface Tally {
  narrowings: number;
  /** Operations that members wrote, and those of them that are beyond a frontier. */
  written: number;
  cut: number;
  refused: number;
  partitions: number;
  restarts: number;
}

interface Run {
  readonly world: World;
  readonly tally: Tally;
  /** A replica of the machine, which is nothing but a key and unbinds where no verb does. */
  readonly ann: Hand;
  /** Narrowings that were acknowledged, with all that counted of whom they concern where they were made. */
  readonly made: { readonly at: string; readonly operation: Hash; readonly kept: readonly Hash[] }[];
}

const pick = <T>(draw: (below: number) => number, from: readonly T[]): T | undefined =>
  from[draw(from.length)];

const expected: ReadonlySet<string> = new Set([
  'forbidden',
  'not_found',
  'invalid',
  'conflict',
  'not_admitted',
  'too_large',
]);

/** What is refused since its speaker was narrowed, as far as is known there, is no failure. */
async function tried<T>(run: Run, work: Promise<T>): Promise<T | undefined> {
  try {
    return await run.world.drive(work);
  } catch (error) {
    if (!(error instanceof CoterieError && expected.has(error.code))) throw error;
    run.tally.refused += 1;
    return undefined;
  }
}

async function write(run: Run, station: Station, handle: string): Promise<void> {
  const { draw } = run.world.network;
  const verbs = station.replica.as(handle);
  const kind = draw(4);
  if (kind === 0) await tried(run, verbs.tasks.create({ title: `of ${handle}` }));
  else if (kind === 1) await tried(run, verbs.memory.remember({ text: `${handle} ${draw(1e9)}` }));
  else await tried(run, verbs.messages.post('general', { text: `by ${handle}` }));
}

/** What counts here of a replica, or of a member, now: a narrowing that is made here now may lose none of it. */
async function keptAt(station: Station, about: { replica?: Hash; member?: Hash }): Promise<Hash[]> {
  const rows = await rowsAt(station);
  return [...rows].flatMap(([hash, row]) =>
    isCounted(row) &&
    (about.replica === undefined || row.header.replica === about.replica) &&
    (about.member === undefined || row.header.member === about.member)
      ? [hash]
      : [],
  );
}

async function newestOf(station: Station, type: string): Promise<Hash | undefined> {
  const rows = [...(await rowsAt(station))].filter(([, { header }]) => header.type === type);
  return rows.sort(([, a], [, b]) => (a.header.stamp < b.header.stamp ? 1 : -1))[0]?.[0];
}

/** Ana, who owns the workspace, or an admin takes something away, at whatever it knows. */
async function narrow(run: Run, station: Station, handle: string): Promise<void> {
  const { draw } = run.world.network;
  const verbs = station.replica.as(handle);
  const target = pick(draw, run.world.stations.slice(1));
  if (!target || target === station || !target.up) return;
  const kind = draw(3);
  if (kind === 0) {
    const kept = await keptAt(station, { replica: target.replica.id });
    if (await tried(run, verbs.replicas.revoke(target.replica.id)))
      await note(run, station, 'replica.revoke', kept);
  } else if (kind === 1) {
    const demoted = pick(draw, [target.as, shared]) ?? shared;
    const member = target.replica.as(demoted).member.id;
    const kept = await keptAt(station, { member });
    if (await tried(run, verbs.members.grant(member, { role: 'reader' })))
      await note(run, station, 'role.demote', kept);
  } else await unbind(run, station, target);
}

async function note(run: Run, station: Station, type: string, kept: readonly Hash[]): Promise<void> {
  const operation = await newestOf(station, type);
  if (operation === undefined) return;
  run.tally.narrowings += 1;
  run.made.push({ at: station.name, operation, kept });
}

/** By the owner, whom ann hosts too, with what is at this station as the frontier. */
async function unbind({ world, ann, made, tally }: Run, station: Station, target: Station): Promise<void> {
  const { drive } = world;
  const member = target.replica.as(shared).member.id;
  const replica = target.replica.id;
  const kept = await keptAt(station, { member, replica });
  const found = await drive(station.replica.members.get(shared).catch(() => undefined));
  if (!found?.replicas.includes(replica)) return;
  const heads = await station.rows<HeadRow>('v/head/');
  const logs = heads.flatMap(([key, { hash }]): [string, Hash[]][] => {
    const [, , log = '', of] = key.split('/');
    return of === replica ? [[log, [hash]]] : [];
  });
  const unbound = await ann.make({
    log: 'members',
    type: 'replica.unbind',
    subject: member,
    member: ann.member('ana'),
    after: [...found.base],
    data: { replica, frontier: { [replica]: Object.fromEntries(logs) } },
  });
  await drive(station.source.take('log/members/1', [[unbound.key, JSON.stringify(unbound.entry)]], -2));
  tally.narrowings += 1;
  made.push({ at: station.name, operation: unbound.hash, kept });
}

/** What a station holds is brought to another, whatever the two think of each other: somebody forwarded it. */
async function forward({ world: { drive } }: Run, from: Station, to: Station): Promise<void> {
  for (const [log] of await drive(from.source.logs()))
    for (const { n } of await drive(from.source.segments(log))) {
      const document = `log/${log}/${n}`;
      const [here, there] = [await from.source.digest(document), await to.source.digest(document)];
      if (here.digest === there.digest) continue;
      const update = await drive(from.source.diff(document, await drive(to.source.stateVector(document))));
      const taken = await drive(to.source.receive(document, update, -3));
      if (!taken.ok)
        throw new Error(`${document} of ${from.name} was refused at ${to.name}: ${taken.reason}`);
    }
}

async function everywhere(run: Run): Promise<void> {
  const { stations, network, drive } = run.world;
  network.heal();
  for (const station of stations) if (!station.up) await station.open();
  for (let round = 0; round < 8; round++) {
    for (const from of stations) for (const to of stations) if (from !== to) await forward(run, from, to);
    await network.run(200);
    const roots = new Set<string>();
    for (const { source } of stations) roots.add((await drive(source.root())).logs);
    if (roots.size === 1) return;
  }
  throw new Error('what is brought to everybody is not everywhere');
}

async function begin(run: Run): Promise<void> {
  const { world, ann } = run;
  const { stations, drive } = world;
  const [ana] = stations;
  if (!ana) return;
  await drive(ana.replica.messages.post('general', { text: 'ana is here' }));
  await everywhere(run);
  for (const station of stations.slice(1))
    await drive(station.replica.messages.post('general', { text: `${station.as} is here` }));
  for (const station of stations.slice(1, 3))
    await drive(
      station.replica.as(shared).messages.post('general', { text: `${shared} at ${station.name}` }),
    );
  await everywhere(run);
  await drive(ana.replica.members.grant('bo', { role: 'admin' }));
  await drive(ana.replica.members.grant('di', { role: 'admin' }));
  const admission = await ann.admission();
  const host = await ann.make({
    log: 'members',
    type: 'member.create',
    after: [admission.hash, ...(await drive(ana.replica.members.get('ana'))).base],
    data: { handle: 'ana', kind: 'agent', machine: ann.machine },
  });
  const entries = [admission, host].map(({ key, entry }): [Hash, string] => [key, JSON.stringify(entry)]);
  await drive(ana.source.take('log/members/1', entries, -2));
  await everywhere(run);
}

async function step(run: Run, at: number): Promise<void> {
  const { world, tally } = run;
  const { network, stations } = world;
  const { draw } = network;
  const station = pick(draw, stations);
  if (!station) return;
  const chance = draw(100);
  if (!station.up) await station.open();
  else if (chance < 6) {
    await station.stop(draw(2) === 0);
    tally.restarts += 1;
  } else if (chance < 24) {
    const cut = 1 + draw(names.length - 1);
    network.partition([names.slice(0, cut), names.slice(cut)]);
    tally.partitions += 1;
  } else if (chance < 32) network.heal();
  else if (chance < 40) {
    const to = pick(
      draw,
      stations.filter((one) => one.up && one !== station),
    );
    if (to) await forward(run, station, to);
  } else if (chance < 56 && at > 3) await narrow(run, station, draw(3) === 0 ? 'ana' : station.as);
  else await write(run, station, draw(3) === 0 ? shared : station.as);
  if (draw(3) === 0) await network.run(draw(1_500));
}

/** What must hold when everything is everywhere. */
async function judge(run: Run): Promise<void> {
  const { stations } = run.world;
  const wrong: string[] = [];
  const verdicts = new Set<string>();
  for (const station of stations) {
    const rows = await rowsAt(station);
    const { wrong: here, cut } = misjudged(station.name, rows);
    wrong.push(...here);
    run.tally.cut += cut;
    run.tally.written += rows.size;
    verdicts.add(JSON.stringify([...rows].map(([hash, row]) => [hash, isCounted(row)]).sort()));
    const narrowed = [...rows].filter(
      ([, row]) => isCounted(row) && row.header.data['frontier'] !== undefined,
    );
    for (const { at, operation, kept } of run.made) {
      if (!isCounted(rows.get(operation)))
        wrong.push(`${operation}, made at ${at}, does not count at ${station.name}`);
      // What counted where it was made is within it: only another narrowing may cut that.
      if (narrowed.length === 1)
        for (const hash of kept)
          if (!isCounted(rows.get(hash)))
            wrong.push(`${hash} counted at ${at} before, and is lost at ${station.name}`);
    }
  }
  if (verdicts.size > 1) wrong.push('stations that hold the same judge it differently');
  if (wrong.length > 0) throw new Error([...new Set(wrong)].slice(0, 8).join('\n'));
}

/** One run from a seed: members and replicas are narrowed apart from what they write, and everything ends everywhere. */
export async function race(seed: number, steps: number): Promise<Tally> {
  const threads = verifyInPlace();
  const world = await createWorld({
    seed,
    names,
    onDisk: 0,
    skewed: seed % 3 === 0,
    hostile: false,
    small: true,
  });
  const tally: Tally = { narrowings: 0, written: 0, cut: 0, refused: 0, partitions: 0, restarts: 0 };
  try {
    const ann = hand(
      world.root,
      generateSeed(world.network.random),
      () => began + world.network.now(),
      world.network.random,
    );
    const run: Run = { world, tally, ann, made: [] };
    await begin(run);
    for (let at = 0; at < steps; at++) await step(run, at);
    await everywhere(run);
    await judge(run);
    return tally;
  } catch (error) {
    throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
  } finally {
    await world.close();
    threads();
  }
}

/** Runs from so many seeds; returns what went wrong, and what happened in all of them. */
export async function raceAll(
  first: number,
  runs: number,
  steps: number,
): Promise<{ failed: string[]; sums: Tally }> {
  const sums: Tally = { narrowings: 0, written: 0, cut: 0, refused: 0, partitions: 0, restarts: 0 };
  const failed: string[] = [];
  for (let seed = first; seed < first + runs; seed++) {
    try {
      const tally = await race(seed, steps);
      for (const name of Object.keys(sums) as (keyof Tally)[]) sums[name] += tally[name];
    } catch (error) {
      failed.push((error as Error).message);
      console.info((error as Error).message);
    }
    if ((seed - first + 1) % 50 === 0) console.info(`${seed - first + 1} runs`, JSON.stringify(sums));
  }
  return { failed, sums };
}
