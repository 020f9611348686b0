import { describe, expect, it } from 'vitest';
import type { Signer } from '../../../src/op/index.ts';
import { confirmBytes } from '../../../src/seal/admitted.ts';
import { recordKey } from '../../../src/seal/mailbox/rows.ts';
import {
  type Client,
  chainOf,
  founded,
  hashOfRecord,
  newId,
  newSigner,
  openRig,
  recordBy,
  second,
} from './support.ts';

const week = 7 * 24 * 3600 * second;

/** Appends, and resolves with what came of it. */
async function append(client: Client, document: string, record: Uint8Array) {
  client.send({ type: 'append', tag: 50, document, record });
  return client.answer(50);
}

interface Snapshot {
  readonly incarnation: string;
  readonly document: string;
  readonly offset: number;
  readonly record: Uint8Array;
}

async function confirm(client: Client, { record, ...what }: Snapshot, by: Signer = client.signer) {
  const bytes = confirmBytes({ mailbox: client.mailbox, ...what, record: hashOfRecord(record) });
  client.send({
    type: 'confirm',
    tag: 51,
    document: what.document,
    offset: what.offset,
    sig: await by.sign(bytes),
  });
  const answer = await client.answer(51);
  return answer.type === 'error' ? answer.code : answer.type;
}

/** Three records and a snapshot of the first two by the admin, which a reader may confirm. */
async function prepared(others: readonly Signer[]) {
  const rig = openRig();
  const { admin, mailbox, hello } = await founded(rig, others);
  const document = newId();
  const records = [1, 2, 3].map(() => recordBy(admin.signer));
  for (const record of records) await append(admin, document, record);
  const at = { mailbox, document, incarnation: hello.incarnation };
  const record = recordBy(admin.signer, { snapshot: { to: 2, chain: chainOf(at, records.slice(0, 2)) } });
  expect(await append(admin, document, record)).toMatchObject({ type: 'appended', offset: 4 });
  const snapshot: Snapshot = { incarnation: hello.incarnation, document, offset: 4, record };
  return { rig, admin, mailbox, document, records: [...records, record], at, snapshot };
}

describe('trimming a sealed mailbox', () => {
  it('SLD-11: a snapshot that names another chain, or records that are not there, is not taken', async () => {
    const { admin, document, records, at } = await prepared([]);
    for (const snapshot of [
      { to: 2, chain: chainOf(at, records.slice(0, 3)) },
      { to: 2, chain: chainOf({ ...at, document: newId() }, records.slice(0, 2)) },
      { to: 5, chain: chainOf(at, records) },
      { to: 0, chain: chainOf(at, []) },
    ])
      expect(await append(admin, document, recordBy(admin.signer, { snapshot }))).toMatchObject({
        type: 'error',
        code: 'wrong_chain',
      });
    admin.send({ type: 'inventory', after: '' });
    expect((await admin.next('inventory')).documents).toMatchObject([
      { last: 4, chain: chainOf(at, records) },
    ]);
  });

  it('SLD-12: records go once another replica than its author confirmed the snapshot that stands for them', async () => {
    const reader = newSigner();
    const { rig, admin, mailbox, document, records, at, snapshot } = await prepared([reader]);
    const client = rig.connect(reader, mailbox);
    const { usedBytes } = await client.hello();
    admin.send({ type: 'subscribe' });
    // Its author, also after a week: it is not alone.
    rig.clock.now += week;
    admin.send({ type: 'token', token: `${admin.signer.publicKey}.${rig.clock.now + week}` });
    expect(await confirm(admin, snapshot)).toBe('own_snapshot');
    // By a signature of another, over another record, and of no snapshot.
    expect(await confirm(client, snapshot, admin.signer)).toBe('forged');
    expect(await confirm(client, { ...snapshot, record: records[0] as Uint8Array })).toBe('forged');
    expect(await confirm(client, { ...snapshot, incarnation: newId() })).toBe('forged');
    expect(await confirm(client, { ...snapshot, offset: 3 })).toBe('not_found');
    expect(await confirm(client, { ...snapshot, document: newId() })).toBe('not_found');
    expect(await confirm(client, snapshot)).toBe('ok');
    const baseChain = chainOf(at, records.slice(0, 2));
    expect(await admin.next('trimmed')).toEqual({ type: 'trimmed', document, base: 2, baseChain });
    for (const offset of [1, 2])
      expect(rig.store.getSync(recordKey(mailbox, document, offset))).toBeUndefined();
    client.send({ type: 'read', tag: 9, document, after: 0, max: 10_000 });
    const piece = await client.next('records');
    expect(piece).toMatchObject({ base: 2, baseChain, from: 3, last: true });
    expect(piece.records.map(hashOfRecord)).toEqual(records.slice(2).map(hashOfRecord));
    // What follows goes on from the same chain.
    const next = recordBy(admin.signer);
    expect(await append(admin, document, next)).toMatchObject({
      offset: 5,
      chain: chainOf(at, [...records, next]),
    });
    const after = rig.connect(reader, mailbox);
    const freed = (records[0] as Uint8Array).length + (records[1] as Uint8Array).length;
    expect((await after.hello()).usedBytes).toBe(usedBytes - freed + next.length);
    // It is confirmed once.
    expect(await confirm(client, snapshot)).toBe('not_found');
  });

  it('SLD-13: where one key alone is admitted, its own snapshot lets records go after seven days', async () => {
    const { rig, admin, document, snapshot } = await prepared([]);
    const renewed = (): void =>
      admin.send({ type: 'token', token: `${admin.signer.publicKey}.${rig.clock.now + week}` });
    expect(await confirm(admin, snapshot)).toBe('own_snapshot');
    rig.clock.now += week - 1;
    renewed();
    expect(await confirm(admin, snapshot)).toBe('own_snapshot');
    rig.clock.now += 1;
    expect(await confirm(admin, snapshot)).toBe('ok');
    admin.send({ type: 'inventory', after: '' });
    expect((await admin.next('inventory')).documents).toMatchObject([{ document, base: 2, last: 4 }]);
  });

  it('SLD-14: many records go in several batches, and a mailbox that was read anew says the same', async () => {
    const reader = newSigner();
    const rig = openRig();
    const { admin, mailbox, hello } = await founded(rig, [reader]);
    const document = newId();
    const records = Array.from({ length: 9_000 }, () => recordBy(admin.signer, { size: 16 }));
    for (const record of records) admin.send({ type: 'append', tag: 1, document, record });
    for (let i = 0; i < records.length; i++) await admin.next('appended');
    const at = { mailbox, document, incarnation: hello.incarnation };
    const record = recordBy(admin.signer, {
      snapshot: { to: 8_999, chain: chainOf(at, records.slice(0, 8_999)) },
    });
    await append(admin, document, record);
    admin.send({ type: 'subscribe' });
    const client = rig.connect(reader, mailbox);
    await client.hello();
    const snapshot = { incarnation: hello.incarnation, document, offset: 9_001, record };
    expect(await confirm(client, snapshot)).toBe('ok');
    expect((await admin.next('trimmed')).base).toBe(8_192);
    expect((await admin.next('trimmed')).base).toBe(8_999);
    const used = (records[8_999] as Uint8Array).length + record.length;
    const again = openRig({ store: rig.store });
    const reopened = again.connect(reader, mailbox);
    expect(await reopened.hello()).toMatchObject({
      usedBytes: used,
      records: 2,
      incarnation: hello.incarnation,
    });
    reopened.send({ type: 'inventory', after: '' });
    expect((await reopened.next('inventory')).documents).toEqual([
      { document, base: 8_999, last: 9_001, chain: chainOf(at, [...records, record]) },
    ]);
  });
});
