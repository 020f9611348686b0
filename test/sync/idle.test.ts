import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { proofText } from '../../src/sync/session/handshake.ts';
import { createSession, type Session } from '../../src/sync/session.ts';
import {
  type ControlMessage,
  type DocumentMessage,
  encodeControl,
  encodeDocument,
} from '../../src/sync/wire.ts';
import { createClock } from '../simulation/clock.ts';
import { createMemorySource } from '../support/sync-source.ts';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

const count = 4000;

describe('idle sessions', () => {
  it(`SYN-32: ${count} of them, each with a live document, stay under 16 KB each`, async () => {
    const clock = createClock(1);
    const source = createMemorySource({ name: 'hub', ...clock });
    const peer = createMemorySource({ name: 'peer', ...clock });
    await source.write('tasks', 10);
    const random = new Uint8Array(32);
    const sessions: Session[] = [];
    const root = await source.root();
    gc();
    gc();
    const before = process.memoryUsage();
    for (let id = 1; id <= count; id++) {
      const session = createSession({
        id,
        role: 'listen',
        source,
        timer: clock.timer,
        now: clock.now,
        random: clock.random,
        slice: (update) => [update],
        onEvent: () => undefined,
        transport: { send: () => undefined, buffered: () => 0, close: () => undefined },
      });
      sessions.push(session);
      const say = (message: ControlMessage): void => session.receive(encodeControl(message));
      const { publicKey } = peer;
      say({ type: 'hello', versions: [1], workspace: source.workspace, publicKey, random, capabilities: [] });
      const text = proofText({
        role: 'dial',
        workspace: source.workspace,
        binding: '',
        theirRandom: session.hello,
        ownRandom: random,
        theirKey: source.publicKey,
        ownKey: publicKey,
      });
      say({ type: 'prove', sig: await peer.sign(text) });
    }
    await clock.run(0);
    for (const session of sessions) {
      const say = (message: ControlMessage): void => session.receive(encodeControl(message));
      const sayOf = (message: DocumentMessage): void => session.receive(encodeDocument(1, message));
      say({ type: 'root', ...root });
      say({ type: 'name', alias: 1, document: 'log/tasks/1' });
      sayOf({ type: 'step1', stateVector: new Uint8Array([0]) });
      sayOf({ type: 'step2', update: new Uint8Array([0, 0]) });
    }
    await clock.run(30_000);
    for (const session of sessions)
      expect(session.status()).toMatchObject({ state: { phase: 'live' }, open: 1, syncing: 0 });
    gc();
    gc();
    const after = process.memoryUsage();
    const each = (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / count;
    console.info(`an idle session: ${Math.round(each)} bytes`);
    expect(each).toBeLessThan(16 * 1024);
    for (const session of sessions) session.closed(1006, '');
  }, 60_000);
});
