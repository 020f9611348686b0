import { describe, expect, it } from 'vitest';
import { closeCodes, muxProtocol } from '../../schemas/protocol.ts';
import { nodeCrypto } from '../../src/keys/node.ts';
import { hashOf } from '../../src/op/index.ts';
import { forged, openPeer } from './peer.ts';

const hash = hashOf(nodeCrypto, 'another workspace');

describe('meeting', () => {
  it('SYN-5: both sides say hello at once, prove their keys and send their roots', async () => {
    const peer = openPeer();
    expect(peer.control('hello')).toHaveLength(1);
    await peer.hello();
    expect(peer.session.status().state.phase).toBe('proving');
    expect(peer.control('prove')).toHaveLength(1);
    expect(peer.control('root')).toHaveLength(0);
    await peer.prove();
    expect(peer.control('root')).toHaveLength(1);
    expect(peer.events).toEqual([]);
    await peer.say({ type: 'root', ...(await peer.own.root()) });
    expect(peer.session.status().state.phase).toBe('live');
    expect(peer.events[0]).toMatchObject({ type: 'admitted', publicKey: peer.own.publicKey });
    // Nothing else is said between equals.
    expect(peer.heard).toHaveLength(3);
  });

  it('SYN-9: a root never overtakes the proof, however long a signature takes', async () => {
    const peer = openPeer();
    const { sign } = peer.source;
    peer.source.sign = (bytes) =>
      new Promise((resolve) => void peer.clock.timer(() => resolve(sign(bytes)), 100));
    await peer.hello();
    await peer.prove();
    await peer.clock.run(99);
    expect(peer.control('root')).toHaveLength(0);
    await peer.clock.run(1);
    expect(peer.heard.map((frame) => frame.kind === 'control' && frame.message.type)).toEqual([
      'hello',
      'prove',
      'root',
    ]);
  });

  it('SYN-5: the highest common version is spoken; none closes 4406', async () => {
    const peer = openPeer();
    await peer.hello({ versions: [9, 8, 1] });
    expect(peer.session.status().state.phase).toBe('proving');
    const later = openPeer();
    await later.hello({ versions: [2, 3] });
    expect(later.closed?.code).toBe(closeCodes.version);
    expect(later.control('bye')).toMatchObject([{ code: closeCodes.version }]);
  });

  it('SYN-5: another workspace closes 4404', async () => {
    const peer = openPeer();
    await peer.hello({ workspace: hash });
    expect(peer.closed?.code).toBe(closeCodes.workspace);
  });

  it('SYN-6: a signature that does not hold, or is over anything else, closes 4401', async () => {
    const wrong = openPeer();
    await wrong.hello();
    await wrong.say({ type: 'prove', sig: forged });
    expect(wrong.closed?.code).toBe(closeCodes.unproven);
    for (const change of [
      { role: 'listen' },
      { workspace: hash },
      { binding: 'another connection' },
      { theirRandom: new Uint8Array(32) },
      { ownRandom: new Uint8Array(32) },
      { theirKey: forged.slice(0, 43) },
      { ownKey: forged.slice(0, 43) },
    ] as const) {
      const peer = openPeer();
      await peer.hello();
      await peer.prove(change);
      expect(peer.closed?.code, JSON.stringify(change)).toBe(closeCodes.unproven);
      expect(peer.events.map(({ type }) => type)).toEqual(['closed']);
    }
  });

  it('SYN-6: a key other than the address names closes 4401', async () => {
    const peer = openPeer({ role: 'dial', expect: forged.slice(0, 43) });
    await peer.hello();
    expect(peer.closed?.code).toBe(closeCodes.unproven);
    expect(peer.control('prove')).toEqual([]);
  });

  it('SYN-7: whose key is not known is asked for what admits it, once; a stranger closes 4403', async () => {
    const guest = openPeer();
    guest.source.known = new Set();
    guest.source.tickets.add('{"ticket":1}');
    await guest.hello();
    await guest.prove();
    expect(guest.control('ask')).toHaveLength(1);
    expect(guest.control('root')).toHaveLength(0);
    // It may have admitted this side meanwhile.
    await guest.say({ type: 'root', ...(await guest.own.root()) });
    await guest.say({ type: 'credentials', entries: ['{"ticket":1}'] });
    expect(guest.control('root')).toHaveLength(1);
    expect(guest.session.status().state.phase).toBe('live');

    const stranger = openPeer();
    stranger.source.known = new Set();
    await stranger.hello();
    await stranger.prove();
    await stranger.say({ type: 'credentials', entries: ['{"ticket":2}'] });
    expect(stranger.closed?.code).toBe(closeCodes.stranger);
    expect(stranger.control('root')).toHaveLength(0);
  });

  it('SYN-7: credentials are given to who asks', async () => {
    const peer = openPeer();
    await peer.hello();
    await peer.say({ type: 'ask' });
    expect(peer.control('credentials')).toEqual([{ type: 'credentials', entries: ['ticket of here'] }]);
  });

  it('SYN-8: the own key closes 4409; the source learns of a copy, and not when the replica dialled itself', async () => {
    const keySeed = new Uint8Array(32).fill(3);
    for (const itself of [false, true]) {
      const peer = openPeer({ keySeed, isOwn: () => itself });
      Object.assign(peer.source, { publicKey: peer.own.publicKey });
      const { admit } = peer.source;
      let told = 0;
      peer.source.admit = async (publicKey, credentials) => {
        if (publicKey !== peer.own.publicKey) return admit(publicKey, credentials);
        told++;
        return 'self';
      };
      await peer.hello();
      await peer.prove({ theirKey: peer.own.publicKey });
      expect(peer.closed?.code).toBe(closeCodes.self);
      expect(told).toBe(itself ? 0 : 1);
    }
  });

  it('SYN-9: a message out of turn closes 4400', async () => {
    const early = openPeer();
    await early.say({ type: 'name', alias: 1, document: 'log/tasks/1' });
    expect(early.closed?.code).toBe(closeCodes.malformed);

    const unproven = openPeer();
    await unproven.hello();
    await unproven.say({ type: 'root', logs: hash, marks: hash });
    expect(unproven.closed?.code).toBe(closeCodes.malformed);

    const twice = openPeer();
    await twice.hello();
    await twice.hello();
    expect(twice.closed?.code).toBe(closeCodes.malformed);

    const unasked = openPeer();
    await unasked.hello();
    await unasked.say({ type: 'credentials', entries: [] });
    expect(unasked.closed?.code).toBe(closeCodes.malformed);

    const messages = [
      { type: 'listed' },
      { type: 'stored', count: 1 },
      { type: 'close', alias: 7 },
      { type: 'segments', log: 'tasks', told: 'asked', from: 1, to: 0, segments: [] },
      { type: 'segments', log: 'tasks', told: 'changed', from: 1, to: 2, segments: [] },
    ] as const;
    for (const message of messages) {
      const peer = openPeer();
      await peer.meet();
      await peer.say(message);
      expect(peer.closed?.code, message.type).toBe(closeCodes.malformed);
    }
    const unnamed = openPeer();
    await unnamed.meet();
    await unnamed.sayOf(3, { type: 'update', update: new Uint8Array([0, 0]) });
    expect(unnamed.closed?.code).toBe(closeCodes.malformed);
  });

  it('SYN-3: a frame over the limit closes 4413', async () => {
    const peer = openPeer();
    await peer.meet();
    await peer.raw(new Uint8Array(muxProtocol.frameBytes + 1));
    expect(peer.closed?.code).toBe(closeCodes.tooLarge);
  });

  it('SYN-2: unknown messages and documents of an unknown kind are ignored', async () => {
    const peer = openPeer();
    await peer.meet();
    const { length } = peer.heard;
    await peer.raw(new Uint8Array([0, 200, 1, 9, 9, 9]));
    await peer.say({ type: 'name', alias: 1, document: 'pad/notes' });
    await peer.sayOf(1, { type: 'step1', stateVector: new Uint8Array([0]) });
    await peer.say({ type: 'close', alias: 1 });
    expect(peer.closed).toBeUndefined();
    expect(peer.heard).toHaveLength(length);
  });

  it('SYN-10: who lives and never answers the first step is dropped with 4408; who answers stays', async () => {
    for (const answers of [false, true]) {
      const peer = openPeer({ role: 'dial' });
      await peer.source.write('tasks', 1);
      await peer.meet();
      await peer.say({ type: 'segments', log: 'tasks', told: 'asked', from: 1, to: 0, segments: [] });
      await peer.say({ type: 'listed' });
      expect(peer.document('step1')).toHaveLength(1);
      if (answers) {
        await peer.say({ type: 'name', alias: 1, document: 'log/tasks/1' });
        await peer.sayOf(1, { type: 'step1', stateVector: new Uint8Array([0]) });
        await peer.sayOf(1, { type: 'step2', update: new Uint8Array([0, 0]) });
        await peer.say({ type: 'stored', count: peer.session.status().sent });
      }
      let seconds = 0;
      for (; seconds < 600 && !peer.closed; seconds += 10) {
        await peer.clock.run(10_000);
        if (!peer.closed) await peer.say({ type: 'ping', number: seconds });
      }
      if (answers) expect(peer.closed).toBeUndefined();
      else {
        expect(peer.closed).toEqual({ code: 4408, reason: 'what was asked is not answered' });
        expect(seconds).toBeGreaterThan(40);
        expect(seconds).toBeLessThanOrEqual(90);
      }
    }
  });

  it('SYN-10: who does not prove itself in 15 s, and who is not heard for a minute, is dropped with 4408', async () => {
    const silent = openPeer();
    await silent.hello();
    await silent.clock.run(15_001);
    expect(silent.closed?.code).toBe(closeCodes.silent);

    const dead = openPeer();
    await dead.meet();
    await dead.clock.run(59_000);
    expect(dead.closed).toBeUndefined();
    expect(dead.control('ping').length).toBeGreaterThan(1);
    await dead.say({ type: 'ping', number: 9 });
    expect(dead.control('pong')).toEqual([{ type: 'pong', number: 9 }]);
    await dead.clock.run(85_000);
    expect(dead.closed?.code).toBe(closeCodes.silent);
  });

  it('SYN-9: nothing is said or taken after a session closed', async () => {
    const peer = openPeer();
    await peer.meet();
    peer.session.close(closeCodes.goingAway, 'bye');
    const { length } = peer.heard;
    expect(peer.session.status().state.phase).toBe('closing');
    await peer.say({ type: 'ping', number: 1 });
    await peer.clock.run(100_000);
    expect(peer.heard).toHaveLength(length);
    peer.session.closed(1000, '');
    expect(peer.session.status().state).toEqual({
      phase: 'closed',
      code: closeCodes.goingAway,
      reason: 'bye',
    });
    expect(peer.events.filter(({ type }) => type === 'closed')).toHaveLength(1);
  });
});
