import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { meet, peer, peers, pull } from './sync/support.ts';

it('REP-28, INB-1: what a copied directory says under a number that was read already needs its member all the same', async () => {
  const [ana, bo] = await peers(['ana', 'bo']);
  if (!ana || !bo) throw new Error('no peers');
  for (const { replica } of [ana, bo]) await replica.messages.post('general', { text: 'here' });
  await meet(ana, bo);
  await ana.replica.close();
  cpSync(ana.at.directory, join(ana.at.root, 'copy'), { recursive: true });
  await ana.reopen();
  const copy = await peer('copy', ana.at.root);
  await ana.replica.messages.post('general', { text: '@bo from the one' });
  await copy.replica.as('ana').messages.post('general', { text: '@bo from the other' });
  await copy.replica.as('ana').messages.post('general', { text: 'and more' });

  await pull(ana, bo);
  await bo.replica.acknowledge({ receipt: (await bo.replica.catchUp()).receipt });
  expect((await bo.replica.inbox()).items).toEqual([]);
  await pull(copy, bo);
  expect((await bo.replica.inbox()).items.map(({ text }) => text)).toEqual(['@bo from the other']);
  const { items, pending, receipt } = await bo.replica.catchUp();
  const shown = items.filter(({ kind }) => kind === 'operation');
  expect(shown).toHaveLength(pending);
  expect(shown.map((item) => item.kind === 'operation' && item.text)).toEqual([
    '@bo from the other',
    'and more',
  ]);
  await bo.replica.acknowledge({ receipt });
  expect(await bo.replica.catchUp()).toMatchObject({ items: [], pending: 0 });
});
