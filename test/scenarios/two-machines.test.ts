import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readToken } from '../../relay/node/tokens.ts';
import { createClient } from '../../src/client/index.ts';
import { home } from '../relay/cli/support.ts';
import { scratch } from '../support/scratch.ts';
import { type Agent, startAgent, startNode, until } from './agents.ts';

/** A user's home on a machine of its own. */
function machine() {
  const at = home(scratch());
  const place = { config: join(at.path, 'config', 'coterie'), state: join(at.path, 'state', 'coterie') };
  mkdirSync(place.state, { recursive: true, mode: 0o700 });
  return {
    ...at,
    ...place,
    up: (more: readonly string[] = []) =>
      startNode({ config: join(at.path, 'config'), state: join(at.path, 'state'), data: at.data }, more),
    agent: (name: string) => startAgent(place, join(at.path, name), name),
  };
}

const texts = async (agent: Agent): Promise<string> =>
  (await agent.ask<{ texts: string[] }>('texts')).texts.join();

it('MCH-5: two machines work together through a node, apart without it, and are equal when it is back', async () => {
  const [here, there] = [machine(), machine()];
  const node = await here.up();
  const { port } = new URL(node.url);
  const own = await here.agent('own');
  const invited = await here.run(['invite', '--as', 'node', '--json']);
  const { ticket } = JSON.parse(invited.stdout) as { ticket: string };
  const joined = await there.run(['join', ticket, '--as', 'zoe', '--json']);
  expect(joined.code, joined.stdout).toBe(0);

  // Agents there make replicas by themselves: the ticket lets their machine in.
  const [first, second] = [await there.agent('first'), await there.agent('second')];
  expect(new Set([own, first, second].map(({ workspace }) => workspace)).size).toBe(1);
  await own.ask('post', { text: 'from here' });
  await first.ask('post', { text: 'from there' });
  const all = async (wanted: string): Promise<void> => {
    for (const agent of [own, first, second])
      await until(
        `all have ${wanted}`,
        async () => (await texts(agent)) === wanted,
        () => agent.ask('peers'),
      );
  };
  await all('from here,from there');
  await first.ask('settled', { peers: 1 });

  await node.stop('SIGKILL');
  await own.ask('post', { text: 'lonely' });
  await first.ask('post', { text: 'there alone' });
  await until('there they still hear each other', async () => (await texts(second)).includes('there alone'));
  expect(await texts(second)).not.toContain('lonely');

  // The same address: it is the one that the ticket named.
  const back = await here.up(['--port', port]);
  await all('from here,from there,lonely,there alone');

  const token = readToken(here.data, 'node');
  const team = createClient({ url: back.url, token });
  const { items } = await team.replicas.list();
  // That of the directory which joined has not run since, so nobody has heard of it.
  expect(items.map(({ by }) => by?.handle ?? 'owner').sort()).toEqual(['node', 'node', 'owner', 'owner']);
  const peers = async () => (await team.status()).peers;
  // One of them brought the news of both; the other is back when its pause is over.
  await until(
    'all are linked with the node, and nothing is known to differ',
    async () => {
      const now = await peers();
      return [own, first, second].every(({ id }) =>
        now.some(
          ({ replica, state, lag, digest }) =>
            replica === id && state === 'linked' && lag === 0 && digest !== 'different',
        ),
      );
    },
    peers,
  );

  // A revoked replica is told, and what it writes from then on is nobody else's.
  await team.replicas.revoke(second.id, { reason: 'lost' });
  await first.ask('post', { text: 'still in' });
  await until('the revocation arrived', async () => {
    const { items: listed } = await team.replicas.list();
    return listed.find(({ id }) => id === second.id)?.revoked?.by.handle === 'node';
  });
  await until('the others go on', async () => (await texts(own)).includes('still in'));
}, 120_000);
