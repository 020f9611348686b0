import { expect, it } from 'vitest';
import { nodeCrypto } from '../../../src/keys/node.ts';
import { type SnapshotPolicy, usualSnapshots } from '../../../src/seal/link/snapshots.ts';
import { rangeOf, readRecordRow } from '../../../src/seal/mailbox/rows.ts';
import { documentKey, mailboxId } from '../../../src/seal/names.ts';
import { readHead, readRecord } from '../../../src/seal/record.ts';
import type { Extent } from '../../../src/seal/wire.ts';
import { createMemoryStore } from '../../../src/storage/store/memory.ts';
import { documentsOf, equal, meet, type Peer, peers } from '../../replica/sync/support.ts';
import { openRig, type Rig } from '../mailbox/support.ts';
import { type Linked, link, shows, textsOf } from './support.ts';

const soon: SnapshotPolicy = { records: 8, bytes: 64 * 1024, hot: 1, from: 0, to: 20 };

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

/** Whatever the relay still has, opened with the keys of a replica, that holds a text. */
async function holding(rig: Rig, { source }: Peer, text: string): Promise<number> {
  const found: string[] = [];
  const mailbox = mailboxId(nodeCrypto, source.workspace);
  for await (const [key, value] of rig.store.scan(rangeOf(mailbox, 'r'))) {
    const { record } = readRecordRow(value);
    const [document = ''] = key.slice(rangeOf(mailbox, 'r').gte.length).split('/');
    const head = readHead(record);
    const epoch = head && source.keyring.byMark(head.epoch);
    if (!epoch) throw new Error('a record that this replica can not read');
    const opened = readRecord({ mailbox, document }, record, documentKey(epoch, document));
    if (!opened) throw new Error('a seal that does not hold');
    const { payload } = opened;
    const bytes = payload.kind === 'entries' ? JSON.stringify(payload.entries) : payload.update;
    if (Buffer.from(bytes).includes(text)) found.push(key);
  }
  return found.length;
}

/** Resolves once the relay has trimmed a document, as it tells. */
async function trimmed(rig: Rig, peer: Peer, work: () => Promise<unknown>): Promise<void> {
  const { source } = peer;
  const signer = {
    publicKey: source.publicKey,
    id: peer.replica.id,
    sign: (bytes: Uint8Array) => source.sign(bytes),
  };
  const client = rig.connect(signer, mailboxId(nodeCrypto, source.workspace));
  await client.hello();
  client.send({ type: 'subscribe' });
  await work();
  await client.next('trimmed');
  client.session.close(1000, 'looked');
}

const usual: SnapshotPolicy = { ...usualSnapshots, from: 0, to: 20 };

it('SLR-19: what was removed leaves the relay with a snapshot that follows at once, and stays away', async () => {
  const [ana, bo] = (await peers(['ana', 'bo'])) as [Peer, Peer];
  for (const { replica } of [ana, bo]) await replica.messages.post('general', { text: 'hello' });
  await meet(ana, bo);
  const rig = openRig();
  const first = await link(ana, rig, { snapshots: usual });
  await first.settled();
  await meet(ana, bo);
  const second = await link(bo, rig, { snapshots: usual });
  await second.settled();
  const canary = await ana.replica.messages.post('general', { text: 'canary-removed' });
  await shows(bo, 'canary-removed');
  await ana.replica.messages.post('general', { text: 'stays' });
  await Promise.all([first.settled(), second.settled()]);
  expect(await holding(rig, ana, 'canary-removed')).toBeGreaterThan(0);
  await trimmed(rig, ana, () => ana.replica.messages.redact(canary.id));
  await Promise.all([first.settled(), second.settled()]);
  expect(await holding(rig, ana, 'canary-removed')).toBe(0);
  expect(await holding(rig, ana, 'stays')).toBeGreaterThan(0);
  // One redaction is a snapshot or a few: what comes then is appended as before.
  const signer = { publicKey: ana.source.publicKey, id: ana.replica.id, sign: ana.source.sign };
  const watch = rig.connect(signer, mailboxId(nodeCrypto, ana.source.workspace));
  await watch.hello();
  watch.send({ type: 'subscribe' });
  for (let n = 0; n < 20; n++) {
    await bo.replica.messages.post('general', { text: `after ${n}` });
    await second.settled();
  }
  await shows(ana, 'after 19');
  await Promise.all([first.settled(), second.settled()]);
  const records = watch.came.flatMap((one) => (one.type === 'entry' ? [one.record] : []));
  expect(records.length).toBeGreaterThanOrEqual(20);
  expect(records.filter((record) => readHead(record)?.snapshot).length).toBeLessThan(8);
  expect([...first.alarms, ...second.alarms]).toEqual([]);
});

it('SLR-19: one replica alone confirms its own snapshot when seven days are over, not before', async () => {
  const [ana] = (await peers(['ana'])) as [Peer];
  await ana.replica.messages.post('general', { text: 'hello' });
  const rig = openRig();
  const places = createMemoryStore();
  const options = { snapshots: usual, store: places, now: () => rig.clock.now };
  const come = async (): Promise<Linked> => {
    const linked = await link(ana, rig, options);
    await linked.settled();
    return linked;
  };
  const first = await come();
  const canary = await ana.replica.messages.post('general', { text: 'canary-removed' });
  await first.settled();
  const snapshots = async (): Promise<number> => {
    let count = 0;
    const mailbox = mailboxId(nodeCrypto, ana.source.workspace);
    for await (const [, value] of rig.store.scan(rangeOf(mailbox, 'r')))
      if (readHead(readRecordRow(value).record)?.snapshot) count++;
    return count;
  };
  await ana.replica.messages.redact(canary.id);
  await first.settled();
  for (let n = 0; (await snapshots()) === 0; n++) {
    await ana.replica.messages.post('general', { text: `more ${n}` });
    await first.settled();
  }
  await first.cut();
  const day = 24 * 3_600_000;
  rig.clock.now += 6 * day;
  await (await come()).cut();
  expect((await inventory(rig, ana)).every(({ base }) => base === 0)).toBe(true);
  expect(await holding(rig, ana, 'canary-removed')).toBeGreaterThan(0);
  rig.clock.now += day + 1;
  await trimmed(rig, ana, come);
  expect(await holding(rig, ana, 'canary-removed')).toBe(0);
});

it('SLR-24: a document that is larger than a record gets a snapshot in parts, and who comes then lacks nothing', async () => {
  const [ana, bo, cy, di] = (await peers(['ana', 'bo', 'cy', 'di'])) as [Peer, Peer, Peer, Peer];
  for (const { replica } of [ana, bo, cy, di]) await replica.messages.post('general', { text: 'hello' });
  await meet(ana, bo, cy, di);
  // Each writes into the same segment, and knows nothing of the others: it rolls where it is too large for one.
  for (const { replica, name } of [ana, bo, cy])
    for (let n = 0; n < 7; n++)
      await replica.messages.post('general', { text: `${name} ${n} ${name.slice(0, 1).repeat(60_000)}` });
  const canary = await ana.replica.messages.post('general', { text: 'canary-removed' });
  await meet(ana, bo, cy);
  const rig = openRig();
  const first = await link(ana, rig, { snapshots: usual });
  await first.settled();
  await meet(ana, bo);
  const second = await link(bo, rig, { snapshots: usual });
  await second.settled();
  expect(await holding(rig, ana, 'canary-removed')).toBeGreaterThan(0);
  const sizes: number[] = [];
  for (const name of await documentsOf(ana))
    sizes.push((await ana.source.diff(name, new Uint8Array([0]))).length);
  expect(Math.max(...sizes)).toBeGreaterThan(1024 * 1024);
  await ana.replica.messages.redact(canary.id);
  while ((await holding(rig, ana, 'canary-removed')) > 0)
    await trimmed(rig, ana, () => ana.replica.messages.post('general', { text: 'more' }));
  const documents = await inventory(rig, ana);
  expect(documents.some(({ base, last }) => base > 0 && last - base > 1)).toBe(true);
  for (const name of ['log/members/1'])
    await di.source.receive(name, await ana.source.diff(name, await di.source.stateVector(name)), 1_000);
  const third = await link(di, rig, { snapshots: usual });
  await third.settled();
  await Promise.all([first.settled(), second.settled()]);
  await meet(cy, ana);
  await equal(ana, bo);
  const texts = await textsOf(di);
  for (const { name } of [ana, bo, cy])
    for (let n = 0; n < 7; n++) expect(texts.some((text) => text?.startsWith(`${name} ${n} `))).toBe(true);
  expect(texts).not.toContain('canary-removed');
  for (const { alarms, refused } of [first, second, third]) expect([...alarms, ...refused]).toEqual([]);
});
