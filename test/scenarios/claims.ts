import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { openReplica, type Replica } from '../../relay/embed/index.ts';
import { openLog } from '../../relay/node/log.ts';
import { CoterieError, type Task } from '../../schemas/index.ts';
import { numbers, shuffled } from '../fold/random.ts';
import { scratch } from '../support/scratch.ts';

const nodes = 4;
const agentsEach = 5;
const tasks = 50;

/** Replicas of one machine that find each other and sync over sockets. */
async function team(): Promise<Replica[]> {
  const root = scratch();
  const all: Replica[] = [];
  for (let n = 0; n < nodes; n++) {
    const replica = await openReplica({
      directory: join(root, `node${n}`),
      config: join(root, 'config'),
      as: `lead${n}`,
      durability: 'os',
      sync: { state: join(root, 'state'), log: openLog('silent') },
    });
    onTestFinished(() => replica.close());
    await replica.messages.post('general', { text: 'here' });
    all.push(replica);
  }
  return all;
}

/** Resolves when every replica has so many counted operations of a type. */
async function heard(all: readonly Replica[], type: string, count: number): Promise<void> {
  await Promise.all(
    all.map(async (replica) => {
      let seen = 0;
      for await (const _ of replica.events({ since: '0', types: type })) if (++seen === count) return;
    }),
  );
}

/** All claim all of 50 fresh tasks at once, while the office goes on to the next replica. */
async function claimAll(all: readonly Replica[], round: number, draw: () => number): Promise<void> {
  const [arbiter, next] = [all[round % nodes], all[(round + 1) % nodes]];
  if (!arbiter || !next) throw new Error('no replicas');
  const ids: string[] = [];
  for (let n = 0; n < tasks; n++) ids.push((await arbiter.tasks.create({ title: `T${round}-${n}` })).id);
  await heard(all, 'task.create', tasks * (round + 1));

  const won = new Map<string, string[]>();
  const refusals = new Map<string, number>();
  let handed: Promise<unknown> | undefined;
  async function work(agent: string, verbs: Pick<Replica, 'tasks'>): Promise<void> {
    for (const id of shuffled(ids, Math.floor(draw() * 0x7fffffff))) {
      try {
        const claimed: Task = await verbs.tasks.claim(id, { need: 'granted', timeout: 60_000 });
        expect(claimed.claim).toMatchObject({ by: { handle: agent }, certainty: 'granted' });
        won.set(id, [...(won.get(id) ?? []), agent]);
        if (won.size >= tasks / 2) handed ??= arbiter?.as('lead0').arbiter.move({ to: next?.id ?? '' });
      } catch (error) {
        if (!(error instanceof CoterieError)) throw error;
        refusals.set(error.code, (refusals.get(error.code) ?? 0) + 1);
      }
    }
  }
  await Promise.all(
    all.flatMap((replica, n) =>
      Array.from({ length: agentsEach }, (_, i) => work(`agent${n}-${i}`, replica.as(`agent${n}-${i}`))),
    ),
  );
  expect(await handed).toMatchObject({ replica: next.id });
  console.info(`refused: ${JSON.stringify([...refusals])}`);

  // Each task was won once, and nobody was left without an answer.
  expect([...won.values()].filter((agents) => agents.length !== 1)).toEqual([]);
  expect(won.size).toBe(tasks);
  expect([...refusals.keys()]).toEqual(['held']);
  // What is on its way arrives: then all name the same holders.
  for (const { sync } of all) await sync?.settled({ peers: nodes - 1, timeoutMs: 10_000 });
  for (const replica of all)
    for (const [id, [agent]] of won)
      expect((await replica.tasks.get(id)).claim).toMatchObject({
        by: { handle: agent },
        certainty: 'granted',
      });
}

/** 20 agents on 4 replicas, and so many rounds. */
export async function claimRounds(rounds: number): Promise<void> {
  const seed = Number(process.env['COTERIE_SEED'] ?? Math.floor(Math.random() * 0x7fffffff));
  console.info(`seed ${seed}`);
  const draw = numbers(seed);
  const all = await team();
  for (let round = 0; round < rounds; round++) await claimAll(all, round, draw);
}
