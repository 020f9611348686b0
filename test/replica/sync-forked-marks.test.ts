import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { documentsOf, meet, peer, peers, pull, session } from './sync/support.ts';

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

it('REP-28, INB-1: it needs its member also where a mark came before the fork was seen', async () => {
  const [ana, bo, cy] = await peers(['ana', 'bo', 'cy']);
  if (!ana || !bo || !cy) throw new Error('no peers');
  for (const { replica, name } of [ana, bo, cy]) await replica.messages.post('general', { text: name });
  await meet(ana, bo, cy);
  await ana.replica.close();
  cpSync(ana.at.directory, join(ana.at.root, 'copy'), { recursive: true });
  await ana.reopen();
  const copy = await peer('copy', ana.at.root);
  await ana.replica.messages.post('general', { text: '@bo from the one' });
  await copy.replica.as('ana').messages.post('general', { text: '@bo from the other' });

  await pull(ana, bo);
  await bo.replica.acknowledge({ receipt: (await bo.replica.catchUp()).receipt });
  // What was acknowledged is an operation when it closes.
  await bo.reopen();
  for (const document of (await documentsOf(bo)).filter((name) => name.startsWith('log/marks.'))) {
    const update = await bo.source.diff(document, await cy.source.stateVector(document));
    expect(await cy.source.receive(document, update, session())).toMatchObject({ ok: true });
  }
  const told = async (): Promise<string[]> =>
    (await cy.replica.as('bo').inbox()).items.map(({ text }) => text);
  await pull(copy, cy);
  // By its number it was read: of another there is nothing here yet.
  expect(await told()).toEqual([]);
  await pull(ana, cy);
  expect(await told()).toContain('@bo from the other');
  await meet(ana, bo, copy, cy);
  const { items, pending } = await cy.replica.as('bo').catchUp();
  expect(items.filter(({ kind }) => kind === 'operation')).toHaveLength(pending);
  for (const { replica } of [ana, bo, copy, cy])
    expect((await replica.as('bo').inbox()).items.map(({ text }) => text)).toContain('@bo from the other');
  await cy.replica.as('bo').acknowledge({ receipt: (await cy.replica.as('bo').catchUp()).receipt });
  expect(await told()).toEqual([]);
});
