import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Doc } from 'yjs';
import { scratch } from '../../support/scratch.ts';
import { bare, type Client, connect, openRelay, same, until } from './support.ts';

describe('an open relay', () => {
  it('RLY-1: two stock clients converge, each reading what the other writes', async () => {
    const relay = await openRelay();
    const one = connect(relay.url, 'notes/today');
    const two = connect(relay.url, 'notes/today');
    await Promise.all([one.synced(), two.synced()]);
    one.doc.getText('t').insert(0, 'hello');
    await until(two, () => two.doc.getText('t').toString() === 'hello');
    two.doc.getText('t').insert(5, ' world');
    two.doc.getMap('m').set('by', 'two');
    await until(one, () => one.doc.getMap('m').get('by') === 'two');
    expect(same(one.doc, two.doc)).toBe(true);
    const other = connect(relay.url, 'notes');
    await other.synced();
    expect(other.doc.toJSON()).toEqual({});
  });

  it('RLY-2: what was there before a restart is in the first answer', async () => {
    const directory = scratch();
    const first = await openRelay({ directory });
    const writer = connect(first.url, 'room');
    await writer.synced();
    for (let at = 0; at < 50; at += 1) writer.doc.getArray('a').push([at]);
    const reader = connect(first.url, 'room');
    await until(reader, () => reader.doc.getArray('a').length === 50);
    writer.close();
    reader.close();
    await first.close();

    const second = await openRelay({ directory });
    const doc = new Doc();
    const again = connect(second.url, 'room', doc);
    await again.synced();
    expect(doc.getArray('a').toArray()).toEqual(Array.from({ length: 50 }, (_, at) => at));
  });

  it('RLY-5: stock clients that come back upload no structs', async () => {
    const relay = await openRelay();
    const clients = Array.from({ length: 20 }, () =>
      connect(relay.url, 'room', new Doc(), { WebSocketPolyfill: Heard }),
    );
    await Promise.all(clients.map((client) => client.synced()));
    for (const [at, { doc }] of clients.entries()) doc.getMap('m').set(String(at), at);
    await Promise.all(clients.map((client) => until(client, () => client.doc.getMap('m').size === 20)));
    for (const { provider } of clients) provider.disconnect();
    Heard.sent.length = 0;
    for (const { provider } of clients) provider.connect();
    await Promise.all(clients.map((client) => client.synced()));
    // Each asks, and answers with nothing.
    await Promise.all(clients.map((client) => answered(client)));
    const updates = Heard.sent.filter((bytes) => bytes[0] === 0 && bytes[1] !== 0);
    expect(updates.map((bytes) => [...bytes])).toEqual(new Array(20).fill([0, 1, 2, 0, 0]));
  });

  it('RLY-7: a stock client that stops reading catches up when it reads again', async () => {
    const relay = await openRelay({ limits: { buffered: 64 * 1024 } });
    const writer = connect(relay.url, 'room');
    const slow = connect(relay.url, 'room');
    await Promise.all([writer.synced(), slow.synced()]);
    const socket = slow.provider.ws as unknown as WebSocket;
    socket.pause();
    const text = writer.doc.getText('t');
    const quick = connect(relay.url, 'room');
    await quick.synced();
    const lagged = async (): Promise<boolean> => {
      const metrics = await (await fetch(`${relay.url.replace('ws', 'http')}/metrics`)).text();
      return /^coterie_room_lagged_total [1-9]/m.test(metrics);
    };
    for (let at = 1; at <= 400 && !(await lagged()); at += 1) {
      text.insert(0, 'a'.repeat(100_000));
      await until(quick, () => quick.doc.getText('t').length === at * 100_000);
    }
    expect(await lagged()).toBe(true);
    writer.doc.getMap('m').set('end', true);
    socket.resume();
    await until(slow, () => slow.doc.getMap('m').has('end'));
    expect(slow.doc.getText('t').length).toBe(text.length);
    expect(same(slow.doc, writer.doc)).toBe(true);
  });

  it('RLY-8: the stock client hears something before it would hang up', async () => {
    const relay = await openRelay({ limits: { round: 20 } });
    const socket = await bare(`${relay.url}/room`);
    await socket.message((bytes) => Buffer.from([1, 1, 0]).equals(bytes));
  });
});

/** Keeps what all of them send. */
class Heard extends WebSocket {
  static readonly sent: Buffer[] = [];
  override send(data: Uint8Array): void {
    Heard.sent.push(Buffer.from(data));
    super.send(data);
  }
}

/** Resolves when the relay has read what the client said before: it answers in order. */
async function answered({ provider }: Client): Promise<void> {
  const socket = provider.ws as unknown as WebSocket;
  socket.ping();
  await once(socket, 'pong');
}
