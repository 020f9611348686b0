import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { applyUpdate, Doc, encodeStateAsUpdate, Text } from 'yjs';
import type { OpenRelay } from '../../../relay/rooms/open-relay.ts';
import * as wire from '../../../relay/rooms/room/wire.ts';
import { peer, turns, world } from './fakes.ts';
import { bare, connect, openRelay, until } from './support.ts';

/** A raw connection on which the upgrade was asked for. */
async function raw(
  relay: OpenRelay,
  headers: Record<string, string> = {},
): Promise<{ tcp: Socket; head: string }> {
  const tcp = connectTcp(relay.port, '127.0.0.1');
  tcp.on('error', () => undefined);
  onTestFinished(() => void tcp.destroy());
  const all = {
    Host: `127.0.0.1:${relay.port}`,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': Buffer.alloc(16, 7).toString('base64'),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  tcp.write(`GET /room HTTP/1.1\r\n${lines.join('')}\r\n`);
  const [first] = (await once(tcp, 'data')) as [Buffer];
  return { tcp, head: first.toString('latin1') };
}

/** A frame of a client, masked with zeros. */
function frameOf(first: number, length: number[], payload: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.from([first, ...length]), Buffer.alloc(4), payload]);
}

const hostile: Record<string, Buffer> = {
  'a reserved bit': frameOf(0xc2, [0x81], Buffer.from([0])),
  'a reserved opcode': frameOf(0x83, [0x81], Buffer.from([0])),
  'a reserved control opcode': frameOf(0x8b, [0x80]),
  'a header of 101 MiB': frameOf(0x82, [0xff, 0, 0, 0, 0, 0x06, 0x50, 0, 0]),
  'a header of 2^63 bytes': frameOf(0x82, [0xff, 0x80, 0, 0, 0, 0, 0, 0, 0]),
  'a frame without a mask': Buffer.from([0x82, 1, 0]),
  'a continuation of nothing': frameOf(0x80, [0x81], Buffer.from([0])),
  'a fragmented ping': frameOf(0x09, [0x80]),
  'a long ping': frameOf(0x89, [0xfe, 1, 0], Buffer.alloc(256)),
  'a close with a bad code': frameOf(0x88, [0x82], Buffer.from([0, 1])),
  'text that is no UTF-8': frameOf(0x81, [0x82], Buffer.from([0xff, 0xfe])),
  'a text message': frameOf(0x81, [0x82], Buffer.from('hi')),
  'an empty message': frameOf(0x82, [0x80]),
  'half a frame, then nothing': Buffer.from([0x82, 0xff, 0, 0]),
};

async function stillWorks(relay: OpenRelay): Promise<void> {
  const one = connect(relay.url, 'room');
  const two = connect(relay.url, 'room');
  await Promise.all([one.synced(), two.synced()]);
  const word = `w${Math.random()}`;
  one.doc.getMap('works').set(word, true);
  await until(two, () => two.doc.getMap('works').get(word) === true);
  one.close();
  two.close();
}

function fuzz(): fc.Arbitrary<Uint8Array> {
  const doc = new Doc();
  doc.clientID = 7;
  doc.getText('t').insert(0, 'some text to mutate');
  doc.getMap('m').set('k', { deep: [1, 2, { a: null }] });
  doc.getText('t').delete(3, 4);
  const update = encodeStateAsUpdate(doc);
  const whole = [
    wire.update(update),
    wire.step2(update),
    wire.step1(new Uint8Array([0])),
    wire.awareness(wire.writeAwareness([{ client: 7, clock: 1, state: '{"a":1}' }])),
  ];
  const bytes = fc.uint8Array({ maxLength: 80 });
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 });
  const mutated = fc.tuple(fc.constantFrom(...whole), changes, fc.nat(3)).map(([base, changes, cut]) => {
    const copy = Uint8Array.from(base);
    for (const [at, value] of changes) copy[at % copy.length] = value;
    return cut === 0 ? copy.slice(0, copy.length - 1) : copy;
  });
  const updates = bytes.map((rest) => Uint8Array.from([0, 2, rest.length, ...rest]));
  return fc.oneof(bytes, updates, mutated);
}

const anything = fuzz();

/** Milliseconds of work of this process, only printed: a slow machine makes it longer, and its collector of memory. */
function busy(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

describe('frames that no client sends', () => {
  it.each(Object.entries(hostile))('RLY-10: %s ends its own socket and nothing else', async (name, bytes) => {
    const relay = await openRelay();
    const bystander = await bare(`${relay.url}/room`);
    const { tcp, head } = await raw(relay);
    expect(head).toMatch(/^HTTP\/1.1 101 /);
    tcp.resume();
    tcp.write(bytes);
    if (name.startsWith('half')) tcp.end();
    if (tcp.readyState !== 'closed') await once(tcp, 'close');
    await stillWorks(relay);
    expect(bystander.ws.readyState).toBe(WebSocket.OPEN);
  });

  it('RLY-10: a connection that is reset in the middle of the handshake is forgotten', async () => {
    const relay = await openRelay();
    for (let at = 0; at < 20; at += 1) {
      const tcp = connectTcp(relay.port, '127.0.0.1');
      tcp.on('error', () => undefined);
      tcp.write(
        `GET /room HTTP/1.1\r\nHost: 127.0.0.1:${relay.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`,
      );
      await once(tcp, 'connect');
      tcp.resetAndDestroy();
    }
    await stillWorks(relay);
  });

  it('RLY-10: messages that are cut off, or of a wrong kind, close their socket with 4400', async () => {
    const relay = await openRelay();
    const messages = [
      [],
      [0],
      [0, 0],
      [0, 1],
      [0, 9, 0],
      [0, 2, 200],
      [1],
      [1, 3, 1],
      [0x80],
      [0, 0, 2, 0xff, 0xff],
    ];
    for (const message of messages) {
      const one = await bare(`${relay.url}/room`);
      one.ws.send(Buffer.from(message));
      expect((await one.closed()).code, `[${message}]`).toBe(4400);
    }
    const one = await bare(`${relay.url}/room`);
    // Of types that nobody knows, and the read-only one of y-protocols: ignored.
    for (const type of [2, 7, 99, 121]) one.ws.send(Buffer.from([type, 1, 2, 3]));
    one.ws.send(wire.step1(new Uint8Array([0])));
    await one.message((bytes) => bytes[0] === 0 && bytes[1] === 1);
  });

  it('RLY-10: updates that cannot be read close their socket with 4422', async () => {
    const relay = await openRelay();
    for (const update of [[1], [1, 1, 5, 0], [0, 1, 1, 1], [255, 255, 255, 255, 15], [1, 1, 1, 0, 31, 0]]) {
      const one = await bare(`${relay.url}/room`);
      one.ws.send(wire.update(Uint8Array.from(update)));
      expect((await one.closed()).code, `[${update}]`).toBe(4422);
    }
    await stillWorks(relay);
  });

  it('RLY-10: what goes on from something that was removed closes its socket with 4422, and nothing else', async () => {
    const { join, counts, rooms } = world();
    const honest = await join(peer(), 'room');
    // The text in the map is removed, and with it what it held.
    const removed = new Doc();
    removed.clientID = 7;
    removed.getMap('m').set('k', new Text('abc'));
    removed.getMap('m').delete('k');
    honest.say(wire.update(encodeStateAsUpdate(removed)));
    const other = new Doc();
    other.clientID = 7;
    other.getText('t').insert(0, 'hello');
    const one = await join(peer(), 'room');
    one.say(wire.update(encodeStateAsUpdate(other)));
    await turns(20);
    expect(one.state.closed).toBe(4422);
    expect(honest.state.closed).toBeUndefined();
    expect(counts.failed).toBe(0);
    await rooms.close();
  });

  it('RLY-10: who writes on in what others removed meanwhile does no such thing', async () => {
    const { join, counts, rooms } = world();
    const here = new Doc();
    here.clientID = 7;
    const text = new Text('abc');
    here.getMap('m').set('k', text);
    const there = new Doc();
    applyUpdate(there, encodeStateAsUpdate(here));
    there.getMap('m').delete('k');
    text.insert(3, 'de');
    here.getText('t').insert(0, 'kept');
    const one = await join(peer(), 'room');
    one.say(wire.update(encodeStateAsUpdate(there)));
    one.say(wire.update(encodeStateAsUpdate(here)));
    await turns(20);
    expect(one.state.closed).toBeUndefined();
    expect(counts.refused).toBe(0);
    const reader = await join(peer(), 'room');
    expect(reader.doc.getText('t').toString()).toBe('kept');
    expect(reader.doc.getMap('m').has('k')).toBe(false);
    await rooms.close();
  });

  it('RLY-10: 10,000 messages of random bytes, and of mutated ones, crash nothing and harm nobody', async () => {
    const seed = Number(process.env['COTERIE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
    console.log(`COTERIE_SEED=${seed}`);
    const messages = fc.sample(anything, { numRuns: 10_000, seed });
    const { join, counts, rooms } = world();
    const honest = await join(peer(), 'fuzz');
    honest.doc.getText('kept').insert(0, 'kept');
    let one = await join(peer(), 'fuzz');
    let longest = 0;
    for (const [at, message] of messages.entries()) {
      const began = busy();
      one.say(message);
      if (at % 16 === 15) await turns(3);
      longest = Math.max(longest, busy() - began);
      if (one.state.closed !== undefined) one = await join(peer(), 'fuzz');
    }
    console.log(
      `malformed ${counts.malformed}, refused ${counts.refused}, lacking ${counts.lacking}, longest ${longest.toFixed(1)} ms`,
    );
    expect(counts.malformed).toBeGreaterThan(1_000);
    expect(counts.refused).toBeGreaterThan(100);
    expect(counts.failed).toBe(0);
    expect(honest.state.closed).toBeUndefined();
    const reader = await join(peer(), 'fuzz');
    expect(reader.doc.getText('kept').toString()).toBe('kept');
    await rooms.close();
  });

  it('RLY-10: the same over sockets', async () => {
    const seed = Number(process.env['COTERIE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
    console.log(`COTERIE_SEED=${seed}`);
    const messages = fc.sample(anything, { numRuns: 1_000, seed });
    const relay = await openRelay();
    const honest = connect(relay.url, 'room');
    await honest.synced();
    let sent = 0;
    while (sent < messages.length) {
      const one = await bare(`${relay.url}/room`);
      while (sent < messages.length && one.ws.readyState === WebSocket.OPEN) {
        one.ws.send(messages[sent] ?? '');
        sent += 1;
        if (sent % 4 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      one.ws.terminate();
    }
    expect(honest.provider.wsconnected).toBe(true);
    await stillWorks(relay);
  });
});

describe('who may connect', () => {
  it('RLY-13: a foreign Host or Origin is refused before any upgrade', async () => {
    const relay = await openRelay();
    const answers = async (headers: Record<string, string>) =>
      (await raw(relay, headers)).head.split('\r\n')[0];
    expect(await answers({})).toBe('HTTP/1.1 101 Switching Protocols');
    for (const origin of [`http://127.0.0.1:${relay.port}`, 'http://localhost:5173', 'http://[::1]:3000'])
      expect(await answers({ Origin: origin })).toBe('HTTP/1.1 101 Switching Protocols');
    for (const origin of ['https://evil.example', 'http://localhost.evil.example', 'null', 'http://10.0.0.1'])
      expect(await answers({ Origin: origin }), origin).toBe('HTTP/1.1 403 Forbidden');
    expect(await answers({ Host: `evil.example:${relay.port}` })).toBe('HTTP/1.1 403 Forbidden');
  });

  it('RLY-13: the subprotocol that comes back is never a token', async () => {
    const relay = await openRelay();
    const one = await bare(`${relay.url}/room`, ['token.secret', 'coterie']);
    expect(one.ws.protocol).toBe('coterie');
    const two = await bare(`${relay.url}/room`, ['coterie', 'coterie.stored', 'token.secret']);
    expect(two.ws.protocol).toBe('coterie.stored');
    const three = await bare(`${relay.url}/room`, ['theirs']);
    expect(three.ws.protocol).toBe('theirs');
    const only = await raw(relay, { 'Sec-WebSocket-Protocol': 'token.secret' });
    expect(only.head).not.toContain('secret');
  });

  it('RLY-13: a room whose name is too long, or no path, is refused', async () => {
    const relay = await openRelay();
    for (const [path, status] of [
      ['/%zz', 400],
      [`/${'x'.repeat(1_025)}`, 413],
    ] as const) {
      const ws = new WebSocket(`${relay.url}${path}`);
      ws.on('error', () => undefined);
      const [, response] = (await once(ws, 'unexpected-response')) as [unknown, { statusCode: number }];
      expect(response.statusCode).toBe(status);
      ws.terminate();
    }
  });
});
