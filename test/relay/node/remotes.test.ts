import { statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Node, NodeOptions } from '../../../relay/node/node.ts';
import { openRemotes } from '../../../relay/node/remotes.ts';
import type { RemoteInfo } from '../../../schemas/index.ts';
import { type Home, home, refused } from '../../replica/support/open.ts';
import { scratch } from '../../support/scratch.ts';
import { ask } from '../http/support.ts';
import { start } from './start.ts';

/** Another machine of the same user: its node is not found by run files, and has the same workspace. */
const beside = (at: Home): Home => ({ ...home(), config: at.config });

const on = (node: Node, port = node.port): Partial<NodeOptions> => ({ port });

async function remotes(node: Node): Promise<readonly RemoteInfo[]> {
  return (await node.replica.remotes.list()).items;
}

const comes = <T>(what: () => Promise<T>) => expect.poll(what, { timeout: 80_000, interval: 20 });

const states = (node: Node) => async () =>
  (await remotes(node)).map(({ state, trouble }) => trouble?.code ?? state);

const texts = (node: Node) => async () =>
  (await node.replica.messages.list('general')).items.map(({ text }) => text).sort();

/** Something that answers `/v1/relay` with this. */
async function answering(body: unknown, status = 200): Promise<string> {
  const server = createServer((_, answer) => answer.writeHead(status).end(JSON.stringify(body)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('remotes of a node', () => {
  it('RLY-22: a node says what it is, and with which key it listens, to anybody', async () => {
    const at = home();
    const node = await start(at);
    const { status, body: json } = await ask(`${node.url}/v1/relay`);
    expect([status, json]).toEqual([
      200,
      {
        mode: 'node',
        key: expect.stringMatching(/^[\w-]{43}$/),
        protocols: [1],
        version: expect.any(String),
      },
    ]);
    const again = await start(beside(at));
    expect((await ask(`${again.url}/v1/relay`)).body).toMatchObject({ key: (json as { key: string }).key });
  });

  it('RLY-23: remotes that are added are dialled at once, several at a time, and again after a restart', async () => {
    const at = home();
    const [up, side] = [await start(at), await start(beside(at))];
    const own = beside(at);
    const node = await start(own);
    expect(await remotes(node)).toEqual([]);
    const added = await node.replica.remotes.add({ url: up.url });
    expect(added).toMatchObject({ url: up.url, mode: 'node', added: expect.any(String) });
    await node.replica.remotes.add({ url: side.url });
    await comes(states(node)).toEqual(['linked', 'linked']);
    await up.replica.messages.post('general', { text: 'from up' });
    await comes(texts(side)).toEqual(['from up']);
    expect(statSync(join(own.directory, 'remotes.json')).mode & 0o777).toBe(0o600);
    await refused(node.replica.remotes.add({ url: up.url }), 'exists');
    await node.close();
    const again = await start(own);
    await comes(states(again)).toEqual(['linked', 'linked']);
    await again.replica.messages.post('general', { text: 'from here' });
    await comes(texts(up)).toEqual(['from here', 'from up']);
    await comes(async () =>
      (await remotes(again)).map(({ lag, acknowledged }) => [lag, acknowledged !== null]),
    ).toEqual([
      [0, true],
      [0, true],
    ]);
    expect(await again.replica.remotes.remove(up.url)).toMatchObject({ url: up.url });
    expect((await remotes(again)).map(({ url }) => url)).toEqual([side.url]);
    await comes(async () => (await again.replica.status()).peers.map(({ url }) => url)).toEqual([side.url]);
  });

  it('RLY-23: a remote that comes and goes is linked with again by itself', async () => {
    const at = home();
    const there = beside(at);
    const up = await start(there);
    const node = await start(at, { upstreams: [up.url] });
    await comes(states(node)).toEqual(['linked']);
    expect(await remotes(node)).toMatchObject([{ url: up.url, added: null, mode: 'node' }]);
    await up.close();
    await comes(states(node)).toEqual(['unreachable']);
    await node.replica.messages.post('general', { text: 'meanwhile' });
    const back = await start(there, on(up));
    await comes(states(node)).toEqual(['linked']);
    await comes(texts(back)).toEqual(['meanwhile']);
  });

  it('RLY-24: another key where a remote was is `relay_changed`, and is not linked with', async () => {
    const at = home();
    const up = await start(beside(at));
    const node = await start(at);
    const { key } = await node.replica.remotes.add({ url: up.url });
    await comes(states(node)).toEqual(['linked']);
    await up.close();
    const other = await start(home(), on(up));
    await comes(states(node)).toEqual(['relay_changed']);
    expect(await remotes(node)).toMatchObject([{ state: 'refused', key }]);
    await refused(node.replica.remotes.add({ url: up.url }), 'relay_changed');
    await other.close();
    await start(beside(at), on(up));
    await node.replica.remotes.remove(up.url);
    expect(await node.replica.remotes.add({ url: up.url })).toMatchObject({ key });
    await comes(states(node)).toEqual(['linked']);
  });

  it('RLY-23: what is no relay, or none that is linked with, is not added, and says why', async () => {
    const node = await start(home());
    const { remotes: verbs } = node.replica;
    await refused(verbs.add({ url: 'http://127.0.0.1:1' }), 'unreachable');
    await refused(verbs.add({ url: await answering('hello') }), 'unreachable');
    await refused(verbs.add({ url: await answering({ ok: true }) }), 'unreachable');
    await refused(verbs.add({ url: 'http://127.0.0.1:1/path' }), 'invalid');
    await node.replica.as('ann').messages.post('general', { text: 'here' });
    await refused(node.replica.as('ann').remotes.add({ url: node.url }), 'forbidden');
    await refused(node.replica.as('ann').remotes.remove(node.url), 'forbidden');
    await refused(verbs.remove(node.url), 'not_found');
    expect(await remotes(node)).toEqual([]);
  });

  it('RLY-23: the file of remotes is whole and private, or refused', () => {
    const directory = scratch();
    const path = join(directory, 'remotes.json');
    const remote = { url: 'https://a', mode: 'node', key: null, added: new Date(0).toISOString() } as const;
    const heard: number[] = [];
    const first = openRemotes(directory);
    const stop = first.onChange(() => heard.push(first.list().length));
    first.put(remote);
    first.put({ ...remote, url: 'https://b', code: 'c' });
    first.put({ ...remote, mode: 'sealed' });
    stop();
    expect(first.remove('https://none')).toBe(false);
    expect(heard).toEqual([1, 2, 2]);
    expect(openRemotes(directory).list()).toEqual([
      { ...remote, mode: 'sealed' },
      { ...remote, url: 'https://b', code: 'c' },
    ]);
    for (let count = 2; count < 16; count++) first.put({ ...remote, url: `https://${count}` });
    expect(() => first.put({ ...remote, url: 'https://more' })).toThrow(/16 remotes/);
    writeFileSync(path, '{}');
    expect(() => openRemotes(directory)).toThrow(/does not hold remotes/);
    writeFileSync(path, JSON.stringify({ coterie: 1, remotes: [] }), { mode: 0o600 });
    expect(openRemotes(directory).list()).toEqual([]);
  });
});
