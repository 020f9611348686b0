import { expect, it } from 'vitest';
import { decodeUpdate } from 'yjs';
import { meet, type Peer, peers, session } from '../../replica/sync/support.ts';
import { craft } from '../../sync/guard/craft.ts';
import { openRig } from '../mailbox/support.ts';
import { link, shows, textsOf } from './support.ts';

it('SLR-17: what lies hidden under a place that another operation has comes by key, both ways', async () => {
  const [ana, bo, cy] = (await peers(['ana', 'bo', 'cy'])) as [Peer, Peer, Peer];
  for (const { replica } of [ana, bo, cy]) await replica.messages.post('general', { text: 'hello' });
  await meet(ana, bo, cy);
  // Under which client, and where, ana writes next.
  const own = ana.updates.filter(({ origin }) => origin === undefined).at(-1)!;
  const { document } = await (async () => {
    await ana.replica.messages.post('general', { text: 'one more' });
    return ana.updates.at(-1)!;
  })();
  expect(own).toBeDefined();
  const last = ana.updates
    .filter((update) => update.document === document && update.origin === undefined)
    .at(-1)!;
  const struct = decodeUpdate(last.update).structs.at(-1)!;
  const at = { client: struct.id.client, clock: struct.id.clock + struct.length };
  await meet(ana, bo, cy);

  // Bo's message stands at cy where ana's next one will stand.
  await bo.replica.messages.post('general', { text: 'hidden' });
  const before = new Set((await cy.source.keys(document)).map(([key]) => key));
  const [key] = (await bo.source.keys(document)).map(([one]) => one).filter((one) => !before.has(one));
  const [[, text]] = (await bo.source.entries(document, [key!])) as [[string, string]];
  const forged = craft([{ ...at, structs: [{ key: key!, values: [JSON.parse(text)] }] }]);
  expect(await cy.source.receive(document, forged, session())).toMatchObject({ ok: true });
  expect(await textsOf(cy)).toContain('hidden');
  await ana.replica.messages.post('general', { text: 'of ana' });
  expect(await cy.source.stateVector(document)).toEqual(await ana.source.stateVector(document));

  const rig = openRig();
  const first = await link(ana, rig);
  await first.settled();
  // What cy needs to read there comes by the members log alone.
  for (const name of ['log/members/1'])
    await cy.source.receive(name, await ana.source.diff(name, await cy.source.stateVector(name)), session());
  const second = await link(cy, rig);
  await shows(cy, 'of ana');
  await shows(ana, 'hidden');
  await Promise.all([first.settled(), second.settled()]);
  await ana.replica.messages.post('general', { text: 'later' });
  await shows(cy, 'later');
  await cy.replica.messages.post('general', { text: 'later still' });
  await shows(ana, 'later still');
  expect([...first.alarms, ...second.alarms, ...first.refused, ...second.refused]).toEqual([]);
});
