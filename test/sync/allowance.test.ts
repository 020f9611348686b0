import { describe, expect, it } from 'vitest';
import { documentName } from '../../src/log/index.ts';
import { encodeControl, encodeDocument } from '../../src/sync/wire.ts';
import { openPeer, type Peer } from './peer.ts';

const document = 'log/tasks/1';
const emptyVector = new Uint8Array([0]);
const digest = 'a'.repeat(26);
const allowed = 8 * 1024 * 1024;

/** A listening session over a document whose whole answer is 100 KB. */
async function asked(): Promise<Peer> {
  const peer = openPeer();
  await peer.source.write('tasks', 1);
  peer.source.diff = async () => {
    peer.source.asked.diffs++;
    return new Uint8Array(100_000);
  };
  await peer.meet();
  await peer.say({ type: 'name', alias: 1, document });
  return peer;
}

describe('a peer that asks and asks', () => {
  it('SYN-33: is answered as far as its allowance goes, then not read, then answered once', async () => {
    const peer = await asked();
    for (let i = 0; i < 300; i++) await peer.sayOf(1, { type: 'step1', stateVector: emptyVector });
    expect(peer.wire.paused).toBe(true);
    const { diffs } = peer.source.asked;
    expect(diffs).toBeGreaterThan(50);
    expect(diffs).toBeLessThanOrEqual(allowed / 100_000 + 1);
    await peer.clock.run(2000);
    expect(peer.wire.paused).toBe(false);
    expect(peer.source.asked.diffs).toBe(diffs + 1);
    expect(peer.document('step2')).toHaveLength(300);
    expect(peer.closed).toBeUndefined();
  });

  it('SYN-33: is not answered again for what it asked many times in one go', async () => {
    const peer = await asked();
    const frame = encodeDocument(1, { type: 'step1', stateVector: emptyVector });
    for (let i = 0; i < 300; i++) peer.session.receive(frame);
    await peer.clock.run(0);
    expect(peer.source.asked.diffs).toBe(1);
    // The first is answered at once, and the last for all others.
    const before = peer.control('root').length;
    const root = encodeControl({ type: 'root', logs: digest, marks: digest });
    for (let i = 0; i < 300; i++) peer.session.receive(root);
    await peer.clock.run(0);
    expect(peer.control('root')).toHaveLength(before + 2);
  });

  it('SYN-33: for many documents, once each, is not slowed down', async () => {
    const peer = await asked();
    for (let alias = 2; alias < 1000; alias++) {
      await peer.say({ type: 'name', alias, document: documentName('tasks', alias) });
      await peer.sayOf(alias, { type: 'step1', stateVector: emptyVector });
      await peer.say({ type: 'close', alias });
      expect(peer.wire.paused).toBe(false);
    }
    expect(peer.source.asked.diffs).toBe(998);
  });

  it('SYN-33: is not read for a while after any message but data, as often as it likes', async () => {
    const frames = [
      encodeControl({ type: 'ping', number: 1 }),
      encodeControl({ type: 'root', logs: digest, marks: digest }),
      encodeControl({
        type: 'logs',
        after: '',
        to: '',
        logs: Array.from({ length: 1000 }, (_, i) => [`channel.${i}`, digest] as const),
      }),
      encodeDocument(1, {
        type: 'keys',
        last: true,
        keys: Array.from({ length: 1000 }, () => [digest, true] as const),
      }),
      encodeDocument(1, { type: 'digest', digest, entries: 0, split: false, ask: true, stored: 0 }),
    ];
    for (const frame of frames) {
      const peer = await asked();
      let said = 0;
      while (said < 20_000 && !peer.wire.paused) {
        peer.session.receive(frame);
        if (++said % 100 === 0) await peer.clock.run(0);
      }
      expect(peer.closed).toBeUndefined();
      expect(peer.wire.paused).toBe(true);
      await peer.clock.run(31_000);
      expect(peer.wire.paused).toBe(false);
    }
  });
});
