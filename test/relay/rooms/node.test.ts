import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { Doc } from 'yjs';
import { listen } from '../../../relay/http/server.ts';
import { openEntrance } from '../../../relay/http/session/entrance.ts';
import { openLogins } from '../../../relay/http/session/logins.ts';
import { openDialler } from '../../../relay/mux/dial.ts';
import { openLog } from '../../../relay/node/log.ts';
import { openCallers } from '../../../relay/proof/callers.ts';
import { openSocketDoors } from '../../../relay/rooms/doors.ts';
import * as wire from '../../../relay/rooms/room/wire.ts';
import { realTimer } from '../../../src/replica/environment.ts';
import { openPads } from '../../../src/storage/pads.ts';
import { createLinks, type Links } from '../../../src/sync/index.ts';
import { scratch } from '../../support/scratch.ts';
import { createMemorySource, type MemorySource, workspace } from '../../support/sync-source.ts';
import { bare, connect, until } from './support.ts';

const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));
const now = (): number => performance.now();

function replica(name: string): { source: MemorySource; links: Links } {
  const source = createMemorySource({ name, random, timer: realTimer, now, segmentSize: 100 });
  const links = createLinks(source, { timer: realTimer, now, random, slice: (update) => [update] });
  onTestFinished(() => links.close());
  return { source, links };
}

/** A node's sockets on a port, over a replica in memory. */
async function startNode(name = 'node', crowd = {}) {
  const { source, links } = replica(name);
  const directory = scratch();
  const pads = openPads(directory);
  const callers = openCallers({
    workspace,
    audience: '',
    whose: (token) => (token === 'good' ? 'kai' : undefined),
    as: () => {
      throw new Error('no verbs here');
    },
    standing: undefined,
    onChange: () => () => undefined,
    now: Date.now,
    timer: realTimer,
  });
  const doors = openSocketDoors({
    source,
    links,
    callers,
    entrance: openEntrance(callers, openLogins(Date.now)),
    pads,
    timer: realTimer,
    crowd,
  });
  const listening = await listen('127.0.0.1', 0);
  listening.serve({ fetch: () => new Response('') }, openLog('silent'), doors.upgrade);
  onTestFinished(async () => {
    await doors.close();
    await listening.cut();
    await pads.close();
  });
  const sync = `${listening.url.replace('http', 'ws')}/sync/${workspace}`;
  return { source, links, doors, url: listening.url.replace('http', 'ws'), sync, directory };
}

const good = { protocols: ['coterie', 'token.good'] };

describe('plain sessions of a node', () => {
  it('RLY-17: a stock client reads a log document, writes to it, and hears what others write', async () => {
    const node = await startNode();
    const [first] = await node.source.write('tasks', 1);
    const client = connect(node.sync, 'log/tasks/1', new Doc(), good);
    await client.synced();
    expect([...client.doc.getMap('ops').keys()]).toEqual([first]);
    const [second] = await node.source.write('tasks', 1);
    await until(client, () => client.doc.getMap('ops').has(second!));

    const { source: elsewhere } = replica('elsewhere');
    const [third] = await elsewhere.write('tasks', 1);
    const entry = elsewhere.document('log/tasks/1').get(third!);
    const other = connect(node.sync, 'log/tasks/1', new Doc(), good);
    await other.synced();
    client.doc.getMap('ops').set(third!, entry);
    await until(other, () => other.doc.getMap('ops').has(third!));
    expect(node.source.document('log/tasks/1').get(third!)).toEqual(entry);
  });

  it('RLY-17: what the guard refuses closes its sender with 4422, and is sent to nobody', async () => {
    const node = await startNode();
    const other = connect(node.sync, 'log/tasks/1', new Doc(), good);
    await other.synced();
    node.source.troubles.refuse = () => 'not an entry';
    const client = connect(node.sync, 'log/tasks/1', new Doc(), good);
    const closed = new Promise<{ code: number; reason: string }>((resolve) => {
      client.provider.on('closed', (event: { code: number; reason: string }) => resolve(event));
    });
    client.doc.getMap('ops').set('key', 'value');
    expect(await closed).toEqual({ code: 4422, reason: 'not an entry' });
    expect(other.doc.getMap('ops').size).toBe(0);
    expect(other.provider.wsconnected).toBe(true);
  });

  it('RLY-17: a journal that fails closes the room with 4500, and nothing was acknowledged', async () => {
    const node = await startNode();
    const socket = await bare(`${node.sync}/log/tasks/1`, ['coterie.stored', 'token.good']);
    const { source: elsewhere } = replica('elsewhere');
    await elsewhere.write('tasks', 1);
    node.source.troubles.storage = 'failing';
    socket.ws.send(wire.update(elsewhere.document('log/tasks/1').encode(new Uint8Array([0]))));
    expect((await socket.closed()).code).toBe(4500);
    expect(socket.heard.some((bytes) => bytes[0] === 120)).toBe(false);
    node.source.troubles.storage = 'good';
    const again = await bare(`${node.sync}/log/tasks/1`, ['coterie.stored', 'token.good']);
    again.ws.send(wire.update(elsewhere.document('log/tasks/1').encode(new Uint8Array([0]))));
    expect([...(await again.message((bytes) => bytes[0] === 120))]).toEqual([120, 1]);
  });

  it('RLY-17: lets in a token of the node alone, to its own workspace and to documents that may be', async () => {
    const node = await startNode();
    const end = async (url: string, protocols: string[]): Promise<number> =>
      (await (await bare(url, protocols)).closed()).code;
    expect(await end(`${node.sync}/log/tasks/1`, ['coterie'])).toBe(4401);
    expect(await end(`${node.sync}/log/tasks/1`, ['coterie', 'token.bad'])).toBe(4401);
    expect(await end(`${node.url}/sync/${'a'.repeat(26)}/log/tasks/1`, ['coterie', 'token.good'])).toBe(4404);
    for (const name of ['log/tasks/0', 'log/../1', 'other', 'pad/', 'log/tasks/1/', '%00'])
      expect(await end(`${node.sync}/${name}`, ['coterie', 'token.good']), name).toBe(4404);
    await expect(bare(`${node.url}/elsewhere`)).rejects.toThrow();
  });

  it('RLY-17: sockets without a token are bounded, also while they leave, and take no place of others', async () => {
    const node = await startNode('node', { sockets: 1, strangers: 2 });
    const at = new URL(node.sync);
    // Who asks and then does nothing, not even say goodbye.
    async function stranger(): Promise<string> {
      const socket = connectTcp(Number(at.port), at.hostname);
      onTestFinished(() => void socket.destroy());
      socket.write(
        `GET ${at.pathname}/log/tasks/1 HTTP/1.1\r\nhost: ${at.host}\r\nupgrade: websocket\r\n` +
          'connection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
      );
      const [answer] = (await once(socket, 'data')) as [Buffer];
      return answer.toString('latin1').slice(0, 'HTTP/1.1 xxx'.length);
    }
    expect(await stranger()).toBe('HTTP/1.1 101');
    expect(await stranger()).toBe('HTTP/1.1 101');
    expect(await stranger()).toBe('HTTP/1.1 503');
    const member = connect(node.sync, 'log/tasks/1', new Doc(), good);
    await member.synced();
    await expect(bare(`${node.sync}/log/tasks/1`, ['coterie', 'token.good'])).rejects.toThrow();
  });

  it('RLY-18: presence is awareness and nothing else', async () => {
    const node = await startNode();
    const one = connect(node.sync, 'presence', new Doc(), good);
    const two = connect(node.sync, 'presence', new Doc(), good);
    await Promise.all([one.synced(), two.synced()]);
    one.provider.awareness.setLocalState({ state: 'working', on: 'kai-1' });
    await until(two, () => two.provider.awareness.getStates().has(one.doc.clientID));
    expect(two.provider.awareness.getStates().get(one.doc.clientID)).toEqual({
      state: 'working',
      on: 'kai-1',
    });
    const closed = new Promise((resolve) => {
      one.provider.on('closed', resolve);
    });
    one.doc.getText('t').insert(0, 'x');
    expect(await closed).toMatchObject({ code: 4422 });
    await until(two, () => !two.provider.awareness.getStates().has(one.doc.clientID));
  });

  it('PRS-4: in the room of presence nobody speaks for another member', async () => {
    const node = await startNode();
    const kai = connect(node.sync, 'presence', new Doc(), good);
    const other = connect(node.sync, 'presence', new Doc(), good);
    await Promise.all([kai.synced(), other.synced()]);
    const spoofed = (): number | undefined =>
      node.doors.samples().find(({ name }) => name.includes('spoofed'))?.values[0]?.[1];
    kai.provider.awareness.setLocalState({ member: 'rin', state: 'away' });
    kai.provider.awareness.setLocalState({ member: 'kai', state: 'working' });
    const shown = () => other.provider.awareness.getStates().get(kai.doc.clientID);
    await until(other, () => shown()?.['member'] !== undefined);
    expect(shown()).toEqual({ member: 'kai', state: 'working' });
    expect(spoofed()).toBe(1);
    // Elsewhere a state is what its application makes of it.
    const pad = connect(node.sync, 'pad/plan', new Doc(), good);
    const reader = connect(node.sync, 'pad/plan', new Doc(), good);
    await Promise.all([pad.synced(), reader.synced()]);
    pad.provider.awareness.setLocalState({ member: 'rin' });
    await until(reader, () => reader.provider.awareness.getStates().has(pad.doc.clientID));
  });

  it('RLY-18: a pad is written by anybody and kept', async () => {
    const node = await startNode();
    const one = connect(node.sync, 'pad/plan', new Doc(), good);
    await one.synced();
    one.doc.getText('t').insert(0, 'together');
    const two = connect(node.sync, 'pad/plan', new Doc(), good);
    await until(two, () => two.doc.getText('t').toString() === 'together');
    const other = connect(node.sync, 'pad/other', new Doc(), good);
    await other.synced();
    expect(other.doc.getText('t').toString()).toBe('');
    expect(node.doors.samples().find(({ name }) => name === 'coterie_rooms')?.values).toEqual([[{}, 2]]);
  });
});

describe('links of a node', () => {
  it('RLY-10: whatever comes on /mux ends at most its own session', async () => {
    const seed = Number(process.env['COTERIE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
    console.log(`COTERIE_SEED=${seed}`);
    const node = await startNode();
    const honest = replica('honest');
    const [key] = await honest.source.write('tasks', 1);
    const frames = fc.sample(
      fc.oneof(
        fc.uint8Array({ maxLength: 100 }),
        fc.uint8Array({ maxLength: 100 }).map((rest) => Uint8Array.from([0, (rest[0] ?? 0) % 20, ...rest])),
      ),
      { numRuns: 2_000, seed },
    );
    const codes = new Set<number>();
    for (let sent = 0; sent < frames.length; ) {
      const one = await bare(`${node.url}/mux`);
      void one.closed().then(({ code }) => codes.add(code));
      for (; sent < frames.length && one.ws.readyState === WebSocket.OPEN; sent += 1) {
        one.ws.send(frames[sent]!);
        await new Promise((resolve) => setImmediate(resolve));
      }
      one.ws.terminate();
    }
    const big = await bare(`${node.url}/mux`);
    big.ws.send(new Uint8Array(3 * 1024 * 1024));
    codes.add((await big.closed()).code);
    expect([...codes].filter((code) => ![1006, 1009, 4400].includes(code))).toEqual([]);
    expect(codes.has(4400)).toBe(true);
    const dialler = openDialler({
      url: `${node.url}/mux`,
      join: (role, transport) => honest.links.connect({ role, transport }),
      timer: realTimer,
      random,
    });
    onTestFinished(() => dialler.close());
    const came = new Promise<void>((resolve) => {
      node.source.onUpdate(() => {
        if (node.source.document('log/tasks/1').get(key!)) resolve();
      });
    });
    await came;
  });

  it('RLY-14: two replicas converge through a node, and hear what is written later', async () => {
    const node = await startNode();
    const others = [replica('one'), replica('two')];
    await others[0]!.source.write('tasks', 250);
    await others[1]!.source.write('channels', 3);
    for (const { links } of others) {
      const dialler = openDialler({
        url: `${node.url}/mux`,
        join: (role, transport) => links.connect({ role, transport }),
        timer: realTimer,
        random,
      });
      onTestFinished(() => dialler.close());
    }
    const all = [node.source, ...others.map(({ source }) => source)];
    const equal = async (): Promise<boolean> => {
      const roots = await Promise.all(all.map((source) => source.root()));
      return roots.every(({ logs }) => logs === roots[0]!.logs) && (await all[2]!.logs()).length === 2;
    };
    const converged = (): Promise<void> =>
      new Promise((resolve) => {
        const stops = all.map((source) => source.onUpdate(() => void look()));
        async function look(): Promise<void> {
          if (!(await equal())) return;
          for (const stop of stops) stop();
          resolve();
        }
        void look();
      });
    await converged();
    const [late] = await others[1]!.source.write('tasks', 1, 1);
    await converged();
    expect(others[0]!.source.document('log/tasks/1').get(late!)).toBeDefined();
    expect(await others[0]!.links.settled({ peers: 1, timeoutMs: 5_000 })).toMatchObject({ enough: true });
  });
});
