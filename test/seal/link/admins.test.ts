import { expect, it } from 'vitest';
import { nodeCrypto } from '../../../src/keys/node.ts';
import { readList } from '../../../src/seal/admitted.ts';
import { epochMark, mailboxId } from '../../../src/seal/names.ts';
import { readHead } from '../../../src/seal/record.ts';
import { equal, meet, type Peer, peers } from '../../replica/sync/support.ts';
import { type Client, openRig, type Rig } from '../mailbox/support.ts';
import { link, shows, textsOf } from './support.ts';

/** A session of a replica of its own, that only looks. */
async function looking(rig: Rig, { source, replica }: Peer): Promise<Client> {
  const signer = {
    publicKey: source.publicKey,
    id: replica.id,
    sign: (bytes: Uint8Array) => source.sign(bytes),
  };
  const client = rig.connect(signer, mailboxId(nodeCrypto, source.workspace));
  await client.hello();
  return client;
}

it('SLR-14: a replica that is revoked is sent away at once, and what is written then is sealed in an epoch that it can’t open', async () => {
  const [ana, bo, cy] = (await peers(['ana', 'bo', 'cy'])) as [Peer, Peer, Peer];
  for (const { replica } of [ana, bo, cy]) await replica.messages.post('general', { text: 'hello' });
  await meet(ana, bo, cy);
  const rig = openRig();
  const first = await link(ana, rig);
  await first.settled();
  await meet(ana, bo, cy);
  const [second, third] = [await link(bo, rig), await link(cy, rig)];
  await Promise.all([second.settled(), third.settled()]);
  const watch = await looking(rig, ana);
  watch.send({ type: 'list', tag: 1, list: undefined }, { type: 'subscribe' });
  const before = readList((await watch.next('list')).list)!;
  const known = cy.source.keyring.all();

  await ana.replica.replicas.revoke(cy.replica.id);
  await third.until(({ state }) => state === 'closed');
  expect(third.ended()).toMatchObject({ code: 4403, reason: 'this key is revoked' });
  let after = before;
  while (!after.revoked.includes(cy.source.publicKey)) after = readList((await watch.next('list')).list)!;
  expect(after.version).toBeGreaterThan(before.version);
  expect(after.keys.map(({ key }) => key)).not.toContain(cy.source.publicKey);

  const fresh = (): boolean => {
    const [of, at] = [ana, bo].map(({ source }) => source.keyring.current()?.id);
    return of !== undefined && of === at && known.every(({ id }) => id !== of);
  };
  while (!fresh())
    await new Promise<void>((resolve) => {
      const stops = [ana, bo].map(({ source }) =>
        source.keyring.onChange(() => {
          for (const stop of stops) stop();
          resolve();
        }),
      );
    });
  watch.came.length = 0;
  await bo.replica.messages.post('general', { text: 'without cy' });
  await shows(ana, 'without cy');
  await Promise.all([first.settled(), second.settled()]);
  const marks = known.map(({ id }) => epochMark(nodeCrypto, id));
  const written = watch.came.flatMap((message) => (message.type === 'entry' ? [message.record] : []));
  expect(written.length).toBeGreaterThan(0);
  for (const record of written) expect(marks).not.toContain(readHead(record)!.epoch);
  // It may come again, and is turned away as before.
  const again = await link(cy, rig);
  await again.until(({ state }) => state === 'closed');
  expect(again.ended()).toMatchObject({ code: 4403 });
  expect(await textsOf(cy)).not.toContain('without cy');
  await equal(ana, bo);
  expect([...first.alarms, ...second.alarms, ...third.alarms]).toEqual([]);
});

it('SLR-15: where two admins began the first epoch apart, and meet in the mailbox alone, nothing is lost', async () => {
  const [ana, bo] = (await peers(['ana', 'bo'])) as [Peer, Peer];
  for (const { replica } of [ana, bo]) await replica.messages.post('general', { text: 'hello' });
  await meet(ana, bo);
  await ana.replica.members.grant('bo', { role: 'admin' });
  await meet(ana, bo);
  expect(bo.source.roster().inForce.filter(({ admin }) => admin)).toHaveLength(2);
  const [rig, other] = [openRig(), openRig()];
  const first = await link(ana, rig);
  const apart = await link(bo, other);
  await Promise.all([first.settled(), apart.settled()]);
  await apart.cut();
  expect(bo.source.keyring.founding()!.id).not.toBe(ana.source.keyring.founding()!.id);
  await ana.replica.messages.post('general', { text: 'of ana' });
  await bo.replica.messages.post('general', { text: 'of bo' });
  await first.settled();
  // One of them has other names then, and comes again, as a node does by itself.
  const linked = { ana: first, bo: await link(bo, rig) };
  const alarms = [first.alarms, linked.bo.alarms];
  async function comeAgain(): Promise<void> {
    for (const [name, peer] of [
      ['ana', ana],
      ['bo', bo],
    ] as const)
      if (linked[name].session.state === 'closed') {
        linked[name] = await link(peer, rig);
        alarms.push(linked[name].alarms);
      }
  }
  const inTime = { timeout: 80_000, interval: 20 };
  await expect
    .poll(async () => {
      await comeAgain();
      const texts = await Promise.all([ana, bo].map((one) => textsOf(one)));
      return texts.every((all) => all.includes('of ana') && all.includes('of bo'));
    }, inTime)
    .toBe(true);
  await expect
    .poll(async () => {
      await comeAgain();
      return (await ana.source.root()).logs === (await bo.source.root()).logs;
    }, inTime)
    .toBe(true);
  expect(bo.source.keyring.founding()).toEqual(ana.source.keyring.founding());
  expect(ana.source.keyring.lacking()).toEqual([]);
  await equal(ana, bo);
  expect(alarms.flat()).toEqual([]);
});

it('SLR-16: a log that begins while others are linked is read by them at once', async () => {
  const [ana, bo] = (await peers(['ana', 'bo'])) as [Peer, Peer];
  for (const { replica } of [ana, bo]) await replica.messages.post('general', { text: 'hello' });
  await meet(ana, bo);
  const rig = openRig();
  const first = await link(ana, rig);
  await first.settled();
  await meet(ana, bo);
  const second = await link(bo, rig);
  await second.settled();
  await ana.replica.channels.create({ name: 'fresh' });
  await ana.replica.messages.post('fresh', { text: 'first there' });
  await shows(bo, 'first there', 'fresh');
  await Promise.all([first.settled(), second.settled()]);
  await equal(ana, bo);
});
