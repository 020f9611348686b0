import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { openReplica, type Replica } from '../../relay/embed/index.ts';
import { startNode, tokenOf } from '../../relay/index.ts';
import * as wire from '../../relay/rooms/room/wire.ts';
import type { Entry } from '../../schemas/index.ts';
import { syncSourceOf } from '../../src/replica/sync/index.ts';
import { scratch } from '../support/storage.ts';
import { craft } from '../sync/guard/craft.ts';

/** A relay with an agent on each side of it, all of one machine, and the document of `general`. */
async function team() {
  const root = scratch();
  const [config, state] = [join(root, 'config'), join(root, 'state')];
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const node = await startNode({ directory: join(root, 'node'), config, state, as: 'kai', port: 0 });
  onTestFinished(() => node.close());
  const agents: Replica[] = [];
  for (const as of ['ana', 'bo']) {
    const agent = await openReplica({ directory: join(root, as), config, as, sync: { state } });
    onTestFinished(() => agent.close());
    agents.push(agent);
  }
  for (const agent of agents) {
    await agent.messages.post('general', { text: `${agent.member.handle} is here` });
    expect((await agent.sync?.settled({ peers: 1, timeoutMs: 20_000 }))?.enough).toBe(true);
  }
  const { id } = await node.replica.channels.get('general');
  return { node, agents, document: `log/channel.${id}/1`, token: tokenOf(join(root, 'node'), 'eve') };
}

type Team = Awaited<ReturnType<typeof team>>;

async function texts(replica: Pick<Replica, 'messages'>): Promise<string[]> {
  return (await replica.messages.list('general')).items.map(({ text }) => text ?? '').sort();
}

/** Sends one frame in a plain session, and says with which code the relay ended it; undefined: not within a second. */
async function send({ node, document, token }: Team, frame: Uint8Array): Promise<number | undefined> {
  const url = `${node.url.replace('http', 'ws')}/sync/${node.replica.workspace.id}/${document}`;
  const socket = new WebSocket(url, ['coterie', `token.${token}`]);
  const closed = once(socket, 'close') as Promise<[number, Buffer]>;
  await once(socket, 'open');
  socket.send(frame);
  const late = new Promise<undefined>((resolve) => {
    setTimeout(() => resolve(undefined), 1000).unref();
  });
  const ended = await Promise.race([closed, late]);
  socket.terminate();
  return ended?.[0];
}

/** The document as a stock client gets it. */
async function stateOf(one: Team): Promise<Uint8Array> {
  return syncSourceOf(one.node.replica).diff(one.document, Uint8Array.of(0));
}

const squatted = 0x7000_0000;

it('GRD-4 GRD-11 RLY-17 a relay and two honest replicas lose nothing to whoever attacks them', async () => {
  const one = await team();
  const before = await texts(one.node.replica);
  expect(before).toEqual(['ana is here', 'bo is here']);
  const state = await stateOf(one);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, state);
  const [[key, entry]] = [...doc.getMap<Entry>('ops').entries()] as [[string, Entry]];
  const changed = (change: (ops: Y.Map<Entry>) => void): Uint8Array => {
    const copy = new Y.Doc();
    Y.applyUpdate(copy, state);
    const vector = Y.encodeStateVector(copy);
    change(copy.getMap<Entry>('ops'));
    return Y.encodeStateAsUpdate(copy, vector);
  };
  const forged = structuredClone({ ...entry, body: { salt: 'a'.repeat(26), text: 'forged' } });
  const elsewhere = structuredClone({ ...entry, header: { ...entry.header, log: 'tasks' } });

  const refused: Record<string, Uint8Array> = {
    'clock squatting with a collected struct': craft([
      { client: squatted, clock: 0, structs: [{ info: 0, length: 1 }] },
    ]),
    'a huge number of structs': craft([{ client: 5, clock: 0, structs: [], count: 2 ** 31 }]),
    'a payload of format v2': Y.encodeStateAsUpdateV2(doc),
    'a bad tail': Uint8Array.from([...state, 1, 2, 3]),
    'another text under its key': changed((ops) => void ops.set(key, forged)),
    'an operation of another log': changed((ops) => void ops.set(key, elsewhere)),
    'no entry at all': changed((ops) => void ops.set('x', 'nothing' as never)),
  };
  for (const [name, update] of Object.entries(refused))
    expect(await send(one, wire.update(update)), name).toBe(4422);

  // No honest replica can tell these from news that comes in another order: they are let pass, and change nothing.
  const harmless: Record<string, Uint8Array> = {
    'a deletion of what others will write': craft([], [[squatted, [0, 100]]]),
    'a deletion of everything': changed((ops) => {
      for (const each of [...ops.keys()]) ops.delete(each);
    }),
    'a text taken away without a redaction': changed(
      (ops) => void ops.set(key, structuredClone({ header: entry.header, sig: entry.sig })),
    ),
    'a gap in the clocks': craft([{ client: 6, clock: 1000, structs: [{ key, values: [entry] }] }]),
  };
  for (const [name, update] of Object.entries(harmless))
    expect([undefined, 4422], name).toContain(await send(one, wire.update(update)));
  for (let i = 0; i < 20; i++) await send(one, new Uint8Array(randomBytes(1 + i * 7)));

  await one.node.replica.messages.post('general', { text: 'the relay lives' });
  const after = [...before, 'the relay lives'].sort();
  for (const replica of [one.node.replica, ...one.agents])
    await expect.poll(() => texts(replica), { timeout: 20_000 }).toEqual(after);
  for (const replica of [one.node.replica, ...one.agents])
    expect(await replica.doctor(), replica.id).toMatchObject({ ok: true });
  const metrics = await (
    await fetch(`${one.node.url}/metrics`, { headers: { authorization: `Bearer ${one.token}` } })
  ).text();
  const count = Number(/^coterie_room_refused_total (\d+)$/m.exec(metrics)?.[1]);
  expect(count).toBeGreaterThanOrEqual(Object.keys(refused).length);
}, 90_000);
