import { describe, expect, it } from 'vitest';
import { closeCodes } from '../../schemas/protocol.ts';
import type { ControlMessage } from '../../src/sync/wire.ts';
import { openPeer, type Peer } from './peer.ts';

const digest = 'a'.repeat(26);
const emptyVector = new Uint8Array([0]);
const emptyUpdate = new Uint8Array([0, 0]);

type Segments = Extract<ControlMessage, { type: 'segments' }>;

const asked = (log: string, from: number, to: number, numbers: readonly number[]): Segments => ({
  type: 'segments',
  log,
  told: 'asked',
  from,
  to,
  segments: numbers.map((n) => ({ n, digest, split: false })),
});

/** A side that dialled and asked for the inventory. */
async function asking(): Promise<Peer> {
  const peer = openPeer({ role: 'dial' });
  await peer.source.write('tasks', 1);
  await peer.meet();
  expect(peer.control('logs')).toHaveLength(1);
  return peer;
}

/** Lets a while pass in which the peer says this. */
async function pass(peer: Peer, seconds: number, say: () => Promise<void>): Promise<void> {
  for (let at = 0; at < seconds && !peer.closed; at += 10) {
    await peer.clock.run(10_000);
    if (!peer.closed) await peer.say({ type: 'ping', number: at });
    if (!peer.closed) await say();
  }
}

describe('the answer to an inventory', () => {
  it('SYN-9: comes when it was asked for, once', async () => {
    const peer = await asking();
    await peer.say(asked('memory', 1, 0, []));
    await peer.say({ type: 'listed' });
    expect(peer.closed).toBeUndefined();
    await peer.say(asked('tasks', 1, 0, []));
    expect(peer.closed?.code).toBe(closeCodes.malformed);

    const twice = await asking();
    await twice.say({ type: 'listed' });
    await twice.say({ type: 'listed' });
    expect(twice.closed?.code).toBe(closeCodes.malformed);
  });

  const bad: readonly (readonly [string, readonly Segments[]])[] = [
    ['a log twice', [asked('tasks', 1, 0, []), asked('tasks', 1, 0, [])]],
    ['the members log twice', [asked('members', 1, 0, []), asked('members', 1, 0, [])]],
    ['logs out of order', [asked('tasks', 1, 0, []), asked('memory', 1, 0, [])]],
    ['ranges that overlap', [asked('tasks', 1, 5, [1, 5]), asked('tasks', 5, 0, [5])]],
    ['ranges with something between', [asked('tasks', 1, 5, [1, 5]), asked('tasks', 7, 0, [7])]],
    ['another log before the end of one', [asked('memory', 1, 5, [1, 5]), asked('tasks', 1, 0, [])]],
    ['a range that does not begin at the first', [asked('tasks', 2, 0, [])]],
    ['a range that ends before it begins', [asked('tasks', 1, 9, [9]), asked('tasks', 10, 9, [])]],
    ['a segment twice', [asked('tasks', 1, 0, [3, 3])]],
    ['segments out of order', [asked('tasks', 1, 0, [3, 2])]],
    ['a segment that is outside of the range', [asked('tasks', 1, 5, [6])]],
    ['a segment of number 0', [asked('tasks', 1, 0, [0])]],
    ['a segment that no log has', [asked('tasks', 1, 0, [10_000_001])]],
  ];
  it.each(bad)('SYN-12: %s closes 4400', async (_name, messages) => {
    const peer = await asking();
    for (const message of messages.slice(0, -1)) await peer.say(message);
    expect(peer.closed).toBeUndefined();
    await peer.say(messages.at(-1)!);
    expect(peer.closed?.code).toBe(closeCodes.malformed);
  });

  it('SYN-12: comes in ranges, the members log before those of its range of names', async () => {
    const peer = await asking();
    for (const message of [
      asked('channel.a', 1, 0, [1]),
      asked('members', 1, 2, [1, 2]),
      asked('members', 3, 0, [3]),
      asked('memory', 1, 0, [7]),
    ])
      await peer.say(message);
    await peer.say({ type: 'listed' });
    expect(peer.closed).toBeUndefined();
  });

  it('SYN-25: of more than 65,536 documents that differ the others wait for the next inventory', async () => {
    const peer = await asking();
    for (let range = 0; range < 10; range++) {
      const numbers = Array.from({ length: 20_000 }, (_, i) => 1 + range * 20_000 + i);
      await peer.say(asked('tasks', numbers[0]!, range === 9 ? 0 : numbers.at(-1)!, numbers));
    }
    await peer.say({ type: 'listed' });
    expect(peer.closed).toBeUndefined();
    expect(peer.session.status().syncing).toBe(65_536 + 8);
  });
});

describe('what the side that dialled lists', () => {
  const logs = (after: string, to: string) => ({ type: 'logs', after, to, logs: [] }) as const;

  it('SYN-12: in ranges that do not follow each other closes 4400', async () => {
    for (const messages of [
      [logs('b', '')],
      [logs('', 'b'), logs('c', '')],
      [logs('', 'b'), logs('b', 'a')],
    ]) {
      const peer = openPeer();
      await peer.meet();
      for (const message of messages) await peer.say(message);
      expect(peer.closed?.code).toBe(closeCodes.malformed);
    }
  });

  it('SYN-25: of more than 160,000 names that wait for an answer the session is dropped', async () => {
    const peer = openPeer();
    await peer.meet();
    // This side is slow.
    peer.source.logs = () => new Promise(() => undefined);
    const names = Array.from({ length: 1000 }, () => ['tasks', digest] as const);
    for (let at = 0; at < 159; at++) await peer.say({ type: 'logs', after: '', to: '', logs: names });
    expect(peer.closed).toBeUndefined();
    await peer.say({ type: 'logs', after: '', to: '', logs: names });
    expect(peer.closed?.code).toBe(closeCodes.busy);
  });
});

describe('a peer that says a lot, and not what it was asked for', () => {
  it('SYN-10: is dropped with 4408, whatever else it says', async () => {
    const peer = await asking();
    const heard = { type: 'segments', log: 'tasks', told: 'heard', from: 1, to: 1 } as const;
    await pass(peer, 120, () => peer.say({ ...heard, segments: [{ n: 1, digest, split: false }] }));
    expect(peer.closed).toEqual({ code: closeCodes.silent, reason: 'what was asked is not answered' });
  });

  it('SYN-10: is dropped, too, when something of it waits for what it does not send', async () => {
    const peer = openPeer();
    await peer.meet();
    await peer.say({ type: 'name', alias: 1, document: 'log/tasks/1' });
    peer.source.receive = async () => ({ ok: true, keys: [], parked: 1, released: 0 });
    await peer.sayOf(1, { type: 'update', update: emptyUpdate });
    await pass(peer, 120, () =>
      peer.sayOf(1, { type: 'digest', digest, entries: 1, split: false, stored: 0, ask: false }),
    );
    expect(peer.closed).toEqual({ code: closeCodes.silent, reason: 'what was asked is not answered' });
  });

  it('SYN-10: and never stores what it is sent is dropped after two to three minutes', async () => {
    for (const stores of [false, true]) {
      const peer = openPeer();
      await peer.meet();
      await peer.say({ type: 'name', alias: 1, document: 'log/tasks/1' });
      await peer.sayOf(1, { type: 'step1', stateVector: emptyVector });
      await peer.sayOf(1, { type: 'step2', update: emptyUpdate });
      expect(peer.session.status()).toMatchObject({ sent: 1, stored: 0 });
      await pass(peer, 100, async () => undefined);
      expect(peer.closed).toBeUndefined();
      if (stores) await peer.say({ type: 'stored', count: 1 });
      await pass(peer, 100, async () => undefined);
      expect(peer.closed?.reason).toBe(stores ? undefined : 'what was sent is not stored');
    }
  });
});
