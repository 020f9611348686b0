import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { openLog } from '../../../../relay/node/log.ts';
import { type Connected, listenForLinks, openNetwork } from '../../../../relay/node/machine/network.ts';
import { closeCodes } from '../../../../schemas/protocol.ts';
import { nodeCrypto } from '../../../../src/keys/node.ts';
import { keyId } from '../../../../src/op/index.ts';
import { realTimer } from '../../../../src/replica/environment.ts';
import type { Links } from '../../../../src/sync/index.ts';
import { scratch } from '../../../support/scratch.ts';
import { createMemorySource, type MemorySource } from '../../../support/sync-source.ts';

const log = openLog('silent');

interface Place {
  readonly source: MemorySource;
  readonly connected: Connected;
  readonly links: Links;
  readonly id: string;
}

async function place(
  state: string,
  options: { node?: boolean; upstreams?: string[]; seed?: Uint8Array } = {},
): Promise<Place> {
  const source = createMemorySource({
    name: 'one',
    random: randomBytes,
    timer: realTimer,
    now: () => performance.now(),
    ...(options.seed ? { keySeed: options.seed } : {}),
  });
  const id = keyId(nodeCrypto, source.publicKey);
  const { node = false, upstreams = [] } = options;
  const network = openNetwork({ source, node, state, log });
  const connected = network.begin(await listenForLinks(network.links, log));
  for (const url of upstreams) connected.upstream(url);
  onTestFinished(() => connected.close());
  return { source, connected, links: network.links, id };
}

/** Resolves when a condition holds; looks each few ms, for at most ten seconds. */
async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`it did not come to this in a minute: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const linked = ({ connected }: Place): string[] =>
  connected
    .peers()
    .filter(({ state }) => state === 'linked')
    .map(({ replica }) => replica ?? '?')
    .sort();

const equal = async (places: readonly Place[]): Promise<boolean> => {
  const roots = await Promise.all(places.map(async ({ source }) => (await source.root()).logs));
  return new Set(roots).size === 1;
};

const ids = (places: readonly Place[]): string[] => places.map(({ id }) => id).sort();

describe('replicas of one machine over sockets', () => {
  it('MCH-2 MCH-14: three link with each other and are equal; a node becomes the hub and they stay equal when it goes', async () => {
    const state = scratch();
    const three = await Promise.all([place(state), place(state), place(state)]);
    const [a, b, c] = three as [Place, Place, Place];
    await a.source.write('tasks', 3);
    await b.source.write('tasks', 2);
    await until('three are linked', () => three.every((one) => linked(one).length === 2));
    await until('three are equal', () => equal(three));

    const node = await place(state, { node: true });
    await until('the node is the hub', () => three.every((one) => linked(one).join() === node.id));
    await until('what was let go is no peer any more', () =>
      three.every(({ connected }) => connected.peers().every(({ replica }) => replica === node.id)),
    );
    await until('the node has them too', () => linked(node).join() === ids(three).join());
    await c.source.write('memory', 1);
    await until('four are equal', () => equal([...three, node]));

    await node.connected.close();
    await until('three are linked again', () =>
      three.every((one) => linked(one).join() === ids(three.filter((other) => other !== one)).join()),
    );
    await b.source.write('channels', 1);
    await until('three are equal again', () => equal(three));
    expect(readdirSync(join(state, 'run'))).toHaveLength(3);
  });

  it('MCH-14: each peer is shown with its lag, its last acknowledgement and its digest', async () => {
    const [here, there] = [await place(scratch()), await place(scratch())];
    await here.source.write('tasks', 1);
    const up = await place(scratch(), {
      upstreams: [here.connected.url, there.connected.url, 'http://127.0.0.1:1'],
    });
    await until('both upstreams are linked', () => linked(up).length === 2);
    await up.source.write('tasks', 1);
    await until('all are equal', () => equal([here, there, up]));
    expect(await up.links.settled({ peers: 2, timeoutMs: 5_000 })).toMatchObject({ enough: true });
    const shown = up.connected.peers();
    expect(shown.map(({ url, upstream }) => [url, upstream])).toEqual([
      [here.connected.url, true],
      [there.connected.url, true],
      ['http://127.0.0.1:1', true],
    ]);
    const [first, , none] = shown;
    expect(first).toMatchObject({ replica: here.id, state: 'linked', lag: 0, syncing: 0, trouble: null });
    expect(Date.parse(first?.acknowledged ?? '')).toBeGreaterThan(Date.now() - 60_000);
    expect(none).toMatchObject({
      replica: null,
      acknowledged: null,
      digest: 'unknown',
      trouble: { code: 'unreachable' },
    });
    // The other side sees it come in, and go.
    expect(here.connected.peers()).toMatchObject([
      { replica: up.id, url: null, upstream: false, state: 'linked' },
    ]);
    await up.connected.close();
    await until('it is gone', () => here.connected.peers()[0]?.state === 'gone');
  });

  it('SYN-29 MCH-14: a node that is dialled at two addresses has one link, and is one peer', async () => {
    const here = await place(scratch());
    const other = new URL(here.connected.url);
    other.hostname = 'localhost';
    const up = await place(scratch(), { upstreams: [here.connected.url, other.origin] });
    const back = await place(scratch(), { upstreams: [up.connected.url, here.connected.url] });
    const all = [here, up, back];
    await until('each has one link with each', () =>
      all.every((one) => linked(one).length === 2 && one.links.sessions().length === 2),
    );
    await until('the link by one address was given up', () =>
      [here, up].every(({ links }) => links.status().closes.has(closeCodes.duplicate)),
    );
    expect(up.connected.peers()).toMatchObject([
      { replica: here.id, upstream: true, state: 'linked', trouble: null },
      { replica: back.id, url: null, state: 'linked', trouble: null },
    ]);
    // Once the one that stands is cut, a link stands again soon.
    const [session] = up.links.sessions().filter(({ role }) => role === 'dial');
    session?.close(closeCodes.goingAway, 'cut in a test');
    await until('it is linked again', () => linked(up).includes(here.id));
  });

  it('MCH-14: a replica that is not let in says why', async () => {
    const here = await place(scratch());
    here.source.known = new Set();
    const up = await place(scratch(), { upstreams: [here.connected.url] });
    await until('it is told', () => up.connected.peers()[0]?.trouble?.code === 'forbidden');
    expect(linked(up)).toEqual([]);
  });

  it.each([
    [closeCodes.version, 'protocol_newer'],
    [closeCodes.workspace, 'conflict'],
    [closeCodes.stranger, 'forbidden'],
    [closeCodes.busy, 'busy'],
    [closeCodes.failed, 'storage_failed'],
    [1006, 'unreachable'],
  ])('MCH-14: a link that ends with %i is shown as %s', async (code, shown) => {
    const server = createServer();
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (socket) => (code === 1006 ? socket.terminate() : socket.close(code)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      sockets.close();
      server.closeAllConnections();
      server.close();
    });
    const up = await place(scratch(), {
      upstreams: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`],
    });
    await until('it is told', () => up.connected.peers()[0]?.trouble?.code === shown);
    expect(linked(up)).toEqual([]);
  });

  it('MCH-4: a copied directory is found out, not linked', async () => {
    const state = scratch();
    const seed = randomBytes(32);
    const first = await place(state, { seed });
    const second = await place(scratch(), { seed, upstreams: [first.connected.url] });
    await until('a copy is seen', () => first.source.copies + second.source.copies > 0);
    expect([...linked(first), ...linked(second)]).toEqual([]);
  });
});
