import { describe, expect, it } from 'vitest';
import type { Inbox, InboxItem } from '../../schemas/index.ts';
import { tokensOf } from '../../src/replica/reading/waiting/proof.ts';
import type { Replica, Surface } from '../../src/replica/surface.ts';
import { allOf, type Home, home, open, refused, reopen } from './support/open.ts';
import { rebuilt } from './support/rebuilt.ts';

const kinds = (answer: Inbox): string[] => answer.items.map(({ kind }) => kind);
const idsOf = (answer: Inbox): string[] => answer.items.map(({ id }) => id);
const whole = async (who: Surface): Promise<InboxItem[]> =>
  (await who.inbox({ limit: 1000, budget: 200_000 })).items;

/** A replica whose member has written, so that others can mention it. */
async function present(at: Home = home()): Promise<Replica> {
  const kai = await open(at);
  await kai.messages.post('general', { text: 'here' });
  return kai;
}

describe('the inbox of one replica', () => {
  it('INB-1: has what needs a member, each once, the oldest first, one line each', async () => {
    const kai = await open();
    const rin = kai.as('rin');
    const mine = await kai.messages.post('general', { text: 'question' });
    await rin.messages.post('general', { text: 'noise' });
    await rin.messages.post('general', { text: 'answer\nin two lines', thread: mine.id });
    await rin.messages.post('general', { text: '@kai both', thread: mine.id });
    const given = await rin.tasks.create({ title: 'for you', assignee: 'kai' });
    await rin.tasks.create({ title: 'to review', reviewer: 'kai', status: 'review' });
    await rin.tasks.comment(given.id, { text: 'look, @kai' });
    const answer = await kai.inbox();
    expect(kinds(answer)).toEqual(['reply', 'mention', 'assigned', 'review', 'mention']);
    expect(answer.items.map(({ text }) => text)).toEqual([
      'answer',
      '@kai both',
      'for you',
      'to review',
      'look, @kai',
    ]);
    expect(answer.items.map(({ place }) => place)).toEqual([
      '#general',
      '#general',
      'rin-1',
      'rin-2',
      'rin-1',
    ]);
    expect(answer.items.every(({ id, short, by }) => id.startsWith(short) && by?.handle === 'rin')).toBe(
      true,
    );
    expect(answer).toMatchObject({ open: 5, proof: { complete: true, remaining: 0 } });
    expect(await kai.inbox()).toEqual(answer);
    expect((await rin.inbox()).items).toEqual([]);
  });

  it('INB-2: a receipt acknowledges exactly the items of its answer, over restarts, and reading none', async () => {
    const at = home();
    let kai = await present(at);
    for (let i = 0; i < 5; i++) await kai.as('rin').messages.post('dev', { text: `${i} @kai` });
    const two = await kai.inbox({ limit: 2 });
    expect(two.items.map(({ text }) => text)).toEqual(['0 @kai', '1 @kai']);
    expect(two).toMatchObject({ open: 5, proof: { complete: false, remaining: 3 } });
    expect((await kai.inbox()).items).toHaveLength(5);
    const next = await kai.inbox({ limit: 2, cursor: two.next ?? '' });
    expect(next.items.map(({ text }) => text)).toEqual(['2 @kai', '3 @kai']);
    kai = await reopen(kai, at);
    expect(await kai.acknowledge({ receipt: two.receipt })).toMatchObject({ items: 2, open: 3, pending: 3 });
    expect(await kai.acknowledge({ receipt: two.receipt })).toMatchObject({
      items: 0,
      open: 3,
      acknowledged: 0,
    });
    expect((await whole(kai)).map(({ text }) => text)).toEqual(['2 @kai', '3 @kai', '4 @kai']);
    await kai.as('rin').messages.post('dev', { text: 'late @kai' });
    expect(await kai.acknowledge({ receipt: next.receipt })).toMatchObject({ items: 2, open: 2 });
    expect((await whole(kai)).map(({ text }) => text)).toEqual(['4 @kai', 'late @kai']);
  });

  it('INB-3: an item is acknowledged by its id or a beginning of it, and its operation with it', async () => {
    const kai = await present();
    const rin = kai.as('rin');
    for (let i = 0; i < 40; i++) await rin.messages.post('dev', { text: `${i} @kai` });
    const items = await whole(kai);
    const [first, second] = items;
    if (!first || !second) throw new Error('no items');
    expect(await kai.acknowledge({ items: [first.short, second.id] })).toMatchObject({
      items: 2,
      acknowledged: 2,
      open: 38,
    });
    expect((await kai.catchUp()).pending).toBe(38);
    await refused(kai.acknowledge({ items: [first.id] }), 'not_found');
    await refused(kai.acknowledge({ items: ['x.1'] }), 'invalid');
    await refused(rin.acknowledge({ items: [items[2]?.id ?? ''] }), 'not_found');
    expect(await kai.acknowledge({ operations: items[3]?.operations ?? [] })).toMatchObject({
      items: 1,
      open: 37,
    });
    const { receipt } = await kai.catchUp({ budget: 200_000, limit: 1000 });
    expect(await kai.acknowledge({ receipt })).toMatchObject({ items: 37, open: 0, pending: 0, counted: 0 });
    expect(await whole(kai)).toEqual([]);
  });

  it('INB-4: fields written apart are one item of both writers, and gone when one that saw both ends it', async () => {
    const kai = await open();
    const rin = kai.as('rin');
    const task = await kai.tasks.create({ title: 'one' });
    const { base } = await kai.tasks.get(task.id);
    await kai.tasks.update(task.id, { title: 'of kai', priority: 'P1', base });
    await rin.tasks.update(task.id, { title: 'of rin', priority: 'P0', base });
    const [item] = await whole(kai);
    expect(item).toMatchObject({ kind: 'conflict', fields: ['title', 'priority'], place: 'kai-1' });
    expect((await whole(rin)).map(({ id }) => id)).toEqual([item?.id]);
    expect(await rin.acknowledge({ items: [item?.id ?? ''] })).toMatchObject({ items: 1, open: 0 });
    await kai.tasks.update(task.id, { title: 'both', priority: 'P2' });
    expect(await whole(kai)).toEqual([]);
    expect(await whole(rin)).toEqual([]);
  });

  it('INB-4: one value that both wrote apart is no conflict', async () => {
    const kai = await open();
    const rin = kai.as('rin');
    const task = await kai.tasks.create({ title: 'one' });
    const { base } = await kai.tasks.get(task.id);
    await kai.tasks.update(task.id, { priority: 'P1', base });
    await rin.tasks.update(task.id, { priority: 'P1', base });
    expect(await whole(kai)).toEqual([]);
    expect(await whole(rin)).toEqual([]);
    await rin.tasks.update(task.id, { priority: 'P0', base });
    expect(kinds(await kai.inbox())).toEqual(['conflict']);
  });

  it('INB-5: memory made apart, and memory under one key, is told to those who wrote it', async () => {
    const kai = await open();
    const rin = kai.as('rin');
    const one = await kai.memory.remember({ text: 'a' });
    await kai.memory.update(one.id, { text: 'b', base: one.base });
    await rin.memory.update(one.id, { text: 'c', base: one.base });
    expect(kinds(await kai.inbox())).toEqual(['conflict']);
    expect(idsOf(await rin.inbox())).toEqual(idsOf(await kai.inbox()));
  });

  it('INB-6: comes up the same when the views are made anew, without what was acknowledged', async () => {
    const at = home();
    let kai = await open(at);
    const rin = kai.as('rin');
    const mine = await kai.messages.post('general', { text: 'mine' });
    for (let i = 0; i < 3; i++) await rin.messages.post('dev', { text: `${i} @kai`, thread: undefined });
    await rin.messages.post('general', { text: 'answer', thread: mine.id });
    const { base } = await kai.messages.get(mine.id);
    await kai.messages.edit(mine.id, { text: 'x', base });
    await kai.messages.edit(mine.id, { text: 'y', base });
    const before = await kai.inbox();
    expect(kinds(before)).toEqual(['mention', 'mention', 'mention', 'reply', 'conflict']);
    await kai.acknowledge({ items: [before.items[1]?.id ?? '', before.items[4]?.id ?? ''] });
    kai = await rebuilt(kai, at);
    expect(idsOf(await kai.inbox())).toEqual([0, 2, 3].map((i) => before.items[i]?.id));
    expect(await kai.inbox()).toMatchObject({ open: 3 });
    await refused(kai.acknowledge({ receipt: before.receipt }), 'receipt_unknown');
  });

  it('INB-7: never costs more than its budget, and says what it cut', async () => {
    const kai = await present();
    const rin = kai.as('rin');
    for (let i = 0; i < 60; i++) await rin.messages.post('dev', { text: `@kai ${'wörter '.repeat(i)}` });
    for (const budget of [250, 300, 500, 1000, 3000]) {
      const answer = await kai.inbox({ budget });
      expect(tokensOf(answer)).toBeLessThanOrEqual(budget);
      expect(answer.proof).toMatchObject({ complete: false, remaining: 60 - answer.items.length });
      expect(await kai.inbox({ budget })).toEqual(answer);
    }
    expect(await allOf(({ limit, cursor }) => kai.inbox({ limit, cursor, budget: 400 }), 7)).toHaveLength(60);
    await refused(kai.inbox({ budget: 100 }), 'invalid');
    await refused(kai.inbox({ cursor: 'x' }), 'invalid');
  });

  it('INB-8: what needs a member is never counted away: what the budget cuts of it stays pending', async () => {
    const kai = await present();
    const rin = kai.as('rin');
    for (let i = 0; i < 100; i++)
      await rin.messages.post('dev', { text: i % 2 ? `noise ${i}` : `${i} @kai` });
    const answer = await kai.catchUp({ budget: 2000 });
    const seen = answer.items.flatMap((item) => (item.kind === 'operation' ? [item] : []));
    expect(seen.every(({ because }) => because === 'mention')).toBe(true);
    expect(answer.left).toBe(50 - seen.length);
    expect(answer).toMatchObject({
      pending: 100,
      open: 50,
      proof: { complete: false, remaining: 50 - seen.length },
    });
    expect(await kai.acknowledge({ receipt: answer.receipt })).toMatchObject({
      acknowledged: 50 + seen.length,
      counted: 50,
      items: seen.length,
      pending: 50 - seen.length,
      open: 50 - seen.length,
    });
    expect((await kai.catchUp()).pending).toBe(50 - seen.length);
  });

  it('INB-9: 900 messages that were counted and not read are acknowledged as counted', async () => {
    const kai = await present();
    const rin = kai.as('rin');
    await Promise.all(Array.from({ length: 900 }, (_, i) => rin.messages.post('dev', { text: `${i}` })));
    const answer = await kai.catchUp({ budget: 1000 });
    expect(answer.items.map((item) => (item.kind === 'range' ? item.count : 0))).toEqual([900]);
    expect(await kai.acknowledge({ receipt: answer.receipt })).toMatchObject({
      acknowledged: 900,
      counted: 900,
      pending: 0,
    });
  }, 60_000);
});
