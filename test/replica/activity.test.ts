import { describe, expect, it } from 'vitest';
import { allOf, open, refused } from './support/open.ts';

describe('activity', () => {
  it('HIS-5 shows what one member did of one kind in a row as one item with a count', async () => {
    const kai = await open();
    const rin = kai.as('rin');
    await kai.messages.post('general', { text: 'first' });
    const before = (await kai.status()).cursor;
    for (let i = 0; i < 3; i++) await kai.messages.post('general', { text: `m${i}` });
    const { id } = await kai.messages.post('dev', { text: 'elsewhere' });
    await kai.messages.react(id, 'a');
    await kai.messages.react(id, 'b');
    await rin.messages.post('general', { text: 'hi' });
    await kai.messages.post('general', { text: 'last' });
    const { items } = await kai.activity({ types: 'message.*' });
    expect(items.map(({ type, by, run }) => [type, by?.handle, run?.count, run?.subjects])).toEqual([
      ['message.create', 'kai', undefined, undefined],
      ['message.create', 'rin', undefined, undefined],
      ['message.react', 'kai', 2, 1],
      ['message.create', 'kai', undefined, undefined],
      ['message.create', 'kai', 4, 4],
    ]);
    const each = await kai.activity({ types: 'message.*', each: true });
    expect(each.items).toHaveLength(9);
    const [run] = items.slice(-1);
    expect(run).toMatchObject({ body: { text: 'm2' }, run: { first: before, since: each.items.at(-1)?.at } });
    // What is left out stands between nothing: rin's message broke no run of those that are shown.
    const mine = await kai.activity({ types: 'message.create', members: 'kai', channels: 'general' });
    expect(mine.items.map((item) => item.run?.count)).toEqual([5]);
    await refused(kai.activity({ members: 'nobody' }), 'not_found');
    for (const types of ['message.creat', 'messages.*']) {
      const error = await refused(kai.activity({ types }), 'invalid');
      expect(error.legal).toContain('message.create');
    }
  });

  it('HIS-5 counts each event once page by page, whatever is written meanwhile, and bounds a run', async () => {
    const kai = await open();
    const rin = kai.as('rin');
    await rin.messages.post('general', { text: 'hello' });
    await Promise.all(Array.from({ length: 600 }, (_, i) => kai.messages.post('general', { text: `m${i}` })));
    for (let i = 0; i < 5; i++) await (i % 2 ? kai : rin).messages.post('dev', { text: `d${i}` });
    const all = await kai.activity({ limit: 1000, each: true });
    const pages = await allOf(
      (page) => kai.activity(page),
      2,
      () => kai.messages.post('dev', { text: 'more' }),
    );
    const counts = pages.map((item) => item.run?.count ?? 1);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(all.items.length);
    expect(counts.slice(5, 8)).toEqual([256, 256, 88]);
  });
});
