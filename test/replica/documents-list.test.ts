import { expect, it } from 'vitest';
import { refused } from './support/open.ts';
import { peers } from './sync/support.ts';

it('REP-42: log documents are listed with their entries and digests, page by page', async () => {
  const [ana] = await peers(['ana']);
  if (!ana) throw new Error('no peer');
  const { replica, source } = ana;
  await replica.tasks.create({ title: 'one' });
  // More than a segment holds.
  for (let i = 0; i < 10; i++) await replica.messages.post('general', { text: 'x'.repeat(60_000) });
  const { items, next } = await replica.documents.list();
  expect(next).toBeUndefined();
  const channel = `channel.${(await replica.channels.get('general')).id}`;
  expect(items.map(({ document, newest }) => [document, newest])).toEqual([
    [`log/${channel}/1`, false],
    [`log/${channel}/2`, true],
    [`log/marks.${replica.member.id}/1`, true],
    ['log/members/1', true],
    ['log/tasks/1', true],
  ]);
  for (const { document, log, segment, entries, digest } of items) {
    expect(document).toBe(`log/${log}/${segment}`);
    const { digest: compared, entries: held } = await source.digest(document);
    expect([digest, entries], document).toEqual([compared, held]);
  }

  const pages: string[] = [];
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page = await replica.documents.list({ limit: 1, cursor });
    pages.push(...page.items.map(({ document }) => document));
    cursor = page.next;
  }
  expect(pages).toEqual(items.map(({ document }) => document));
  expect((await replica.documents.list({ log: channel })).items).toEqual(items.slice(0, 2));
  expect((await replica.documents.list({ log: 'memory' })).items).toEqual([]);
  await refused(replica.documents.list({ log: '../x' }), 'invalid');
  await refused(replica.documents.list({ cursor: 'log/none/1' }), 'invalid');
});
