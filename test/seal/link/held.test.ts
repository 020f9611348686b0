import { expect, it } from 'vitest';
import { createMemoryStore } from '../../../src/storage/store/memory.ts';
import { meet, type Peer, peers } from '../../replica/sync/support.ts';
import { openRig } from '../mailbox/support.ts';
import { crafting } from './crafting.ts';
import { link, shows, textsOf } from './support.ts';

it('SLR-20: what waits for what it follows is read again after a restart', async () => {
  const [ana, bo] = (await peers(['ana', 'bo'])) as [Peer, Peer];
  for (const { replica } of [ana, bo]) await replica.messages.post('general', { text: 'hello' });
  await meet(ana, bo);
  const rig = openRig();
  const first = await link(ana, rig);
  await first.settled();
  await meet(ana, bo);
  const store = createMemoryStore();
  const second = await link(bo, rig, { store });
  await second.settled();
  await ana.replica.messages.post('general', { text: 'before' });
  await shows(bo, 'before');
  await Promise.all([first.settled(), second.settled()]);
  await first.cut();
  await second.cut();

  // Two updates of ana, in one order after the other.
  for (const text of ['one', 'two']) await ana.replica.messages.post('general', { text });
  const [one, two] = ana.updates.slice(-2);
  expect(two!.document).toBe(one!.document);
  const name = one!.document;
  const { append } = await crafting(rig, ana, name);
  await append(two!.update);
  const between = await link(bo, rig, { store });
  await between.until(({ state }) => state === 'live');
  await between.cut();
  expect(await textsOf(bo)).not.toContain('two');
  await append(one!.update);
  const again = await link(bo, rig, { store });
  await shows(bo, 'two');
  expect(await textsOf(bo)).toContain('one');
  expect([...between.alarms, ...again.alarms, ...between.refused, ...again.refused]).toEqual([]);
});

it('SLR-23: two records of one author and number are no trick of the relay', async () => {
  const [ana, bo] = (await peers(['ana', 'bo'])) as [Peer, Peer];
  for (const { replica } of [ana, bo]) await replica.messages.post('general', { text: 'hello' });
  await meet(ana, bo);
  const rig = openRig();
  const first = await link(ana, rig);
  await first.settled();
  await meet(ana, bo);
  const second = await link(bo, rig);
  await second.settled();
  await first.cut();
  for (const text of ['one', 'two', 'three']) await ana.replica.messages.post('general', { text });
  const [one, two, three] = ana.updates.slice(-3);
  // As two processes with one key append, or one over two connections.
  const [here, there] = [await crafting(rig, ana, one!.document), await crafting(rig, ana, one!.document)];
  await here.append(one!.update);
  await there.append(two!.update);
  await there.append(three!.update);
  await shows(bo, 'three');
  await second.settled();
  expect(second.alarms).toEqual([]);
  // The same bytes once more are one.
  await there.again();
  await second.until(() => second.alarms.length > 0);
  expect(second.alarms.map(({ kind }) => kind)).toEqual(['replayed']);
  expect(await textsOf(bo)).toEqual(expect.arrayContaining(['one', 'two', 'three']));
});
