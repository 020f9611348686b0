import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratch } from '../support/storage.ts';
import { type Agent, startAgent, startNode, until } from './agents.ts';

const digests = (agents: readonly Agent[]): Promise<string[]> =>
  Promise.all(agents.map(async (one) => (await one.ask<{ digest: string }>('digest')).digest));

const equal = async (agents: readonly Agent[]): Promise<boolean> => new Set(await digests(agents)).size === 1;

const linked = async (agent: Agent): Promise<string> =>
  (await agent.ask<{ linked: string[] }>('linked')).linked.join();

const texts = async (agent: Agent): Promise<string[]> =>
  (await agent.ask<{ texts: string[] }>('texts')).texts;

it('MCH-2: three processes started at once with no node share one workspace; a node starts, then stops, and nothing changes for them', async () => {
  const root = scratch();
  // What `coterie up` makes of XDG_CONFIG_HOME and XDG_STATE_HOME.
  const [configs, states] = [join(root, 'config'), join(root, 'state')];
  const place = { config: join(configs, 'coterie'), state: join(states, 'coterie') };
  mkdirSync(place.state, { recursive: true, mode: 0o700 });
  const agents = await Promise.all(['kai', 'zoe', 'ada'].map((as) => startAgent(place, join(root, as), as)));
  expect(new Set(agents.map(({ workspace }) => workspace)).size).toBe(1);
  const posted: string[] = [];
  const how = (): Promise<unknown> =>
    Promise.all(
      agents.map(async (one) => ({
        id: one.id,
        texts: (await texts(one)).length,
        digest: await one.ask('digest'),
        ...(await one.ask<object>('peers')),
      })),
    );
  /** Everybody posts at once; resolves when all of it is everywhere. */
  async function round(name: string): Promise<void> {
    const mine = agents.flatMap((agent) =>
      [0, 1, 2].map((n) => ({ agent, text: `${name} ${n} by ${agent.id}` })),
    );
    await Promise.all(mine.map(({ agent, text }) => agent.ask('post', { text })));
    posted.push(...mine.map(({ text }) => text));
    await until(
      `everybody has what was posted ${name}`,
      async () => (await Promise.all(agents.map(texts))).every((all) => all.length === posted.length),
      how,
    );
    for (const agent of agents) expect(await texts(agent)).toEqual([...posted].sort());
    await until(`digests are equal ${name}`, () => equal(agents), how);
  }
  const others = (agent: Agent): string =>
    agents
      .filter((one) => one !== agent)
      .map(({ id }) => id)
      .sort()
      .join();
  const among = async (): Promise<boolean> =>
    (await Promise.all(agents.map(async (one) => (await linked(one)) === others(one)))).every(Boolean);

  await round('without a node');
  await until('the three are linked', among, how);

  const node = await startNode({ config: configs, state: states, data: join(root, 'node') });
  const starred = async (): Promise<boolean> => {
    const all = await Promise.all(agents.map(linked));
    return new Set(all).size === 1 && !all[0]?.includes(',') && all[0] !== '';
  };
  await until('all link with the node alone', starred, how);
  await round('with a node');
  const settled = await agents[0]?.ask<{ settled: { enough: boolean } }>('settled', { peers: 1 });
  expect(settled?.settled.enough).toBe(true);

  await node.stop('SIGTERM');
  await until('the three are linked again', among, how);
  await round('after the node');

  // One that is killed leaves nothing that the others stumble over.
  const again = await startNode({ config: configs, state: states, data: join(root, 'node') });
  await until('all link with the node again', starred, how);
  await again.stop('SIGKILL');
  await until('the three are linked once more', among, how);
  await round('after a node that was killed');
  for (const agent of agents) expect(await agent.ask('doctor')).toEqual({ ok: true });
}, 120_000);
