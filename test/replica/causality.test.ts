import { expect, it } from 'vitest';
import { healthy, home, open, reopen } from './support/open.ts';

it('REP-18 twelve edits from one stale base are twelve siblings; joins tie them before an edit that saw all', async () => {
  const at = home();
  let kai = await open(at);
  const { id, base } = await kai.messages.post('general', { text: 'start' });
  const edits = await Promise.all(
    Array.from({ length: 12 }, (_, i) => kai.messages.edit(id, { text: `edit ${i}`, base })),
  );
  const forked = await kai.messages.get(id);
  expect(forked.siblings?.['text']).toHaveLength(12);
  expect(new Set(forked.siblings?.['text']?.map(({ value }) => value))).toEqual(
    new Set(edits.map((_, i) => `edit ${i}`)),
  );
  kai = await reopen(kai, at);
  const merged = await kai.messages.edit(id, { text: 'one again' });
  expect(merged.siblings).toBeUndefined();
  expect(merged).toMatchObject({ text: 'one again', base: [expect.any(String)] });
  const { items } = await kai.history(id, { limit: 100 });
  const joins = items.filter(({ type }) => type === 'join');
  expect(joins.length).toBeGreaterThan(0);
  for (const { after } of items) expect(after.length).toBeLessThanOrEqual(8);
  await healthy(kai);
});

it('REP-18 the base of an answer can always be sent back', async () => {
  const kai = await open();
  const { id, base } = await kai.tasks.create({ title: 'start' });
  for (let i = 0; i < 12; i++) await kai.tasks.update(id, { title: `edit ${i}`, base });
  const forked = await kai.tasks.get(id);
  expect(forked.siblings?.['title']).toHaveLength(12);
  const merged = await kai.tasks.update(id, { title: 'merged', base: forked.base });
  expect(merged).toMatchObject({ title: 'merged' });
  expect(merged.siblings).toBeUndefined();
});

it('REP-19 stamps never go back, and what was seen wins whatever the clock says', async () => {
  let now = Date.UTC(2035, 0, 1);
  const at = home();
  let kai = await open(at, {}, { now: () => now });
  const { id } = await kai.messages.post('general', { text: 'from the future' });
  await kai.close();
  now = Date.UTC(2025, 0, 1);
  kai = await open(at, {}, { now: () => now });
  expect((await kai.messages.edit(id, { text: 'in the past' })).text).toBe('in the past');
  const { items } = await kai.history(id);
  expect(items.map(({ at: time }) => time)).toEqual([...items.map(({ at: time }) => time)].sort());
});
