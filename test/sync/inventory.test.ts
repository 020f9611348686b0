import { describe, expect, it } from 'vitest';
import { closeCodes } from '../../schemas/protocol.ts';
import { documentName } from '../../src/log/index.ts';
import { join } from '../simulation/mesh.ts';
import { createNetwork } from '../simulation/network.ts';
import { runSeed } from '../support/storage.ts';
import { createMemorySource } from '../support/sync-source.ts';
import { openPeer } from './peer.ts';

const pair = (segmentSize = 10) => {
  const network = createNetwork({ seed: runSeed() });
  const make = (name: string) => join(network, name, createMemorySource({ name, segmentSize, ...network }));
  return { network, a: make('a'), b: make('b') };
};

describe('the inventory', () => {
  it('SYN-11: 3,000 segments that are equal cost under 1 KB, both directions together', async () => {
    const { network, a, b } = pair(1);
    for (let n = 1; n <= 3000; n++) {
      await a.source.write('tasks', 1);
      const document = documentName('tasks', n);
      b.source.plant(document, a.source.document(document).encode());
    }
    await b.dial('a');
    expect(await network.until(() => b.links.status().peers[0]?.equal === true, 5000)).toBe(true);
    const bytes = network.bytes('a', 'b') + network.bytes('b', 'a');
    console.info(`3,000 equal segments: ${bytes} bytes`);
    expect(bytes).toBeLessThan(1024);
    expect(a.links.sessions()[0]!.status().open).toBe(0);
  }, 60_000);

  it('SYN-12: of 300 segments the one that differs is exchanged, and no other', async () => {
    const { network, a, b } = pair(1);
    for (let n = 1; n <= 300; n++) {
      await a.source.write('tasks', 1);
      const document = documentName('tasks', n);
      b.source.plant(document, a.source.document(document).encode());
    }
    await a.source.write('tasks', 1, 150);
    await b.dial('a');
    await network.run(5000);
    expect(await b.source.root()).toEqual(await a.source.root());
    expect(b.source.arrivals).toEqual(['log/tasks/150']);
    expect(a.source.asked.diffs).toBe(1);
  });

  it('SYN-12: of 2,500 logs, in three messages, the ones that differ are exchanged on both sides', async () => {
    const { network, a, b } = pair();
    const id = (n: number): string => n.toString(4).replaceAll(/./g, (digit) => 'abcd'[Number(digit)] ?? '');
    for (let n = 0; n < 2500; n++)
      await (n % 2 === 0 ? a : b).source.write(`channel.${id(n).padStart(25, 'a')}a`, 1);
    await b.dial('a');
    expect(await network.until(() => b.links.status().peers[0]?.state === 'live', 100_000)).toBe(true);
    expect((await b.source.logs()).length).toBe(2500);
    expect(await b.source.root()).toEqual(await a.source.root());
  }, 60_000);

  it('SYN-13: who joins gets the members log first, then the newest segments, the oldest last', async () => {
    const { network, a, b } = pair(5);
    await a.source.write('tasks', 5, 1);
    for (let n = 1; n <= 3; n++) await a.source.write('members', 5, n);
    for (let n = 1; n <= 30; n++) {
      await a.source.write('tasks', 5, n);
      await a.source.write('memory', 5, n);
    }
    await b.dial('a');
    expect(await network.until(() => b.links.status().peers[0]?.state === 'live', 20_000)).toBe(true);
    expect(await b.source.root()).toEqual(await a.source.root());
    const { arrivals } = b.source;
    expect(arrivals.slice(0, 3).sort()).toEqual(['log/members/1', 'log/members/2', 'log/members/3']);
    const next = arrivals.slice(3, 11);
    expect(next).toContain('log/tasks/30');
    expect(next).toContain('log/memory/30');
    expect(arrivals.slice(-8)).toContain('log/tasks/1');
    expect(arrivals.slice(-8)).toContain('log/memory/1');
    // Cold documents are closed once they are equal; the newest stay.
    await network.run(1000);
    for (const { links } of [a, b]) expect(links.sessions()[0]!.status().open).toBeLessThanOrEqual(3);
  });

  it('SYN-13: at most eight documents at a time are begun', async () => {
    const peer = openPeer({ role: 'dial' });
    for (let n = 1; n <= 20; n++) await peer.source.write('tasks', 1, n);
    await peer.meet();
    expect(peer.control('logs')).toHaveLength(1);
    await peer.say({ type: 'segments', log: 'tasks', told: 'asked', from: 1, to: 0, segments: [] });
    expect(peer.control('name').map(({ document }) => document)).toEqual(
      [20, 19, 18, 17, 16, 15, 14, 13].map((n) => documentName('tasks', n)),
    );
    expect(peer.document('step1')).toHaveLength(8);
  });

  it('SYN-14: of a marks log the newest segment of either side alone is exchanged', async () => {
    const { network, a, b } = pair(1);
    const log = `marks.${'a'.repeat(26)}`;
    for (let n = 1; n <= 3; n++) await a.source.write(log, 1, n);
    await b.source.write(log, 1, 2);
    await b.dial('a');
    await network.run(3000);
    expect(new Set(b.source.arrivals)).toEqual(new Set([documentName(log, 2), documentName(log, 3)]));
    expect(a.source.document(documentName(log, 2)).size).toBe(2);
    expect(b.source.document(documentName(log, 1)).size).toBe(0);
    expect((await a.source.root()).marks).toBe((await b.source.root()).marks);
  });

  it('SYN-15: a late write to a cold segment is heard by the other side, and the segment closed again', async () => {
    const { network, a, b } = pair(2);
    for (let n = 1; n <= 4; n++) await a.source.write('tasks', 2, n);
    await b.dial('a');
    await network.run(3000);
    const [session] = a.links.sessions();
    expect(session!.status().open).toBeLessThanOrEqual(1);
    const before = network.now();
    await b.source.write('tasks', 1, 1);
    const same = (): boolean => a.source.document('log/tasks/1').size === 3;
    expect(await network.until(same, 1000)).toBe(true);
    expect(network.now() - before).toBeGreaterThanOrEqual(50);
    await network.run(1000);
    expect(session!.status()).toMatchObject({ syncing: 0, equal: expect.any(Boolean) });
    expect(session!.status().open).toBeLessThanOrEqual(1);
  });

  it('SYN-15: who hears of a document that it has says so, once', async () => {
    const peer = openPeer();
    await peer.source.write('tasks', 1, 1);
    await peer.source.write('tasks', 1, 2);
    await peer.meet();
    const { digest } = await peer.source.digest('log/tasks/1');
    const heard = { type: 'segments', log: 'tasks', told: 'changed', from: 1, to: 1 } as const;
    await peer.say({ ...heard, segments: [{ n: 1, digest, split: false }] });
    expect(peer.control('segments')).toHaveLength(1);
    expect(peer.control('segments')).toMatchObject([{ told: 'heard' }]);
    // The answer to what this side tells is not answered again, however often it comes.
    await peer.source.write('tasks', 1, 1);
    await peer.clock.run(60);
    expect(peer.control('segments')).toHaveLength(2);
    expect(peer.control('segments')[1]).toMatchObject({ told: 'changed' });
    for (let at = 0; at < 3; at++) await peer.say({ ...peer.control('segments')[1]!, told: 'heard' });
    expect(peer.control('segments')).toHaveLength(2);
    expect(peer.session.status().syncing).toBe(0);
  });

  it('SYN-15: an answer to an earlier digest is not taken for one to the present', async () => {
    const peer = openPeer();
    await peer.source.write('tasks', 1, 1);
    await peer.source.write('tasks', 1, 2);
    await peer.meet();
    for (let at = 0; at < 2; at++) {
      await peer.source.write('tasks', 1, 1);
      await peer.clock.run(60);
    }
    const [first, second] = peer.control('segments');
    await peer.say({ ...first!, told: 'heard' });
    expect(peer.session.status().syncing).toBe(1);
    await peer.say({ ...second!, told: 'heard' });
    expect(peer.session.status().syncing).toBe(0);
    expect(peer.control('segments')).toHaveLength(2);
  });

  it('SYN-15: so many documents are told at a time, and the next when those are heard', async () => {
    const peer = openPeer();
    for (let n = 1; n <= 1101; n++) await peer.source.write('tasks', 1, n);
    await peer.meet();
    const update = new Uint8Array([0, 0]);
    for (let n = 1; n <= 1100; n++)
      peer.session.update({ document: documentName('tasks', n), update, origin: undefined });
    await peer.clock.run(1000);
    const told = peer.control('segments');
    expect(told).toHaveLength(1024);
    for (const message of told.slice(0, 50)) await peer.say({ ...message, told: 'heard' });
    await peer.clock.run(1000);
    expect(peer.control('segments')).toHaveLength(1074);
    for (const message of told.slice(50)) await peer.say({ ...message, told: 'heard' });
    await peer.clock.run(1000);
    const all = peer.control('segments');
    expect(new Set(all.map(({ from }) => from)).size).toBe(1100);
    for (const message of all.slice(1024)) await peer.say({ ...message, told: 'heard' });
    expect(all).toHaveLength(1100);
    expect(peer.session.status().syncing).toBe(0);
  });

  it('SYN-15: what is told of no document that can be here is ignored', async () => {
    const peer = openPeer();
    await peer.meet();
    const segments = (n: number) => [{ n, digest: 'a'.repeat(26), split: false }];
    const before = peer.heard.length;
    for (const [log, n] of [
      ['No Log', 1],
      ['unheard-of', 1],
      ['tasks', 10_000_001],
      ['tasks', 2 ** 40],
    ] as const)
      await peer.say({ type: 'segments', log, told: 'changed', from: n, to: n, segments: segments(n) });
    expect(peer.heard).toHaveLength(before);
    expect(peer.closed).toBeUndefined();
    await peer.say({
      type: 'segments',
      log: 'tasks',
      told: 'changed',
      from: 1,
      to: 1,
      segments: segments(1),
    });
    expect(peer.document('step1')).toHaveLength(1);
  });

  it('SYN-25: a peer that tells of more than can be exchanged is dropped', async () => {
    const peer = openPeer();
    await peer.meet();
    const digest = 'a'.repeat(26);
    let told = 0;
    while (told < 10_000 && !peer.closed) {
      const n = ++told;
      await peer.say({
        type: 'segments',
        log: 'tasks',
        told: 'changed',
        from: n,
        to: n,
        segments: [{ n, digest, split: false }],
      });
    }
    // Eight are begun, 4,096 wait, and one is too many.
    expect(told).toBe(8 + 4096 + 1);
    expect(peer.closed?.code).toBe(closeCodes.busy);
  });

  it('SYN-16: digests are compared again by and by, and what was missed is found', async () => {
    const { network, a, b } = pair();
    await b.dial('a');
    await network.run(1000);
    // Something came another way, and nobody told.
    const other = createMemorySource({ name: 'c', ...network });
    await other.write('memory', 3);
    a.source.plant('log/memory/1', other.document('log/memory/1').encode());
    const same = (): boolean => b.source.document('log/memory/1').size === 3;
    expect(await network.until(same, 61_000)).toBe(true);
  });

  it('SYN-16: soon after the first exchange, and after each write has settled, both sides know that they are equal', async () => {
    const { network, a, b } = pair();
    await a.source.write('tasks', 5);
    await b.source.write('memory', 5);
    const known = (): boolean => [a, b].every(({ links }) => links.status().peers[0]?.equal === true);
    await b.dial('a');
    expect(await network.until(known, 2000)).toBe(true);
    for (const { source } of [a, b]) {
      await source.write('tasks', 1);
      const wrote = network.now();
      const compared = (): boolean =>
        known() && [a, b].every(({ links }) => links.status().peers[0]!.comparedAt! > wrote);
      expect(await network.until(compared, 1500)).toBe(true);
    }
    // Nothing more is said about it.
    const { packets } = network.counts;
    await network.run(10_000);
    expect(network.counts.packets).toBe(packets);
  });

  it('SYN-16: copies that stay different are shown as such, and not compared over and over', async () => {
    const peer = openPeer({ role: 'dial' });
    await peer.source.write('tasks', 1);
    await peer.meet();
    const other = { type: 'root', ...(await peer.own.root()) } as const;
    await peer.say({ type: 'listed' });
    let answered = peer.control('root').length;
    for (let at = 0; at < 200; at++) {
      await peer.clock.run(100);
      if (peer.control('root').length > answered) await peer.say(other);
      answered = peer.control('root').length;
      if (at >= 5) expect(peer.session.status()).toMatchObject({ state: { phase: 'live' }, equal: false });
    }
    expect(answered).toBe(4);
    // What is different is exchanged again by and by.
    expect(peer.control('logs')).toHaveLength(1);
    await peer.clock.run(45_000);
    await peer.say(other);
    expect(peer.control('logs')).toHaveLength(2);
  });
});
