import { expect, it } from 'vitest';
import { nodeCrypto } from '../../../src/keys/node.ts';
import type { SnapshotPolicy } from '../../../src/seal/link/snapshots.ts';
import { mailboxId } from '../../../src/seal/names.ts';
import type { Extent } from '../../../src/seal/wire.ts';
import { allOf } from '../../replica/support/open.ts';
import { equal, meet, type Peer, peers } from '../../replica/sync/support.ts';
import { openRig, type Rig } from '../mailbox/support.ts';
import { link } from './support.ts';

const soon: SnapshotPolicy = { records: 8, bytes: 64 * 1024, hot: 1, from: 0, to: 20 };

const textsOf = async ({ replica }: Peer): Promise<(string | null)[]> =>
  (await allOf((page) => replica.messages.list('general', page))).map(({ text }) => text);

/** What the relay says that it holds. */
async function inventory(rig: Rig, peer: Peer): Promise<readonly Extent[]> {
  const { source } = peer;
  const signer = {
    publicKey: source.publicKey,
    id: peer.replica.id,
    sign: (bytes: Uint8Array) => source.sign(bytes),
  };
  const client = rig.connect(signer, mailboxId(nodeCrypto, source.workspace));
  await client.hello();
  client.send({ type: 'inventory', after: '' });
  const { documents } = await client.next('inventory');
  client.session.close(1000, 'looked');
  return documents;
}

it('SLR-12: a snapshot that another replica looked into lets the relay drop what it stands for, and who comes then lacks nothing', async () => {
  const [ana, bo, cy] = await peers(['ana', 'bo', 'cy']);
  for (const { replica } of [ana!, bo!, cy!]) await replica.messages.post('general', { text: 'hello' });
  await meet(ana!, bo!, cy!);
  const rig = openRig();
  const first = await link(ana!, rig, { snapshots: soon });
  await first.settled();
  await meet(ana!, bo!, cy!);
  const second = await link(bo!, rig, { snapshots: soon });
  await second.settled();
  const removed = await ana!.replica.messages.post('general', { text: 'soon removed' });
  for (let n = 0; n < 40; n++) await ana!.replica.messages.post('general', { text: `ana ${n}` });
  await ana!.replica.messages.redact(removed.id);
  await first.settled();
  let trimmed: readonly Extent[] = [];
  for (let n = 0; trimmed.length === 0; n++) {
    await bo!.replica.messages.post('general', { text: `bo ${n}` });
    await Promise.all([first.settled(), second.settled()]);
    trimmed = (await inventory(rig, ana!)).filter(({ base }) => base > 0);
  }
  await meet(ana!, cy!);
  const third = await link(cy!, rig, { snapshots: soon });
  await third.settled();
  await Promise.all([first.settled(), second.settled()]);
  const texts = await textsOf(cy!);
  for (let n = 0; n < 40; n++) expect(texts).toContain(`ana ${n}`);
  expect(texts).not.toContain('soon removed');
  await equal(ana!, bo!);
  await equal(ana!, cy!);
  for (const { alarms, refused } of [first, second, third]) expect([...alarms, ...refused]).toEqual([]);
  expect(rig.troubles).toEqual([]);
});

it('SLR-12: nobody confirms its own snapshot, so one replica alone keeps all its records there', async () => {
  const [ana] = await peers(['ana']);
  await ana!.replica.messages.post('general', { text: 'hello' });
  const rig = openRig();
  const one = await link(ana!, rig, { snapshots: soon });
  for (let n = 0; n < 60; n++) {
    await ana!.replica.messages.post('general', { text: `ana ${n}` });
    await one.settled();
  }
  const held = await inventory(rig, ana!);
  expect(held.every(({ base }) => base === 0)).toBe(true);
  expect(Math.max(...held.map(({ last }) => last))).toBeGreaterThan(60);
  expect(one.alarms).toEqual([]);
});
