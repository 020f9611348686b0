import { expect, it, onTestFinished } from 'vitest';
import type { Hash } from '../../../schemas/index.ts';
import { CoterieError } from '../../../schemas/index.ts';
import type { Replica } from '../../../src/replica/surface.ts';
import { runSeed } from '../../support/storage.ts';
import type { Station } from '../station.ts';
import { createWorld, type World } from '../world.ts';
import { misheld, twoGrants } from './grants.ts';
import { heal } from './happenings.ts';
import { verifyInPlace } from './in-place.ts';
import { operationsAt } from './model.ts';
import { inboxOf } from './reading.ts';
import { unequal } from './states.ts';

const names = ['ana', 'bo', 'cy', 'dee'];
const agentsEach = 5;

/** Four replicas with five agents each, who all know each other. */
async function team(): Promise<World> {
  const threads = verifyInPlace();
  const world = await createWorld({
    ...{ seed: runSeed(), names, onDisk: 0, skewed: false, hostile: false },
  });
  onTestFinished(async () => {
    await world.close();
    threads();
  });
  for (const { replica, name } of world.stations)
    for (const agent of [name, ...agentsOf(name)])
      await world.drive(replica.as(agent).messages.post('general', { text: 'here' }));
  await heal(world);
  return world;
}

const agentsOf = (name: string): string[] => Array.from({ length: agentsEach }, (_, n) => `${name}-${n}`);

async function tasks({ stations, drive }: World, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++)
    ids.push((await drive(stations[0]!.replica.tasks.create({ title: `T${n}` }))).id);
  return ids;
}

/** The tasks of which a member is told that it lost its claim. */
const lostOf = async (station: Station, handle: string): Promise<Set<string>> =>
  new Set(
    (await inboxOf(station.replica.as(handle))).flatMap(({ kind, subject }) =>
      kind === 'lost' ? [subject] : [],
    ),
  );

it('CLM-9, CLM-17: 20 agents on 4 replicas that are apart claim tentatively: healed, all name one holder, and every loser is told', async () => {
  const world = await team();
  const { network, stations, drive } = world;
  const ids = await tasks(world, 12);
  await heal(world);
  network.partition(names.map((name) => [name]));
  const claimed = new Map<string, [station: Station, agent: string][]>();
  for (const station of stations)
    for (const [n, id] of ids.entries()) {
      const agent = agentsOf(station.name)[n % agentsEach] ?? '';
      await drive(station.replica.as(agent).tasks.claim(id));
      claimed.set(id, [...(claimed.get(id) ?? []), [station, agent]]);
    }
  await heal(world);
  expect(await unequal(stations)).toEqual([]);
  for (const [id, all] of claimed) {
    const holders = new Set<string | undefined>();
    for (const { replica } of stations) holders.add((await replica.tasks.get(id)).claim?.by.handle);
    expect(holders.size).toBe(1);
    for (const [station, agent] of all)
      for (const at of [station, stations[0]!])
        expect((await lostOf(at, agent)).has(id), `${agent} at ${at.name}`).toBe(!holders.has(agent));
  }
}, 120_000);

/** Everyone asks for every task; what comes of it is heard later. */
function askAll({ stations }: World, ids: readonly string[], works: [Replica, Promise<unknown>][]): void {
  for (const { replica, name } of stations.filter(({ up }) => up))
    for (const agent of agentsOf(name))
      for (const id of ids) {
        const asked = replica.as(agent).tasks.claim(id, { need: 'granted', timeout: 60_000, ttl: 8000 });
        works.push([
          replica,
          asked.catch((error: unknown) => {
            const codes = ['held', 'not_certain', 'closed', 'restored', 'illegal_move'];
            if (!(error instanceof CoterieError) || !codes.includes(error.code)) throw error;
          }),
        ]);
      }
}

it('CLM-14, CLM-15, CLM-10: the arbiter is killed, handed over, moved by force and restored meanwhile: never two grants in force', async () => {
  const world = await team();
  const { network, stations, drive } = world;
  const [ana, bo, cy, dee] = stations as [Station, Station, Station, Station];
  const ids = await tasks(world, 3);
  await heal(world);
  const works: [Replica, Promise<unknown>][] = [];
  const pass = async (ms: number): Promise<void> => {
    askAll(world, ids, works);
    await network.run(ms);
  };
  await pass(3000);
  await ana.stop(true);
  await pass(2000);
  await ana.open();
  await pass(6000);
  await drive(ana.replica.arbiter.move({ to: bo.replica.id }));
  await pass(6000);

  // Apart with some, the old arbiter goes on granting.
  network.partition([
    ['bo', 'ana'],
    ['cy', 'dee'],
  ]);
  await pass(9000);
  await drive(dee.replica.as('ana').arbiter.move({ to: cy.replica.id, force: true }));
  await pass(9000);
  await heal(world);
  await pass(3000);

  await cy.stop(false);
  const backup = await cy.backup();
  await cy.open();
  await pass(9000);
  await heal(world);
  await cy.stop(true);
  await cy.restore(backup);
  await cy.open();
  await pass(9000);
  await heal(world);
  await network.run(61_000);
  const open = new Set(stations.map(({ replica }) => replica));
  await drive(Promise.all(works.flatMap(([at, work]) => (open.has(at) ? [work] : []))));
  await heal(world);

  expect(await unequal(stations)).toEqual([]);
  expect([...(await twoGrants(ana)), ...(await misheld(ana))]).toEqual([]);
  const operations = await operationsAt(ana);
  const cut: [task: Hash, request: Hash][] = [];
  const terms = new Set<unknown>();
  for (const { header, state } of operations.values()) {
    if (header.type !== 'claim.grant') continue;
    terms.add((header.data['epoch'] as { term: number }).term);
    if (state?.state === 'rejected' && state.reason === 'frontier')
      cut.push([header.subject, header.data['request'] as Hash]);
  }
  console.info(`grants of terms ${[...terms].join()}, ${cut.length} cut`);
  expect(terms.size).toBe(3);
  expect(cut.length).toBeGreaterThan(0);
  const over = new Set(
    [...operations.values()].flatMap(({ header, state }) =>
      state === undefined && /^claim\.(withdraw|release)$/.test(header.type)
        ? [header.data['request'] ?? header.data['claim']]
        : [],
    ),
  );
  for (const [task, request] of cut) {
    const by = operations.get(request)?.header.member ?? '';
    const handle = (await ana.replica.members.get(by)).handle;
    if (!over.has(request)) expect((await lostOf(ana, handle)).has(task), handle).toBe(true);
  }
}, 240_000);
