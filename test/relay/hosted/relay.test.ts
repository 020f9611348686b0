import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Node } from '../../../relay/node/node.ts';
import { joinByTicket } from '../../../src/replica/workspace/joining.ts';
import { type Home, home, open, refused } from '../../replica/support/open.ts';
import { ask } from '../http/support.ts';
import { start } from '../node/start.ts';
import { comes, inStep, post, startRelay, states, texts } from './support.ts';

/** Another machine, which joined by a ticket of the first and does not reach it any more. */
async function joined(first: Node): Promise<Home> {
  const at = home();
  const { ticket } = await first.replica.invites.create();
  const { file } = await joinByTicket({ directory: at.directory, config: at.config, ticket });
  await (await open(at, { as: 'zoe', workspace: file })).close();
  return at;
}

describe('a readable relay', () => {
  it('HST-1 HST-2 HST-4: takes a workspace by its code, and two machines meet through it though neither reaches the other', async () => {
    const relay = await startRelay();
    const at = home();
    const first = await start(at);
    const there = await joined(first);
    // Where it listens from now on the ticket does not say.
    await first.close();
    const one = await start(at);
    const two = await start(there, { as: 'zoe', upstreams: [relay.url] });
    await post(one, 'from one');
    await refused(one.replica.remotes.add({ url: relay.url }), 'unauthorized');
    await refused(one.replica.remotes.add({ url: relay.url, code: 'wrong' }), 'unauthorized');
    expect(await one.replica.remotes.add({ url: relay.url, code: relay.code })).toMatchObject({
      mode: 'readable',
      key: relay.key,
    });
    await comes(states(one)).toEqual(['linked']);
    await comes(texts(two)).toEqual(['from one']);
    await post(two, 'from two');
    await comes(texts(one)).toEqual(['from one', 'from two']);
    const { items } = await one.replica.replicas.list();
    expect(items.map(({ name, by }) => [name, by?.handle])).toContainEqual(['relay', 'kai']);
  });

  it('HST-3: emptied but for its key and code, it is asked to take the workspace again, and gets everything back', async () => {
    const relay = await startRelay();
    const at = home();
    const node = await start(at);
    await post(node, 'kept');
    const there = await joined(node);
    await node.replica.remotes.add({ url: relay.url, code: relay.code });
    await comes(states(node)).toEqual(['linked']);
    await relay.close();
    rmSync(join(relay.directory, 'workspaces'), { recursive: true });
    const again = await startRelay(relay.directory, { port: relay.port });
    expect(again.key).toBe(relay.key);
    await comes(states(node)).toEqual(['linked']);
    // Nothing lags before it was compared, either.
    await comes(inStep(node)).toEqual([['equal', 0, 0]]);
    await node.close();
    const other = await start(there, { as: 'zoe', upstreams: [again.url] });
    await comes(texts(other)).toEqual(['kept']);
  });

  it('HST-1: says that it is readable, and serves each workspace below its id', async () => {
    const relay = await startRelay();
    const node = await start(home());
    await node.replica.remotes.add({ url: relay.url, code: relay.code });
    const below = `${relay.url}/w/${node.replica.workspace.id}`;
    for (const url of [relay.url, below])
      expect((await ask(`${url}/v1/relay`)).body).toMatchObject({ mode: 'readable', key: relay.key });
    expect((await ask(`${below}/v1/status`)).status).toBe(401);
    for (const path of ['/', '/status', '/metrics']) expect((await ask(`${below}${path}`)).status).toBe(404);
    expect((await ask(`${relay.url}/w/${'a'.repeat(26)}/v1/status`)).status).toBe(404);
    expect((await ask(`${relay.url}/v1/status`)).status).toBe(404);
  });
});
