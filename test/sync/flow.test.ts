import { describe, expect, it } from 'vitest';
import { closeCodes, muxProtocol } from '../../schemas/protocol.ts';
import { encodeDocument } from '../../src/sync/wire.ts';
import { join } from '../simulation/mesh.ts';
import { createNetwork } from '../simulation/network.ts';
import { runSeed } from '../support/storage.ts';
import { createMemorySource } from '../support/sync-source.ts';
import { openPeer, type Peer } from './peer.ts';

const document = 'log/tasks/1';
const emptyVector = new Uint8Array([0]);
const emptyUpdate = new Uint8Array([0, 0]);

/** A peer with one document that is live in both directions. */
async function live(): Promise<Peer> {
  const peer = openPeer();
  await peer.meet();
  await peer.say({ type: 'name', alias: 1, document });
  await peer.sayOf(1, { type: 'step1', stateVector: emptyVector });
  await peer.sayOf(1, { type: 'step2', update: emptyUpdate });
  return peer;
}

/** Updates as another replica makes them. */
async function updates(peer: Peer, count: number): Promise<Uint8Array[]> {
  const made: Uint8Array[] = [];
  peer.own.onUpdate(({ update }) => void made.push(update));
  for (let i = 0; i < count; i++) await peer.own.write('tasks', 1);
  return made;
}

describe('what is sent and acknowledged', () => {
  it('SYN-17: a step 1 is answered with what lies beyond it and a step 1, then with a digest', async () => {
    const peer = await live();
    expect(peer.document('step1')).toHaveLength(1);
    expect(peer.document('step2')).toHaveLength(1);
    expect(peer.document('digest')).toMatchObject([{ stored: 1, entries: 0, ask: false }]);
    expect(peer.control('stored')).toEqual([{ type: 'stored', count: 1 }]);
  });

  it('SYN-18: nothing is sent before it is durable', async () => {
    const peer = await live();
    peer.source.troubles.delay = 100;
    void peer.source.write('tasks', 1);
    await peer.clock.run(99);
    expect(peer.document('update')).toHaveLength(0);
    await peer.clock.run(1);
    expect(peer.document('update')).toHaveLength(1);
  });

  it('SYN-18: nothing is acknowledged before it is durable, and never out of order', async () => {
    const peer = await live();
    const [first, second] = (await updates(peer, 2)) as [Uint8Array, Uint8Array];
    peer.source.troubles.delay = 100;
    await peer.sayOf(1, { type: 'update', update: first });
    await peer.sayOf(1, { type: 'update', update: second });
    await peer.clock.run(99);
    expect(peer.control('stored')).toHaveLength(1);
    await peer.clock.run(1);
    expect(peer.control('stored').at(-1)?.count).toBe(2);
    await peer.clock.run(100);
    expect(peer.control('stored').at(-1)?.count).toBe(3);
    expect(peer.session.status()).toMatchObject({ received: 3 });
  });

  it('SYN-18: when this side cannot store, the session closes 4500 and nothing is acknowledged', async () => {
    const peer = await live();
    const [update] = (await updates(peer, 1)) as [Uint8Array];
    peer.source.troubles.storage = 'failing';
    await peer.sayOf(1, { type: 'update', update });
    expect(peer.closed?.code).toBe(closeCodes.failed);
    expect(peer.control('stored')).toHaveLength(1);
  });

  it('SYN-19: an update that the guard refuses closes 4422 and is told', async () => {
    const peer = await live();
    const [update] = (await updates(peer, 1)) as [Uint8Array];
    peer.source.troubles.refuse = () => 'a key twice';
    await peer.sayOf(1, { type: 'update', update });
    expect(peer.closed).toEqual({ code: closeCodes.refused, reason: 'a key twice' });
    expect(peer.events).toContainEqual({ type: 'refused', document, reason: 'a key twice' });
    expect(peer.source.document(document).size).toBe(0);
  });

  it('SYN-19: bytes that are no state vector close 4400', async () => {
    const peer = await live();
    await peer.sayOf(1, { type: 'step1', stateVector: new Uint8Array([255, 255, 255]) });
    expect(peer.closed?.code).toBe(closeCodes.malformed);
  });

  it('SYN-23: what is parked is not acknowledged until it was asked for again', async () => {
    const peer = await live();
    const [first, second] = (await updates(peer, 2)) as [Uint8Array, Uint8Array];
    await peer.sayOf(1, { type: 'update', update: second });
    expect(peer.control('stored').at(-1)?.count).toBe(1);
    await peer.clock.run(200);
    // It asks for what it lacks, and gets it.
    expect(peer.document('step1')).toHaveLength(2);
    await peer.sayOf(1, { type: 'step1', stateVector: emptyVector });
    await peer.sayOf(1, { type: 'update', update: first });
    await peer.sayOf(1, { type: 'step2', update: second });
    expect(peer.control('stored').at(-1)?.count).toBe(4);
    expect(peer.source.document(document).size).toBe(2);
  });

  it('SYN-24: a transport that is full gets no updates; the document lags and is begun again when it drained', async () => {
    const peer = await live();
    peer.wire.buffered = muxProtocol.congestedBytes + 1;
    await peer.source.write('tasks', 1);
    await peer.source.write('tasks', 1);
    expect(peer.document('update')).toHaveLength(0);
    expect(peer.session.status()).toMatchObject({ lagging: true, syncing: 1 });
    expect(peer.events.at(-1)).toEqual({ type: 'lagging', documents: 1 });
    // Nor are questions answered that cost as much.
    await peer.sayOf(1, { type: 'step1', stateVector: emptyVector });
    expect(peer.document('step2')).toHaveLength(1);
    peer.wire.buffered = 0;
    peer.session.drained();
    await peer.clock.run(0);
    expect(peer.document('step2')).toHaveLength(2);
    expect(peer.document('step1').length).toBeGreaterThan(1);
    expect(peer.session.status().lagging).toBe(false);
  });

  it('SYN-24: a slow reader never makes more than a few megabytes wait, and has everything in the end', async () => {
    const network = createNetwork({ seed: runSeed() });
    const make = (name: string) =>
      join(network, name, createMemorySource({ name, segmentSize: 100_000, ...network }));
    const [a, b] = [make('a'), make('b')];
    const connection = await b.dial('a');
    await a.source.write('tasks', 1);
    await network.run(1000);
    expect(b.source.document(document).size).toBe(1);
    connection?.hold('b');
    let most = 0;
    for (let i = 0; i < 60; i++) {
      await a.source.write('tasks', 200);
      most = Math.max(most, network.waiting('a', 'b'));
    }
    expect(most).toBeGreaterThan(muxProtocol.congestedBytes);
    expect(most).toBeLessThan(muxProtocol.congestedBytes + 2 * muxProtocol.updateBytes);
    expect(a.events).toContainEqual(expect.objectContaining({ type: 'lagging', documents: 1 }));
    connection?.release('b');
    expect(await network.until(() => b.source.document(document).size === 12_001, 20_000)).toBe(true);
    expect(a.events.at(-1)?.type).not.toBe('closed');
  }, 60_000);

  it('SYN-25: more than 16 MiB that are not stored yet pause the transport', async () => {
    const peer = await live();
    peer.source.troubles.delay = 1000;
    const update = new Uint8Array(muxProtocol.updateBytes);
    // Sixteen of them would still do; what they hold is looked at once it is their turn.
    peer.source.receive = () =>
      new Promise(
        (resolve) =>
          void peer.clock.timer(() => resolve({ ok: true, keys: [], parked: 0, released: 0 }), 1000),
      );
    for (let i = 0; i < 16; i++) await peer.sayOf(1, { type: 'update', update });
    expect(peer.wire.paused).toBe(false);
    await peer.sayOf(1, { type: 'update', update });
    expect(peer.wire.paused).toBe(true);
    await peer.clock.run(2000);
    expect(peer.wire.paused).toBe(false);
    expect(peer.control('stored').at(-1)?.count).toBe(18);
  });

  it('SYN-25: messages that wait to be stored are counted, whatever is in them', async () => {
    const peer = await live();
    peer.source.take = () =>
      new Promise(
        (resolve) =>
          void peer.clock.timer(() => resolve({ ok: true, keys: [], parked: 0, released: 0 }), 100),
      );
    const frame = encodeDocument(1, { type: 'entries', last: true, entries: [] });
    const say = (count: number): void => {
      for (let i = 0; i < count; i++) peer.session.receive(frame);
    };
    say(16_384);
    expect(peer.wire.paused).toBe(false);
    say(1);
    expect(peer.wire.paused).toBe(true);
    // Sixty-four at a time are stored; half of them is gone after 13 s.
    await peer.clock.run(12_000);
    expect(peer.wire.paused).toBe(true);
    await peer.clock.run(2000);
    expect(peer.wire.paused).toBe(false);
    await peer.clock.run(14_000);
    expect(peer.control('stored').at(-1)?.count).toBe(1 + 16_385);
    say(2 * 16_384);
    expect(peer.closed).toBeUndefined();
    say(1);
    expect(peer.closed?.code).toBe(closeCodes.busy);
  });

  it('SYN-26: an update over 1 MiB is sent in parts, the last of a step 2 as step 2', async () => {
    const network = createNetwork({ seed: runSeed() });
    const make = (name: string) =>
      join(network, name, createMemorySource({ name, segmentSize: 100_000, ...network }));
    const [a, b] = [make('a'), make('b')];
    await a.source.write('tasks', 6000);
    expect(a.source.document(document).encode().length).toBeGreaterThan(2 * muxProtocol.updateBytes);
    await b.dial('a');
    expect(await network.until(() => b.source.document(document).size === 6000, 10_000)).toBe(true);
    expect(a.links.sessions()[0]!.status().sent).toBeGreaterThan(2);
    // A live one, too.
    await a.source.write('tasks', 6000);
    expect(await network.until(() => b.source.document(document).size === 12_000, 10_000)).toBe(true);
  }, 60_000);
});
