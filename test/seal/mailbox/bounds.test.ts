import { describe, expect, it, vi } from 'vitest';
import { closeCodes } from '../../../schemas/protocol.ts';
import { sealedProtocol } from '../../../schemas/sealed.ts';
import { createMemoryStore } from '../../../src/storage/store/memory.ts';
import { type Client, founded, newId, newSigner, openRig, recordBy } from './support.ts';

async function append(client: Client, document: string, record: Uint8Array): Promise<string> {
  client.send({ type: 'append', tag: 1, document, record });
  const answer = await client.answer(1);
  return answer.type === 'error' ? answer.code : answer.type;
}

describe('bounds of a sealed mailbox', () => {
  it('SLD-21: what is no record, and what another wrote, is refused', async () => {
    const { admin } = await founded(openRig());
    const good = recordBy(admin.signer);
    const document = newId();
    for (const record of [
      new Uint8Array(0),
      good.slice(0, 60),
      good.subarray(0, good.length - 100),
      new Uint8Array([2, ...good.subarray(1)]),
      new Uint8Array([1, 3, ...good.subarray(2)]),
      recordBy(newSigner()),
    ])
      expect(await append(admin, document, record)).toBe('record_invalid');
    expect(await append(admin, document, good)).toBe('appended');
  });

  it('SLD-22: a mailbox takes as many bytes, records and documents as it may hold, and no more', async () => {
    const bytes = await founded(openRig({ limits: { bytes: 1_000 } }));
    const document = newId();
    const answers: string[] = [];
    for (let i = 0; i < 5; i++)
      answers.push(await append(bytes.admin, document, recordBy(bytes.admin.signer, { size: 200 })));
    expect(answers).toEqual(['appended', 'appended', 'appended', 'quota', 'quota']);
    const records = await founded(openRig({ limits: { records: 1 } }));
    expect(await append(records.admin, document, recordBy(records.admin.signer))).toBe('appended');
    expect(await append(records.admin, document, recordBy(records.admin.signer))).toBe('quota');
    const documents = await founded(openRig({ limits: { documents: 1 } }));
    expect(await append(documents.admin, document, recordBy(documents.admin.signer))).toBe('appended');
    expect(await append(documents.admin, newId(), recordBy(documents.admin.signer))).toBe('quota');
    expect(await append(documents.admin, document, recordBy(documents.admin.signer))).toBe('appended');
  });

  it('SLD-23: frames that cannot be read, or come before hello, end the session', async () => {
    const rig = openRig();
    const { admin, mailbox } = await founded(rig);
    const other = rig.connect(admin.signer, mailbox);
    other.send({ type: 'subscribe' });
    expect(await other.end()).toMatchObject({ code: closeCodes.malformed });
    const later = rig.connect(admin.signer, mailbox);
    later.send({ type: 'hello', versions: [7], capabilities: [] });
    expect(await later.end()).toMatchObject({ code: closeCodes.version });
    admin.raw(new Uint8Array([99, 1, 2, 3]));
    admin.send({ type: 'ping', number: 4 });
    expect(await admin.next('pong')).toEqual({ type: 'pong', number: 4 });
    admin.raw(new Uint8Array(sealedProtocol.frameBytes + 1));
    expect(await admin.end()).toMatchObject({ code: closeCodes.tooLarge });
  });

  it('SLD-24: who sends more than is taken is not read until it is made up for, then cut off', async () => {
    const rig = openRig({ limits: { burst: 100, perSecond: 10 } });
    const { admin } = await founded(rig);
    for (let i = 0; i < 80; i++) admin.send({ type: 'ping', number: i });
    expect(admin.paused).toMatchObject({ now: true });
    rig.clock.now += 1_000;
    rig.mailboxes.tick();
    expect(admin.paused.now).toBe(true);
    rig.clock.now += 9_000;
    rig.mailboxes.tick();
    expect(admin.paused.now).toBe(false);
    // Large ones count as many.
    admin.send({
      type: 'append',
      tag: 1,
      document: newId(),
      record: recordBy(admin.signer, { size: 400_000 }),
    });
    expect(admin.paused.now).toBe(true);
    for (let i = 0; i < 400; i++) admin.send({ type: 'ping', number: i });
    expect(await admin.end()).toMatchObject({ code: closeCodes.busy });
  });

  it('SLD-25: of one key at most so many sessions are open, the oldest give way; of a mailbox so many in all', async () => {
    const rig = openRig({ limits: { sessions: 3, sessionsOfKey: 2 } });
    const reader = newSigner();
    const { admin, mailbox } = await founded(rig, [reader]);
    const first = rig.connect(reader, mailbox);
    await first.hello();
    await rig.connect(reader, mailbox).hello();
    await rig.connect(reader, mailbox).hello();
    expect(await first.end()).toMatchObject({ code: closeCodes.duplicate });
    const fourth = rig.connect(admin.signer, mailbox);
    expect(await fourth.end()).toMatchObject({ code: closeCodes.busy });
    // Who is not admitted takes nobody's place, whatever keys it makes.
    const stranger = rig.connect(newSigner(), mailbox);
    expect(await stranger.end()).toMatchObject({ code: closeCodes.stranger });
    expect(admin.ended).toBeUndefined();
  });

  it('SLD-26: who reads slowly gets each record once, in order, when there is room again', async () => {
    const rig = openRig({ limits: { congestedBytes: 10 } });
    const reader = newSigner();
    const { admin, mailbox } = await founded(rig, [reader]);
    let buffered = 0;
    const slow = rig.connect(reader, mailbox, { buffered: () => buffered });
    await slow.hello();
    slow.send({ type: 'subscribe' });
    const documents = [newId(), newId()] as const;
    const appended = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++)
        await append(admin, documents[i % 2] as string, recordBy(admin.signer, { size: 10_000 }));
    };
    await appended(2);
    for (const document of documents) expect(await slow.next('entry')).toMatchObject({ document, offset: 1 });
    buffered = 11;
    await appended(100);
    // Questions wait too.
    slow.send({ type: 'inventory', after: '' });
    expect(slow.came).toEqual([]);
    buffered = 0;
    slow.session.drained();
    await appended(2);
    const next = { [documents[0]]: 2, [documents[1]]: 2 };
    for (let i = 0; i < 102; i++) {
      const { document, offset } = await slow.next('entry');
      expect(offset).toBe(next[document]);
      next[document] = offset + 1;
    }
    await slow.next('inventory');
    expect(slow.came).toEqual([]);
    expect(rig.troubles).toEqual([]);
  });

  it('SLD-27: a session whose records are not durable yet is not read beyond a bound', async () => {
    const store = createMemoryStore();
    const rig = openRig({ store, limits: { inboundBytes: 1_000 } });
    const { admin } = await founded(rig);
    const release = store.faults.hold();
    const document = newId();
    for (let tag = 1; tag <= 3; tag++)
      admin.send({ type: 'append', tag, document, record: recordBy(admin.signer, { size: 400 }) });
    expect(admin.paused.now).toBe(true);
    release();
    for (let tag = 1; tag <= 3; tag++) expect(await admin.answer(tag)).toMatchObject({ offset: tag });
    expect(admin.paused.now).toBe(false);
  });

  it('SLD-28: when a write is refused sessions end, nothing of it is acknowledged, and those who come back see what is on disk', async () => {
    const store = createMemoryStore();
    const rig = openRig({ store });
    const { admin, mailbox } = await founded(rig);
    const document = newId();
    await append(admin, document, recordBy(admin.signer));
    store.faults.failNext('before');
    admin.send({ type: 'append', tag: 2, document, record: recordBy(admin.signer) });
    expect(await admin.end()).toMatchObject({ code: closeCodes.failed });
    expect(admin.came.map(({ type }) => type)).toEqual(['bye']);
    const again = rig.connect(admin.signer, mailbox);
    await again.hello();
    again.send({ type: 'inventory', after: '' });
    expect((await again.next('inventory')).documents).toMatchObject([{ document, last: 1 }]);
    again.send({ type: 'append', tag: 3, document, record: recordBy(admin.signer) });
    expect(await again.answer(3)).toMatchObject({ offset: 2 });
  });

  it('SLD-29: mailboxes that nobody uses leave memory, and are there when somebody comes', async () => {
    const rig = openRig({ limits: { idle: 1_000 } });
    const { admin, mailbox } = await founded(rig);
    await append(admin, newId(), recordBy(admin.signer));
    expect(rig.mailboxes.counts).toMatchObject({ open: 1, sessions: 1 });
    rig.clock.now += 2_000;
    rig.mailboxes.tick();
    expect(rig.mailboxes.counts.open).toBe(1);
    admin.session.closed(1000, '');
    await vi.waitFor(() => {
      rig.clock.now += 2_000;
      rig.mailboxes.tick();
      expect(rig.mailboxes.counts).toMatchObject({ open: 0, sessions: 0 });
    });
    expect(await rig.connect(admin.signer, mailbox).hello()).toMatchObject({ records: 1, list: 1 });
    // Who waits in no mailbox is sent away.
    const idle = rig.connect(newSigner(), newId());
    await idle.hello();
    rig.clock.now += 11_000;
    rig.mailboxes.tick();
    expect(await idle.end()).toMatchObject({ code: closeCodes.silent });
  });

  it('SLD-30: reading goes on where it ended, and an answer has one record at least and no more than it may', async () => {
    const { admin } = await founded(openRig());
    const document = newId();
    for (let i = 0; i < 10; i++) await append(admin, document, recordBy(admin.signer, { size: 1_000 }));
    let after = 0;
    const counts: number[] = [];
    for (const max of [0, 2_500, 2 ** 40]) {
      admin.send({ type: 'read', tag: 3, document, after, max });
      const piece = await admin.next('records');
      expect(piece.from).toBe(after + 1);
      after += piece.records.length;
      counts.push(piece.records.length);
      expect(piece.last).toBe(after === 10);
    }
    expect(counts).toEqual([1, 2, 7]);
    admin.send({ type: 'read', tag: 3, document, after: 2 ** 50, max: 10 });
    expect(await admin.next('records')).toMatchObject({ records: [], last: true });
    admin.send({ type: 'read', tag: 3, document: newId(), after: 0, max: 10 });
    expect(await admin.answer(3)).toMatchObject({ type: 'error', code: 'not_found' });
  });
});
