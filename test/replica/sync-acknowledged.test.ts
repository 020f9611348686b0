import { expect, it } from 'vitest';
import { memoryDisk } from '../simulation/disk.ts';
import { scratch } from '../support/scratch.ts';
import { clock } from './support/clock.ts';
import { meet, peer } from './sync/support.ts';

it('REP-16: what was acknowledged within the last minute before a crash is read everywhere a minute after the next opening', async () => {
  const root = scratch();
  const time = clock();
  const ana = await peer('ana', root, time);
  const disk = memoryDisk(`${root}/bo`);
  const before = await peer('bo', root, { ...time, storage: disk.storage() });
  for (const { replica } of [ana, before]) await replica.messages.post('general', { text: 'here' });
  await meet(ana, before);
  await ana.replica.messages.post('general', { text: '@bo look' });
  await meet(ana, before);
  const { receipt } = await before.replica.catchUp();
  await before.replica.acknowledge({ receipt });

  // As a killed process leaves it.
  const left = await disk.copy(`${root}/bo`);
  const bo = await peer('bo', root, { ...time, storage: left.storage() });
  expect((await bo.replica.inbox()).items).toEqual([]);
  time.advance(60_000);
  // What follows it in the queue is on disk after it.
  await bo.replica.messages.post('general', { text: 'back' });
  await meet(ana, bo);
  const there = ana.replica.as('bo');
  expect((await there.inbox()).items).toEqual([]);
  expect((await there.catchUp()).items.map(({ kind }) => kind)).toEqual([]);
});
