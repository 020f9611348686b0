import { expect, it } from 'vitest';
import { equal, meet, peers } from '../../replica/sync/support.ts';
import { openRig } from '../mailbox/support.ts';
import { link, shows } from './support.ts';

it('SLR-9: replicas that worked apart meet in their mailbox, and then hear each other at once', async () => {
  const [ana, bo] = await peers(['ana', 'bo']);
  for (const { replica } of [ana!, bo!]) await replica.messages.post('general', { text: 'hello' });
  await meet(ana!, bo!);
  const rig = openRig();
  const first = await link(ana!, rig);
  await first.settled();
  await meet(ana!, bo!);
  for (let n = 0; n < 30; n++) await ana!.replica.messages.post('general', { text: `ana ${n}` });
  for (let n = 0; n < 30; n++) await bo!.replica.messages.post('general', { text: `bo ${n}` });
  const second = await link(bo!, rig);
  await second.settled();
  await shows(ana!, 'bo 29');
  await ana!.replica.messages.post('general', { text: 'from ana' });
  await shows(bo!, 'from ana');
  await bo!.replica.messages.post('general', { text: 'from bo' });
  await shows(ana!, 'from bo');
  await Promise.all([first.settled(), second.settled()]);
  await equal(ana!, bo!);
  expect([...first.alarms, ...second.alarms, ...first.refused, ...second.refused]).toEqual([]);
  expect(rig.troubles).toEqual([]);
});
