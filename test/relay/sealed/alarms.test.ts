import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { syncSourceOf } from '../../../src/replica/sync/index.ts';
import { scratch } from '../../support/scratch.ts';
import { linked, machine, once, relayIn, shows } from './machines.ts';

it('SLH-6: what a relay was found out by is shown where somebody looks, also after a restart, until it is added anew', async () => {
  const root = scratch();
  const ana = await machine(root, 'ana', 'home');
  await ana.client.messages.post('general', { text: 'first' });
  expect((await ana.client.doctor()).findings).toContainEqual(
    expect.objectContaining({ what: 'relays', state: 'ok' }),
  );
  const directory = join(root, 'relay');
  const relay = await relayIn(directory);
  await ana.client.remotes.add({ url: relay.url, code: relay.code });
  await linked(ana);
  await relay.close();
  cpSync(directory, join(root, 'kept'), { recursive: true });
  const same = await relayIn(directory, relay.port);
  await ana.client.messages.post('general', { text: 'second' });
  await linked(ana);
  expect((await ana.client.remotes.list()).items).toMatchObject([{ alarms: [], trouble: null }]);
  expect((await ana.client.status()).warnings).toEqual([]);
  await same.close();
  rmSync(directory, { recursive: true });
  cpSync(join(root, 'kept'), directory, { recursive: true });
  const older = await relayIn(directory, relay.port);

  const found = async (client = ana.client): Promise<boolean> =>
    (await client.remotes.list()).items.some(({ alarms }) => alarms.length > 0);
  await once(ana, () => found());
  await linked(ana);
  const shown = {
    trouble: { code: 'relay_tampered', message: expect.stringContaining('rolled_back') },
    alarms: expect.arrayContaining([expect.objectContaining({ kind: 'rolled_back' })]),
  };
  const warned = {
    what: 'relays',
    message: expect.stringContaining(`${older.url}: rolled_back`),
  };
  expect((await ana.client.remotes.list()).items).toMatchObject([shown]);
  expect((await ana.client.status()).warnings).toContainEqual(expect.objectContaining(warned));
  expect((await ana.client.doctor()).findings).toContainEqual(
    expect.objectContaining({ ...warned, state: 'warning' }),
  );

  await ana.node.close();
  const again = await machine(root, 'ana', 'home');
  await once(again, () => found(again.client));
  await linked(again);
  expect((await again.client.remotes.list()).items).toMatchObject([shown]);
  await again.client.remotes.remove(older.url);
  await again.client.remotes.add({ url: older.url, code: older.code });
  await linked(again);
  expect((await again.client.remotes.list()).items).toMatchObject([{ alarms: [], trouble: null }]);
  expect((await again.client.status()).warnings).toEqual([]);
}, 60_000);

it('SLR-14: a replica that a relay sent away since it was revoked dials it no more until something changes', async () => {
  const root = scratch();
  const [ana, bo] = [await machine(root, 'ana', 'home'), await machine(root, 'bo', 'home')];
  await ana.client.messages.post('general', { text: 'of ana' });
  await bo.client.messages.post('general', { text: 'of bo' });
  await shows(ana, 'of bo');
  await bo.node.close();
  const relay = await relayIn(join(root, 'relay'));
  await ana.client.remotes.add({ url: relay.url, code: relay.code });
  await linked(ana);
  const away = await machine(root, 'bo', 'away', [relay.url]);
  await linked(away);
  await ana.client.replicas.revoke(away.node.replica.id);
  const refused = async () =>
    (await away.client.remotes.list()).items.find(({ state }) => state === 'refused');
  await once(away, async () => (await refused()) !== undefined);
  expect(await refused()).toMatchObject({ trouble: { code: 'revoked' } });
  const { since } = (await refused())!;
  // What it writes stays here: nothing that it could be given changes that.
  await away.client.messages.post('general', { text: 'into the void' }).catch(() => undefined);
  syncSourceOf(away.node.replica).keyring.use();
  await ana.client.messages.post('general', { text: 'later' });
  await linked(ana);
  expect(await refused()).toMatchObject({ since });
}, 60_000);
