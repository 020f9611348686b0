import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratch } from '../support/scratch.ts';
import { type Agent, equal, startAgent, startNode, until } from './agents.ts';
import { linesOf } from './exports.ts';

const linked = async (agent: Agent): Promise<string> =>
  (await agent.ask<{ linked: string[] }>('linked')).linked.join();

interface Heard {
  readonly ids: string[];
  readonly twice: string[];
}

/** Those of the operations that an agent was not told of since it began to listen. */
async function unheard(agent: Agent, ids: readonly string[]): Promise<string[]> {
  const heard = new Set((await agent.ask<Heard>('heard')).ids);
  return ids.filter((id) => !heard.has(id));
}

it('MCH-2 MCH-3: three processes started at once with no node share one workspace; a node starts, then stops, and nothing changes for them', async () => {
  const root = scratch();
  // What `coterie up` makes of XDG_CONFIG_HOME and XDG_STATE_HOME.
  const [configs, states] = [join(root, 'config'), join(root, 'state')];
  const place = { config: join(configs, 'coterie'), state: join(states, 'coterie') };
  mkdirSync(place.state, { recursive: true, mode: 0o700 });
  const names = ['kai', 'zoe', 'ada'];
  const agents = await Promise.all(names.map((as) => startAgent(place, join(root, as), as)));
  expect(new Set(agents.map(({ workspace }) => workspace)).size).toBe(1);
  for (const agent of agents) await agent.ask('listen');

  const how = (): Promise<unknown> =>
    Promise.all(agents.map(async (one) => ({ id: one.id, ...(await one.ask<object>('peers')) })));
  const posted: string[] = [];
  /** Everybody posts at once; resolves when each was told of all of it. */
  async function round(name: string): Promise<void> {
    const posts = agents.map((agent) => agent.ask<{ id: string }>('post', { text: `${name} ${agent.id}` }));
    const ids = (await Promise.all(posts)).map(({ id }) => id);
    posted.push(...ids);
    await until(
      `everybody hears what was posted ${name}`,
      async () => (await Promise.all(agents.map((agent) => unheard(agent, ids)))).flat().length === 0,
      how,
    );
  }
  const others = (agent: Agent): string =>
    agents
      .filter((one) => one !== agent)
      .map(({ id }) => id)
      .sort()
      .join();
  const among = async (): Promise<boolean> =>
    (await Promise.all(agents.map(async (one) => (await linked(one)) === others(one)))).every(Boolean);
  const starred = async (): Promise<boolean> => {
    const all = await Promise.all(agents.map(linked));
    return new Set(all).size === 1 && !all[0]?.includes(',') && all[0] !== '';
  };
  const up = () => startNode({ config: configs, state: states, data: join(root, 'node') });

  await round('without a node');
  await until('the three are linked', among, how);
  await until('all are equal', () => equal(agents), how);

  // From here on they write all the time, whatever becomes of the node.
  const files = names.map((name) => join(root, `${name}.acknowledged`));
  await Promise.all(agents.map((agent, at) => agent.ask('write', { file: files[at], every: 100 })));
  const node = await up();
  await until('all link with the node alone', starred, how);
  await round('with a node');
  await node.stop('SIGTERM');
  await until('the three are linked again', among, how);
  await round('after the node');

  // One that is killed leaves nothing that the others stumble over.
  const again = await up();
  await until('all link with the node again', starred, how);
  await again.stop('SIGKILL');
  await until('the three are linked once more', among, how);
  await round('after a node that was killed');

  await Promise.all(agents.map((agent) => agent.ask('stop')));
  await until('all are equal in the end', () => equal(agents), how);
  // Whatever was under way when a link came or went: each was told of everything, and of nothing twice.
  const acknowledged = [...posted, ...files.flatMap(linesOf)];
  for (const agent of agents) {
    await until('all is heard', async () => (await unheard(agent, acknowledged)).length === 0, how);
    expect((await agent.ask<Heard>('heard')).twice).toEqual([]);
    expect(await agent.ask('doctor')).toEqual({ findings: [] });
  }
  // And what a node was told while it ran, it has.
  const last = await up();
  await until('all link with the node at last', starred, how);
  const settled = await agents[0]?.ask<{ settled: { enough: boolean } }>('settled', { peers: 1 });
  expect(settled?.settled.enough).toBe(true);
  await last.stop('SIGTERM');
}, 180_000);
