import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createWriter, freshClientID } from '../../src/log/index.ts';
import { createBreathing } from '../../src/replica/commit/breathing.ts';
import { createGate } from '../../src/replica/commit/gate.ts';
import type { Environment } from '../../src/replica/environment.ts';
import { memoryStorage } from '../support/memory-storage.ts';
import { scratch } from '../support/scratch.ts';
import { asTexts, asUpdate, type Hand, hand, type Made } from './sync/hand.ts';
import { type Peer, peers, session } from './sync/support.ts';

describe('REP-26 at the gate', () => {
  it('so many run at a time, and who waits takes turns', async () => {
    const gate = createGate(2);
    const begun: string[] = [];
    const running: (() => void)[] = [];
    const add = (by: number, name: string): Promise<void> =>
      gate(by, () => {
        begun.push(name);
        return new Promise<void>((end) => running.push(end));
      });
    const all = ['a1', 'a2', 'a3', 'a4', 'a5'].map((name) => add(1, name));
    all.push(...['b1', 'b2'].map((name) => add(2, name)), add(-3, 'c1'));
    expect(begun).toEqual(['a1', 'a2']);
    for (let n = 0; n < all.length; n++) {
      running.shift()?.();
      // One turn of the loop, in which the next begins.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(all);
    expect(begun).toEqual(['a1', 'a2', 'a3', 'b1', 'c1', 'a4', 'b2', 'a5']);
  });

  it('one that fails lets the next in', async () => {
    const gate = createGate(1);
    const first = gate(1, () => Promise.reject(new Error('no')));
    const second = gate(1, async () => 2);
    await expect(first).rejects.toThrow('no');
    expect(await second).toBe(2);
  });
});

async function begin(environment: Environment = {}): Promise<{ bo: Peer; eve: Hand; log: string }> {
  const [bo] = await peers(['bo'], () => environment);
  if (!bo) throw new Error('no peer');
  await bo.replica.messages.post('general', { text: 'b' });
  const eve = hand(bo.at.root);
  await bo.source.take('log/members/1', asTexts(await eve.admission()), session());
  return { bo, eve, log: `channel.${(await bo.replica.channels.get('general')).id}` };
}

const say = async (eve: Hand, log: string, count: number): Promise<Made[]> => {
  const said: Made[] = [];
  for (let i = 0; i < count; i++)
    said.push(
      await eve.make({ log, type: 'message.create', member: eve.member('eve'), body: { text: `x${i}` } }),
    );
  return said;
};

describe('REP-26 much at once', () => {
  it('of one session does not hold up another', async () => {
    const { bo, eve, log } = await begin();
    const [bad, good] = [session(), session()];
    const updates: Uint8Array[] = [];
    for (let n = 0; n < 12; n++) updates.push(asUpdate(...(await say(eve, log, 10))));
    const [mine] = await say(eve, 'tasks', 1);
    if (!mine) throw new Error('nothing said');
    let done = 0;
    const flood = updates.map(async (update, n) => {
      expect(await bo.source.receive(`log/${log}/${n + 2}`, update, bad)).toMatchObject({ ok: true });
      done++;
    });
    expect(await bo.source.receive('log/tasks/1', asUpdate(mine), good)).toMatchObject({ ok: true });
    expect(done).toBeLessThan(8);
    await Promise.all(flood);
  });

  it('by key is stored in parts, in the order of the stamps', async () => {
    const { bo, eve, log } = await begin();
    const said = await say(eve, log, 400);
    const document = `log/${log}/1`;
    const before = bo.updates.length;
    const received = await bo.source.take(document, asTexts(...said).reverse(), session());
    expect(received).toMatchObject({ ok: true, parked: 0 });
    expect(received.ok && new Set(received.keys).size).toBe(said.length);
    expect(bo.updates.slice(before).filter((update) => update.document === document).length).toBeGreaterThan(
      1,
    );
    const keys = new Map(await bo.source.keys(document));
    for (const { key } of said) expect(keys.has(key)).toBe(true);
  });

  it('by key with one that is none leaves nothing', async () => {
    const { bo, eve, log } = await begin();
    const said = asTexts(...(await say(eve, log, 300)));
    const root = await bo.source.root();
    const entries = [...said, ['a'.repeat(26), '{'] as [string, string]];
    expect(await bo.source.take(`log/${log}/1`, entries, session())).toMatchObject({ ok: false });
    expect(await bo.source.root()).toEqual(root);
  });
});

describe('REP-26 long work', () => {
  /** Time goes on by what is done. */
  async function most(tasks: number, steps: number): Promise<number> {
    let now = 0;
    const breathing = createBreathing(() => now);
    let since = 0;
    let longest = 0;
    let working = tasks;
    const all = Array.from({ length: tasks }, async () => {
      for (let step = 0; step < steps; step++) {
        now++;
        longest = Math.max(longest, ++since);
        await breathing.pause();
      }
      working--;
    });
    while (working > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      since = 0;
    }
    await Promise.all(all);
    return longest;
  }

  it('gives way to others, however much of it is under way', async () => {
    expect(await most(1, 100)).toBeLessThan(10);
    // What begins at once does its first step at once.
    expect(await most(64, 100)).toBeLessThan(64 + 10);
    expect(await most(8, 1000)).toBeLessThan(8 + 10);
  });

  it('of taking thousands of entries by key lets others have their turn in between', async () => {
    let turns = 0;
    // Each look at the clock is half a millisecond later: no more than 16 of them in a turn.
    let looks = 0;
    let inTurn = 0;
    let longest = 0;
    const { bo, eve, log } = await begin({
      monotonic() {
        longest = Math.max(longest, ++inTurn);
        return ++looks / 2;
      },
    });
    const said = asTexts(...(await say(eve, log, 1500)));
    const parts = Array.from(
      { length: 12 },
      (_, n) => [`log/${log}/${n + 2}`, said.slice(n * 125, (n + 1) * 125)] as const,
    );
    let over = false;
    const others = (async () => {
      while (!over) {
        await new Promise((resolve) => setImmediate(resolve));
        turns++;
        inTurn = 0;
      }
    })();
    inTurn = 0;
    longest = 0;
    for (const received of await Promise.all(
      parts.map(([document, entries]) => bo.source.take(document, entries, session())),
    ))
      expect(received).toMatchObject({ ok: true });
    over = true;
    await others;
    // Each entry is read once and taken in once.
    expect(turns).toBeGreaterThan((2 * said.length) / 32);
    expect(longest).toBeLessThan(48);
  });
});

describe('REP-26 a document that is made anew', () => {
  it('holds up no other, however long it waits for what reads the documents', async () => {
    const stored = memoryStorage(join(scratch(), 'bo'));
    let reads: (() => void) | undefined;
    let go: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    const documents = {
      ...stored.documents,
      async merge(...given: Parameters<typeof stored.documents.merge>) {
        if (reads) {
          reads();
          await held;
        }
        return stored.documents.merge(...given);
      },
    };
    const { bo, eve, log } = await begin({ storage: { ...stored, documents } });
    /** What is at a place here, and an update in which another operation is there. */
    const disagreeing: [document: string, update: Uint8Array][] = [];
    for (const n of [2, 3, 4]) {
      const document = `log/${log}/${n}`;
      const made = (await say(eve, log, 2)).map(({ key, entry }) => [key, entry] as const);
      const clientID = freshClientID(randomBytes);
      const here = createWriter({ clientID }).encode(made.slice(1));
      expect(await bo.source.receive(document, here, session())).toMatchObject({ ok: true });
      disagreeing.push([document, createWriter({ clientID }).encode(made)]);
    }
    const reading = new Promise<void>((resolve) => {
      reads = resolve;
    });
    const compacting = bo.replica.compact();
    await reading;
    const splitting = disagreeing.map(([document, update]) => bo.source.receive(document, update, session()));
    const [mine] = await say(eve, 'tasks', 1);
    if (!mine) throw new Error('nothing said');
    expect(await bo.source.receive('log/tasks/1', asUpdate(mine), session())).toMatchObject({ ok: true });
    go();
    await compacting;
    for (const one of splitting) expect(await one).toMatchObject({ ok: true });
    for (const [document] of disagreeing) expect((await bo.source.digest(document)).split).toBe(true);
  });
});

describe('REP-26 what one write lets go', () => {
  it('is judged in several writes when it is much, whatever it was that came', async () => {
    const stored = memoryStorage(join(scratch(), 'bo'));
    let largest = 0;
    const store = {
      ...stored.store,
      get lastCommit() {
        return stored.store.lastCommit;
      },
      commit(writes: Parameters<typeof stored.store.commit>[0]) {
        largest = Math.max(largest, writes.length);
        return stored.store.commit(writes);
      },
    };
    const { bo, eve, log } = await begin({ storage: { ...stored, store } });
    const seen = await say(eve, log, 15);
    const waiting: Made[] = [];
    for (const { hash } of seen)
      for (let i = 0; i < 60; i++)
        waiting.push(
          await eve.make({
            log,
            type: 'message.create',
            member: eve.member('eve'),
            after: [hash],
            body: { text: 'x' },
          }),
        );
    for (let at = 0; at < waiting.length; at += 50)
      await bo.source.take(`log/${log}/1`, asTexts(...waiting.slice(at, at + 50)), session());
    await bo.source.idle();
    expect((await bo.replica.status()).counts.waiting).toBe(waiting.length);
    largest = 0;
    expect(await bo.source.receive(`log/${log}/1`, asUpdate(...seen), session())).toMatchObject({ ok: true });
    await bo.source.idle();
    expect((await bo.replica.status()).counts.waiting).toBe(0);
    expect(largest).toBeLessThan(1500);
  });
});
