import { describe, expect, it } from 'vitest';
import type { Entry, Hash } from '../../schemas/index.ts';
import { closeCodes } from '../../schemas/protocol.ts';
import { createWriter, documentName } from '../../src/log/index.ts';
import { encodeDocument } from '../../src/sync/wire.ts';
import { join, type MeshNode } from '../simulation/mesh.ts';
import { createNetwork } from '../simulation/network.ts';
import { runSeed } from '../support/storage.ts';
import { createMemorySource, type MemorySource } from '../support/sync-source.ts';
import { openPeer, type Peer } from './peer.ts';

const document = 'log/tasks/1';

async function setUp(count: number) {
  const network = createNetwork({ seed: runSeed() });
  const make = (name: string): MeshNode<MemorySource> =>
    join(network, name, createMemorySource({ name, ...network }));
  const writer = createMemorySource({ name: 'writer', ...network });
  await writer.write('tasks', count);
  const entries = [...writer.document(document).entries()];
  return { network, a: make('a'), b: make('b'), entries };
}

/** The same clientID and clocks with other entries, as after an accident or an attack: equal state vectors. */
const clash = (entries: readonly (readonly [Hash, Entry])[]): Uint8Array =>
  createWriter({ clientID: 77 }).encode(entries);

describe('repair by key', () => {
  it('SYN-20: with equal state vectors and other keys, each side gets what it lacks', async () => {
    const { network, a, b, entries } = await setUp(6);
    a.source.plant(document, clash(entries.slice(0, 3)));
    b.source.plant(document, clash(entries.slice(3)));
    expect(a.source.document(document).stateVector()).toEqual(b.source.document(document).stateVector());
    await b.dial('a');
    await network.run(5000);
    for (const { source } of [a, b])
      expect([...source.document(document).keys()].sort()).toEqual(entries.map(([key]) => key).sort());
    expect(a.source.asked.keys).toBeGreaterThan(0);
    expect(await a.source.root()).toEqual(await b.source.root());
    expect(b.links.status().peers).toMatchObject([{ state: 'live', syncing: 0 }]);
  });

  it('SYN-20: a missing body is restored', async () => {
    const { network, a, b, entries } = await setUp(2);
    a.source.plant(document, clash(entries));
    b.source.plant(document, clash(entries.map(([key, { header, sig }]) => [key, { header, sig }])));
    await b.dial('a');
    await network.run(5000);
    for (const [key] of entries) expect(b.source.document(document).get(key)?.body).toBeDefined();
    expect(await a.source.root()).toEqual(await b.source.root());
  });

  it('SYN-21: three rounds, then a pause; a document that cannot be made equal is tried again and told of', async () => {
    const { network, a, b, entries } = await setUp(2);
    a.source.plant(document, clash(entries));
    // This one knows a redact that the other has not: it takes no text.
    const redacted = entries.map(([key, { header, sig }]) => [key, { header, sig, redacted: key }] as const);
    b.source.plant(document, clash(redacted));
    await b.dial('a');
    await network.run(10_000);
    // Twice in a round: to tell its own, and to compare the other's.
    expect(b.source.asked.keys).toBe(6);
    const told = b.events.filter(({ type }) => type === 'unequal');
    expect(told).toHaveLength(1);
    await network.run(70_000);
    expect(b.source.asked.keys).toBeGreaterThan(6);
    expect(b.source.asked.keys).toBeLessThanOrEqual(18);
    // What is not known to be shown there is not settled.
    await expectUnsettled(network, a);
  });

  it('SYN-22: a key that is taken three times and does not stay marks the document as split, synced by key from then on', async () => {
    const { network, a, b, entries } = await setUp(6);
    a.source.plant(document, clash(entries.slice(0, 4)));
    b.source.plant(document, clash([...entries.slice(0, 2), ...entries.slice(4)]));
    // The set does not take.
    b.source.take = async (_document, taken) => ({
      ok: true,
      keys: taken.map(([key]) => key),
      parked: 0,
      released: 0,
    });
    await b.dial('a');
    await network.run(30_000);
    expect([...b.source.splits]).toEqual([document]);
    const diffs = a.source.asked.diffs + b.source.asked.diffs;
    await network.run(100_000);
    expect(a.source.asked.diffs + b.source.asked.diffs).toBe(diffs);
  });

  it('SYN-25: a peer that begins repairs and ends none is dropped', async () => {
    const peer = openPeer();
    await peer.meet();
    expect(await leave(peer, 10_000)).toBe(4097);
    expect(peer.closed?.code).toBe(closeCodes.busy);
  });
});

it('SYN-25: keys that wait for an answer are counted, not the messages that name them alone', async () => {
  const peer = openPeer();
  await peer.meet();
  // This side is slow.
  peer.source.keys = () => new Promise(() => undefined);
  const keys = Array.from({ length: 4096 }, () => ['a'.repeat(26), true] as const);
  const frame = encodeDocument(1, { type: 'keys', last: false, keys });
  await peer.say({ type: 'name', alias: 1, document });
  for (let n = 0; n < 390; n++) await peer.raw(frame);
  expect(peer.closed).toBeUndefined();
  await peer.raw(frame);
  expect(peer.closed?.code).toBe(closeCodes.busy);
});

it('SYN-25: what was answered counts no more', async () => {
  const peer = openPeer();
  await peer.meet();
  const keys = Array.from({ length: 4096 }, () => 'a'.repeat(26));
  const frame = encodeDocument(1, { type: 'want', keys });
  await peer.say({ type: 'name', alias: 1, document });
  for (let n = 0; n < 400; n++) await peer.raw(frame);
  expect(peer.closed).toBeUndefined();
});

describe('a want', () => {
  async function wanting(buffered = 0) {
    const peer = openPeer();
    await peer.source.write('tasks', 150, 1);
    const asked: number[] = [];
    const { entries } = peer.source;
    peer.source.entries = (name, keys) => {
      asked.push(keys.length);
      return entries(name, keys);
    };
    await peer.meet();
    await peer.say({ type: 'name', alias: 1, document });
    peer.wire.buffered = buffered;
    return { peer, asked, keys: (await peer.source.keys(document)).map(([key]) => key) };
  }

  it('SYN-20: is answered once for a key that it names a thousand times', async () => {
    const { peer, keys } = await wanting();
    const [key = ''] = keys;
    await peer.sayOf(1, { type: 'want', keys: Array.from({ length: 1000 }, () => key) });
    const answers = peer.document('entries');
    expect(answers.map(({ entries }) => entries.length)).toEqual([1]);
    expect(answers.map(({ last }) => last)).toEqual([true]);
  });

  it('SYN-20: of much is read and sent in parts, the last of which says so', async () => {
    const { peer, asked, keys } = await wanting();
    await peer.sayOf(1, { type: 'want', keys });
    expect(asked).toEqual([64, 64, 22]);
    const answers = peer.document('entries');
    expect(answers.flatMap(({ entries }) => entries.map(([key]) => key))).toEqual(keys);
    expect(answers.map(({ last }) => last)).toEqual([...answers.slice(1).map(() => false), true]);
  });

  it('SYN-24: is not read for whoever does not read the answers', async () => {
    const { peer, asked, keys } = await wanting(5 * 2 ** 20);
    await peer.sayOf(1, { type: 'want', keys });
    expect(asked).toEqual([]);
    peer.wire.buffered = 0;
    peer.session.drained();
    await peer.clock.run(0);
    expect(asked).toEqual([64, 64, 22]);
    expect(peer.document('entries').at(-1)?.last).toBe(true);
  });
});

describe('keys in several messages', () => {
  it('SYN-20: of more than 4,096 go in several, each answered; only after the last is a round over', async () => {
    const peer = openPeer();
    peer.source.keys = async () => many;
    const many = Array.from({ length: 10_000 }, () => ['a'.repeat(26), true] as const);
    await peer.meet();
    await peer.say({ type: 'name', alias: 1, document });
    await peer.sayOf(1, { type: 'keys', last: false, keys: [['a'.repeat(26), true]] });
    expect(peer.document('want').map(({ keys }) => keys)).toEqual([[]]);
    const pages = peer.document('keys');
    expect(pages.map(({ keys, last }) => [keys.length, last])).toEqual([
      [4096, false],
      [4096, false],
      [1808, true],
    ]);
    const other = `b${'a'.repeat(25)}`;
    await peer.sayOf(1, { type: 'keys', last: true, keys: [[other, true]] });
    expect(peer.document('want').map(({ keys }) => keys)).toEqual([[], [other]]);
    // The keys of this side are told once a round.
    expect(peer.document('keys')).toHaveLength(3);
  });

  it('SYN-3: more than 4,096 in one, or 1,000 logs, is refused', async () => {
    for (const over of [0, 1]) {
      const peer = openPeer();
      await peer.meet();
      await peer.say({ type: 'name', alias: 1, document });
      const keys = Array.from({ length: 4096 + over }, () => ['a'.repeat(26), true] as const);
      await peer.sayOf(1, { type: 'keys', last: true, keys });
      expect(peer.closed?.code).toBe(over ? closeCodes.malformed : undefined);
    }
    for (const over of [0, 1]) {
      const peer = openPeer();
      await peer.meet();
      const logs = Array.from({ length: 1000 + over }, (_, i) => [`channel.${i}`, 'a'.repeat(26)] as const);
      await peer.say({ type: 'logs', after: '', to: '', logs });
      expect(peer.closed?.code).toBe(over ? closeCodes.malformed : undefined);
    }
  });

  it('SYN-20: documents of 9,000 keys that lack each a third of the other become equal', async () => {
    const { network, a, b, entries } = await setUp(9000);
    a.source.plant(document, clash(entries.slice(0, 6000)));
    b.source.plant(document, clash(entries.slice(3000)));
    await b.dial('a');
    await network.run(20_000);
    expect([...a.source.document(document).keys()]).toHaveLength(9000);
    expect(await a.source.root()).toEqual(await b.source.root());
    expect(b.links.status().peers).toMatchObject([{ state: 'live', syncing: 0 }]);
  }, 60_000);
});

/** Begins a repair of each document, and closes it without a word of its digest. */
async function leave(peer: Peer, count: number): Promise<number> {
  for (let n = 1; n <= count; n++) {
    await peer.say({ type: 'name', alias: n, document: documentName('tasks', n) });
    await peer.sayOf(n, { type: 'keys', last: true, keys: [] });
    await peer.sayOf(n, { type: 'want', keys: [] });
    await peer.say({ type: 'close', alias: n });
    if (peer.closed) return n;
  }
  return count;
}

async function expectUnsettled(network: ReturnType<typeof createNetwork>, node: MeshNode): Promise<void> {
  const settled = node.links.settled({ peers: 1, timeoutMs: 5000 });
  await network.run(5001);
  expect(await settled).toEqual({ stored: [], enough: false });
}
