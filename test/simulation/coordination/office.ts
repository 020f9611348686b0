import type { Station } from '../station.ts';
import { tallied } from './acts.ts';
import { backUp, type Run, restore, turnOf, up } from './happenings.ts';
import { pick } from './model.ts';

interface Office {
  readonly arbiter: Station;
  /** Another that may be the arbiter next. */
  readonly heir: Station;
}

async function office(run: Run): Promise<Office | undefined> {
  const { world, model } = run;
  const stations = up(run);
  for (const arbiter of stations) {
    if (!(await world.drive(arbiter.replica.arbiter.get())).self) continue;
    const others = stations.filter(({ as, replica }) => as !== arbiter.as && !model.copied.has(replica.id));
    const heir = pick(world.network.draw, others);
    return heir && { arbiter, heir };
  }
  return undefined;
}

/** A task of their own, which both know. */
async function wanted({ world, model }: Run, { arbiter }: Office): Promise<string> {
  const { id } = await world.drive(arbiter.replica.tasks.create({ title: 'all want it' }));
  model.tasks.add(id);
  await world.network.run(1500);
  return id;
}

/** Asks at a station, and goes on: it is answered or withdrawn later. */
function ask(run: Run, station: Station, task: string, ttl: number): void {
  const turn = turnOf(run, station, station.as);
  turn.background(turn.verbs.tasks.claim(task, { need: 'granted', ttl, timeout: 60_000 }));
}

/** Ana decides who is the arbiter, wherever she is. */
async function move({ world, tally }: Run, at: Station, to: Station, force: boolean): Promise<void> {
  const moving = at.replica.as('ana').arbiter.move({ to: to.replica.id, ...(force ? { force } : {}) });
  await world
    .drive(moving.then(() => void (force && tally.moves++)))
    .catch((error) => tallied({ tally }, error));
}

/** The arbiter is cut off and goes on granting while another takes the office: what it gave out arrives late, and is void. */
async function usurp(run: Run, { arbiter, heir }: Office): Promise<void> {
  const { stations, network } = run.world;
  const task = await wanted(run, { arbiter, heir });
  const others = stations.flatMap(({ name }) => (name === arbiter.name ? [] : [name]));
  network.partition([[arbiter.name], others]);
  ask(run, arbiter, task, 30_000 + network.draw(60_000));
  await network.run(500 + network.draw(1000));
  await move(run, heir, heir, true);
  ask(run, heir, task, 10_000 + network.draw(60_000));
  await network.run(1000 + network.draw(3000));
  if (network.draw(2) === 0) network.heal();
}

/** The office goes on by signed hand-over at the very time of grants, which the next arbiter may not have yet. */
async function handOn(run: Run, { arbiter, heir }: Office): Promise<void> {
  const { network } = run.world;
  const task = await wanted(run, { arbiter, heir });
  if (network.draw(2) === 0) network.partition([[arbiter.name], [heir.name]]);
  ask(run, heir, task, 5000 + network.draw(20_000));
  ask(run, arbiter, task, 5000 + network.draw(20_000));
  await network.run(network.draw(300));
  await move(run, arbiter, heir, false);
  ask(run, arbiter, task, 5000);
  await network.run(network.draw(2000));
  network.heal();
  await network.run(network.draw(8000));
}

/** The arbiter loses its disk after it gave out more than its backup knows, and grants on. */
async function setBack(run: Run, { arbiter, heir }: Office): Promise<void> {
  const { network } = run.world;
  const task = await wanted(run, { arbiter, heir });
  await backUp(run, arbiter);
  ask(run, arbiter, task, 3000 + network.draw(20_000));
  await network.run(500 + network.draw(1000));
  await restore(run, arbiter);
  ask(run, heir, task, 5000);
  await network.run(1000 + network.draw(8000));
  ask(run, arbiter, task, 5000);
}

/** Something befalls the arbiter while it grants. A replica whose directory was copied is not restored from a backup. */
export async function shake(run: Run, copies: boolean): Promise<void> {
  const found = await office(run);
  if (!found) return;
  // Who was restored says nothing before it has met a peer.
  for (const { rows } of [found.arbiter, found.heir])
    if ((await rows<boolean>('meta/restored')).some(([, restored]) => restored)) return;
  const scenes = copies ? [usurp, handOn] : [usurp, handOn, setBack];
  await scenes[run.world.network.draw(scenes.length)]?.(run, found);
}
