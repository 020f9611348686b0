import { describe, expect, it } from 'vitest';
import { closeCodes, muxProtocol } from '../../schemas/protocol.ts';
import { documentName } from '../../src/log/index.ts';
import { openPeer } from './peer.ts';

const document = 'log/tasks/1';
const emptyVector = new Uint8Array([0]);

describe('a peer that asks and does not read', () => {
  async function congested() {
    const peer = openPeer();
    await peer.source.write('tasks', 3);
    await peer.meet();
    await peer.say({ type: 'name', alias: 1, document });
    peer.wire.buffered = muxProtocol.congestedBytes + 1;
    return peer;
  }

  it('SYN-17: each of its steps 1 is answered, and what lies beyond the newest is sent once', async () => {
    const peer = await congested();
    for (let i = 0; i < 5; i++) await peer.sayOf(1, { type: 'step1', stateVector: emptyVector });
    await peer.sayOf(1, { type: 'step1', stateVector: await peer.source.stateVector(document) });
    expect(peer.source.asked.diffs).toBe(0);
    peer.wire.buffered = 0;
    peer.session.drained();
    await peer.clock.run(0);
    expect(peer.source.asked.diffs).toBe(1);
    expect(peer.document('step2').map(({ update }) => update.length)).toEqual([2, 2, 2, 2, 2, 2]);
  });

  it('SYN-25: of one document one state vector is kept, and so many steps', async () => {
    const peer = await congested();
    for (let i = 0; i < 4096; i++)
      await peer.sayOf(1, { type: 'step1', stateVector: new Uint8Array(60_000) });
    expect(peer.closed).toBeUndefined();
    await peer.sayOf(1, { type: 'step1', stateVector: emptyVector });
    expect(peer.closed?.code).toBe(closeCodes.busy);
  });

  it('SYN-25: state vectors that wait for their answers are at most 16 MiB together', async () => {
    const peer = await congested();
    let asked = 0;
    for (let alias = 2; alias < 1000 && !peer.closed; alias++, asked++) {
      await peer.say({ type: 'name', alias, document: documentName('tasks', alias) });
      await peer.sayOf(alias, { type: 'step1', stateVector: new Uint8Array(64 * 1024) });
    }
    expect(asked).toBe(257);
    expect(peer.closed?.code).toBe(closeCodes.busy);
  });

  it('SYN-3: a state vector of more than 64 KiB closes 4413, and no larger one is sent', async () => {
    const peer = openPeer();
    const { stateVector } = peer.source;
    peer.source.stateVector = async () => new Uint8Array(64 * 1024 + 1);
    await peer.meet();
    await peer.say({ type: 'name', alias: 1, document });
    await peer.sayOf(1, { type: 'step1', stateVector: emptyVector });
    expect(peer.document('step1')).toEqual([{ type: 'step1', stateVector: emptyVector }]);
    peer.source.stateVector = stateVector;
    await peer.sayOf(1, { type: 'step1', stateVector: new Uint8Array(64 * 1024 + 1) });
    expect(peer.closed?.code).toBe(closeCodes.tooLarge);
  });
});

describe('a peer that names documents, asks for them and closes them', () => {
  it('SYN-25: leaves nothing behind, also of what is not answered yet', async () => {
    for (const [buffered, documents] of [
      [0, 4200],
      [muxProtocol.congestedBytes + 1, 1000],
    ] as const) {
      const peer = openPeer();
      await peer.meet();
      peer.wire.buffered = buffered;
      for (let alias = 1; alias <= documents; alias++) {
        await peer.say({ type: 'name', alias, document: documentName('tasks', alias) });
        await peer.sayOf(alias, { type: 'step1', stateVector: emptyVector });
        await peer.say({ type: 'close', alias });
      }
      expect(peer.closed).toBeUndefined();
      expect(peer.session.status()).toMatchObject({ open: 0, syncing: 0 });
    }
  });

  it('SYN-25: those that are under way count as open ones', async () => {
    const peer = openPeer();
    await peer.meet();
    peer.source.stateVector = () => new Promise(() => undefined);
    let named = 0;
    for (let alias = 1; alias <= 10_000 && !peer.closed; alias++, named++) {
      await peer.say({ type: 'name', alias, document: documentName('tasks', alias) });
      // One is asked for here, and what follows waits for that.
      if (alias % 3 === 0) await peer.sayOf(alias, { type: 'step1', stateVector: emptyVector });
      await peer.say({ type: 'close', alias });
    }
    expect(named).toBeLessThan(3 * 4096 + 3);
    expect(peer.closed?.code).toBe(closeCodes.busy);
  });
});
