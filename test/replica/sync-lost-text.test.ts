import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Entry } from '../../schemas/index.ts';
import { createMender, freshClientID, openLogDocument } from '../../src/log/index.ts';
import { realTimer } from '../../src/replica/environment.ts';
import { equal, meet, type Peer, peers, pull, session } from './sync/support.ts';

const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));

/** Timers of the length of a grace, which run when the test says so. */
function held() {
  const due = new Map<() => void, number>();
  const timer = (task: () => void, ms: number): (() => void) => {
    if (ms < 2000 || ms > 4000) return realTimer(task, ms);
    due.set(task, ms);
    return () => void due.delete(task);
  };
  function run(): void {
    for (const task of [...due.keys()]) {
      due.delete(task);
      task();
    }
  }
  return { timer, due, run };
}

async function entryOf({ source }: Peer, document: string, id: string): Promise<[key: string, entry: Entry]> {
  const keys = (await source.keys(document)).map(([key]) => key);
  for (const [key, text] of await source.entries(document, keys)) {
    const entry = JSON.parse(text) as Entry;
    if (entry.header.type === 'message.create' && entry.body?.['text'] === id) return [key, entry];
  }
  throw new Error('no such entry');
}

/** What a writer sends that takes a text out of a document and writes no redact. */
async function stripping({ source }: Peer, document: string, key: string, { header, sig }: Entry) {
  const copy = openLogDocument({ clientID: freshClientID(random) });
  copy.apply(await source.diff(document, Uint8Array.of(0)));
  return createMender(copy, freshClientID(random)).encode([[key, { header, sig }]]);
}

async function setUp() {
  const clock = held();
  const [ana, bo] = await peers(['ana', 'bo'], (name) => (name === 'bo' ? { timer: clock.timer } : {}));
  if (!ana || !bo) throw new Error('no peers');
  const message = await ana.replica.messages.post('general', { text: 'kept' });
  await meet(ana, bo);
  const document = `log/channel.${(await ana.replica.channels.get('general')).id}/1`;
  const [key, entry] = await entryOf(bo, document, 'kept');
  const update = await stripping(bo, document, key, entry);
  const shows = async (): Promise<boolean | undefined> => new Map(await bo.source.keys(document)).get(key);
  return { ana, bo, clock, message, document, key, entry, update, shows };
}

it('REP-31 a text that is gone by no removal comes back from the own store, after a grace and not before', async () => {
  const { ana, bo, clock, message, document, key, entry, update, shows } = await setUp();
  expect(await bo.source.receive(document, update, session())).toMatchObject({ ok: true });
  expect(await shows()).toBe(false);
  // It is stored, so it is read; and the document waits for a removal that may be on its way.
  expect((await bo.replica.messages.get(message.id)).text).toBe('kept');
  expect([...clock.due.values()]).toEqual([expect.any(Number)]);
  // Neither does a peer that has it hurry that.
  const whole: [string, string][] = [[key, JSON.stringify(entry)]];
  expect(await bo.source.take(document, whole, session())).toMatchObject({ ok: true });
  expect(await shows()).toBe(false);
  const before = bo.updates.length;
  clock.run();
  await expect.poll(shows).toBe(true);
  // Others hear of it.
  expect(bo.updates.length).toBe(before + 1);
  await meet(ana, bo);
  await equal(ana, bo);
});

it('REP-31 a text stays gone when its removal comes within the grace', async () => {
  const { ana, bo, clock, message, document, update, shows } = await setUp();
  await bo.source.receive(document, update, session());
  expect(clock.due.size).toBe(1);
  await ana.replica.messages.redact(message.id);
  await pull(ana, bo);
  expect((await bo.replica.messages.get(message.id)).text).toBeNull();
  clock.run();
  // In the order of writes: what the timer began is done.
  await bo.replica.messages.post('general', { text: 'after' });
  expect(await shows()).toBe(false);
  await meet(ana, bo);
  await equal(ana, bo);
});
