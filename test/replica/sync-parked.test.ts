import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openLogDocuments } from '../../relay/rooms/documents/log-documents.ts';
import { createWriter, freshClientID } from '../../src/log/index.ts';
import { createParked } from '../../src/replica/sync/receive/parked.ts';
import type { ParkedPart } from '../../src/sync/guard/types.ts';
import { hand } from './sync/hand.ts';
import { type Peer, peers, session } from './sync/support.ts';

const part = (client: number, bytes: number): ParkedPart => ({
  client,
  clock: 1,
  end: 2,
  waits: [],
  keys: [],
  structs: [],
  bytes,
});

/** Fills what waits of a session for so many documents, so many bytes each. */
function fill(parked: ReturnType<typeof createParked>, from: number, documents: number, bytes: number): void {
  for (let n = 1; n <= documents; n++) {
    parked.of(`log/tasks/${n}`, from).add([part(n, bytes)]);
    parked.settle(`log/tasks/${n}`, from);
  }
}

describe('GRD-15 what waits', () => {
  const bounds = { session: 1000, all: 2500, part: 10, documents: 20 };

  it('of a session is bounded in bytes and in documents: its own oldest goes', () => {
    const parked = createParked(bounds);
    fill(parked, 1, 1, 190);
    fill(parked, 2, 7, 190);
    expect([parked.bytes(1), parked.bytes(2), parked.bytes()]).toEqual([200, 1000, 1200]);
    expect(parked.of('log/tasks/7', 2).parts).toBe(1);
    expect(parked.of('log/tasks/2', 2).parts).toBe(0);
    fill(parked, 3, 30, 1);
    expect(parked.bytes(3)).toBe(20 * 11);
  });

  it('of all is bounded: the oldest goes of the session of which most waits', () => {
    const parked = createParked(bounds);
    fill(parked, 1, 1, 390);
    fill(parked, 2, 5, 190);
    fill(parked, 3, 5, 190);
    fill(parked, 4, 1, 190);
    expect(parked.bytes(1)).toBe(400);
    expect(parked.bytes(4)).toBe(200);
    expect(parked.bytes()).toBeLessThanOrEqual(bounds.all);
  });

  it('goes with its session, also what was on its way', async () => {
    const parked = createParked(bounds);
    fill(parked, 1, 3, 90);
    await parked.during(1, async () => {
      parked.forget(1);
      fill(parked, 1, 3, 90);
    });
    expect([parked.bytes(1), parked.bytes()]).toEqual([0, 0]);
    fill(parked, 1, 1, 90);
    expect(parked.bytes()).toBe(100);
    parked.of('log/tasks/1', 1).clear();
    parked.settle('log/tasks/1', 1);
    expect(parked.bytes()).toBe(0);
  });
});

describe('GRD-15 what waits of a stock client', () => {
  /** Two updates under one clientID: the second waits for the first. */
  async function made(): Promise<{ bo: Peer; document: string; first: Uint8Array; second: Uint8Array }> {
    const [bo] = await peers(['bo']);
    if (!bo) throw new Error('no peer');
    await bo.replica.messages.post('general', { text: 'b' });
    const eve = hand(bo.at.root);
    const log = `channel.${(await bo.replica.channels.get('general')).id}`;
    const writer = createWriter({ clientID: freshClientID(randomBytes) });
    const updates: Uint8Array[] = [];
    for (const text of ['1', '2']) {
      const one = await eve.make({ log, type: 'message.create', member: eve.member('eve'), body: { text } });
      updates.push(writer.encode([[one.key, one.entry]]));
    }
    const [first, second] = updates;
    if (!first || !second) throw new Error('no updates');
    return { bo, document: `log/${log}/1`, first, second };
  }

  it('is let go when its socket leaves', async () => {
    for (const leaves of [false, true]) {
      const { bo, document, first, second } = await made();
      const socket = session();
      const logs = openLogDocuments(bo.source);
      let lacks: () => void = () => undefined;
      const lacking = new Promise<void>((resolve) => {
        lacks = resolve;
      });
      const never = (): never => {
        throw new Error('not expected');
      };
      const open = await logs.open(document, {
        update: () => undefined,
        stored: () => undefined,
        refused: never,
        mayWrite: () => true,
        lacking: () => lacks(),
        failed: never,
      });
      open?.receive(second, socket, false);
      await lacking;
      if (leaves) open?.left(socket);
      expect(await bo.source.receive(document, first, -socket)).toMatchObject({
        ok: true,
        released: leaves ? 0 : 1,
      });
      logs.close();
    }
  });
});
