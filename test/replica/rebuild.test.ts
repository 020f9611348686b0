import { describe, expect, it } from 'vitest';
import type { Message } from '../../schemas/index.ts';
import { keys, under } from '../../src/replica/commit/rows.ts';
import type { Replica } from '../../src/replica/surface.ts';
import { openStorage } from '../../src/storage/open.ts';
import { digestOfOperations } from './support/audit.ts';
import { allOf, feedOf, type Home, healthy, home, open, refused, reopen } from './support/open.ts';

/** Something of everything. */
async function fill(kai: Replica): Promise<void> {
  const rin = kai.as('rin');
  const root = await kai.messages.post('general', { text: 'root' }, { key: 'root' });
  await rin.messages.post('general', { text: 'reply @kai', thread: root.id });
  await kai.messages.edit(root.id, { text: 'left', base: root.base });
  await kai.messages.edit(root.id, { text: 'right', base: root.base });
  await rin.messages.react(root.id, 'x');
  await rin.messages.flag(root.id, { pinned: true });
  const gone = await rin.messages.post('dev', { text: 'gone' });
  await rin.messages.redact(gone.id);
  await kai.channels.create({ name: 'ops', topic: 'Ops' });
  await kai.channels.update('ops', { archived: true });
  const blocker = await kai.tasks.create({ title: 'blocker', description: 'd', labels: ['l'] });
  const task = await rin.tasks.create({ title: 'task', blockedBy: [blocker.id], assignee: 'kai' });
  await kai.tasks.link(task.id, { kind: 'related', to: blocker.id });
  await refused(kai.tasks.link(task.id, { kind: 'blocks', to: blocker.id }), 'cycle');
  const free = await kai.tasks.create({ title: 'free', priority: 'P0' });
  await rin.tasks.claim(free.id);
  await kai.tasks.comment(task.id, { text: 'c' });
  await kai.tasks.update(task.id, { title: 'a', base: task.base });
  await kai.tasks.update(task.id, { title: 'b', base: task.base });
  await kai.memory.remember({ key: 'k', text: 'one', tags: ['t'] });
  await rin.memory.remember({ key: 'k', text: 'two' });
  const forgotten = await kai.memory.remember({ text: 'forgotten' });
  await kai.memory.forget(forgotten.id);
  const held = await kai.reservations.reserve({ globs: ['src/**'], reason: 'why' });
  await rin.reservations.reserve({ globs: ['*/a.ts'] });
  await kai.reservations.renew(held.id, { ttl: 3_600_000 });
  await kai.reservations.release((await kai.reservations.reserve({ globs: ['gone'] })).id);
  await kai.members.update({ name: 'Kai K' });
  const { receipt } = await kai.catchUp();
  await rin.messages.post('shipping', { text: 'after the receipt' });
  await kai.acknowledge({ receipt });
}

/** Every answer that a view gives. */
async function answers(kai: Replica): Promise<Record<string, unknown>> {
  const channels = [
    ...(await kai.channels.list()).items,
    ...(await kai.channels.list({ archived: true })).items,
  ];
  const tasks = await allOf((page) => kai.tasks.list(page));
  const messages: Message[][] = [];
  for (const { id } of channels) messages.push(await allOf((page) => kai.messages.list(id, page)));
  const pending = async (name: string) => {
    const answer = await kai.as(name).catchUp({ budget: 200_000, limit: 1000 });
    return answer.items.map((item) =>
      item.kind === 'operation' ? [item.event.operation, item.because, item.text] : item,
    );
  };
  return {
    channels,
    messages,
    tasks,
    comments: await Promise.all(tasks.map(({ id }) => kai.tasks.comments(id))),
    history: await Promise.all([...tasks, ...messages.flat()].map(({ id }) => kai.history(id))),
    ready: await kai.tasks.ready(),
    memory: [await kai.memory.list(), await kai.memory.list({ forgotten: true })],
    reservations: [await kai.reservations.list(), await kai.reservations.list({ state: 'all' })],
    members: await kai.members.list(),
    pending: [await pending('kai'), await pending('rin'), await pending('pip')],
    feed: (await feedOf(kai)).map(({ cursor: _, ...event }) => event),
    counts: (await kai.status()).counts,
    digest: (await kai.status()).digest,
  };
}

/** Changes rows of a closed replica by hand. */
async function byHand(
  at: Home,
  change: (store: Awaited<ReturnType<typeof openStorage>>['store']) => Promise<unknown>,
) {
  const storage = await openStorage({ directory: at.directory, durability: 'os' });
  await change(storage.store);
  await storage.close();
}

const row = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

describe('views', () => {
  it('STO-10 made anew from the operations answer as before, under a new feed epoch', async () => {
    const at = home();
    let kai = await open(at);
    await fill(kai);
    kai = await reopen(kai, at);
    const before = await answers(kai);
    const { cursor } = await kai.status();
    await kai.close();
    await byHand(at, (store) => store.commit([[keys.meta('views'), row(999)]]));
    const stages = new Set<string>();
    kai = await open(at, { progress: ({ stage }) => stages.add(stage) });
    expect([...stages]).toContain('rebuilding views');
    expect(await answers(kai)).toEqual(before);
    expect((await kai.status()).cursor.split('.')[0]).not.toBe(cursor.split('.')[0]);
    await refused((async () => kai.events({ since: cursor }))(), 'cursor_unknown');
    expect((await kai.messages.post('general', { text: 'root' }, { key: 'root' })).text).toBe('right');
    expect((await kai.tasks.create({ title: 'next' })).short).toBe('kai-3');
    await healthy(kai);
  });

  it('STO-10 whose rebuild was cut off at any point are rebuilt at the next opening', async () => {
    const at = home();
    let kai = await open(at);
    await fill(kai);
    kai = await reopen(kai, at);
    const before = await answers(kai);
    for (const part of ['v/', 'v/on', 'feed/']) {
      await kai.close();
      await byHand(at, async (store) => {
        const rows = await store.list({ gte: part, lt: `${part}\u{10ffff}` });
        await store.commit([
          [keys.meta('views'), row(0)],
          ...rows.slice(0, Math.ceil(rows.length / 2)).map(([key]): [string, undefined] => [key, undefined]),
        ]);
      });
      kai = await open(at);
      expect(await answers(kai), part).toEqual(before);
    }
  });
});

describe('segments', () => {
  it('STO-11 roll at a thousand operations; digests are the same after opening again and after compaction', async () => {
    const at = home();
    let kai = await open(at);
    const count = 2105;
    await Promise.all(
      Array.from({ length: count }, (_, i) => kai.messages.post('general', { text: `m${i}` })),
    );
    const { digest } = await kai.status();
    await healthy(kai);
    kai = await reopen(kai, at);
    expect((await kai.status()).digest).toBe(digest);
    const { before, after } = await kai.compact();
    expect(before).toBeGreaterThan(0);
    expect(after).toBeGreaterThan(0);
    expect((await kai.status()).digest).toBe(digest);
    expect((await kai.status()).storage.uncheckpointed).toBe(0);
    await kai.close();
    expect(await digestOfOperations(at.directory)).toBe(digest);
    await byHand(at, async (store) => {
      const [segment] = await store.list({ ...under('segment/channel.'), limit: 1 });
      expect(JSON.parse(new TextDecoder().decode(segment?.[1])).n).toBe(3);
      expect(await store.list({ gte: 'rec/', lt: 'rec/\u{10ffff}' })).toEqual([]);
    });
    kai = await open(at);
    expect((await kai.status()).digest).toBe(digest);
    expect(await allOf((page) => kai.messages.list('general', page))).toHaveLength(count);
    await kai.messages.post('general', { text: 'more' });
    expect((await kai.status()).digest).not.toBe(digest);
    await healthy(kai);
  });

  it('STO-11 roll at 512 KB of text', async () => {
    const at = home();
    const kai = await open(at);
    const text = 'x'.repeat(60_000);
    for (let i = 0; i < 12; i++) await kai.messages.post('general', { text: `${i} ${text}` });
    await healthy(kai);
    await kai.close();
    await byHand(at, async (store) => {
      const [segment] = await store.list({ ...under('segment/channel.'), limit: 1 });
      expect(JSON.parse(new TextDecoder().decode(segment?.[1])).n).toBe(2);
    });
  });

  it('STO-14 are looked at by the doctor while others write, and nothing is taken for damage', async () => {
    const kai = await open();
    let stop = false;
    const writing = Promise.all(
      Array.from({ length: 4 }, async (_, n) => {
        for (let i = 0; !stop; i++) await kai.as(`w${n}`).messages.post('general', { text: `${i}` });
      }),
    );
    for (let i = 0; i < 3; i++) await healthy(kai);
    stop = true;
    await writing;
    await healthy(kai);
  });
});
