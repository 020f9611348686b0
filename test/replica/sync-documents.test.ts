import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { encodeItems } from '../../src/log/encode.ts';
import { createWriter, freshClientID, openLogDocument } from '../../src/log/index.ts';
import { memoryStorage } from '../support/memory-storage.ts';
import { healthy } from './support/open.ts';
import { asTexts, asUpdate, hand } from './sync/hand.ts';
import { documentsOf, equal, meet, type Peer, peers, pull, pullByKey, session } from './sync/support.ts';
import { inStep } from './sync/team.ts';

async function two(): Promise<[Peer, Peer, string]> {
  const { ana, bo, document } = await inStep();
  return [ana, bo, document];
}

const rows = async (peer: Peer): Promise<string> =>
  JSON.stringify([await peer.source.root(), (await peer.replica.status()).counts]);

describe('REP-34 a refused update', () => {
  it('leaves nothing', async () => {
    const [ana, bo, document] = await two();
    const before = await rows(bo);
    const eve = hand(ana.at.root);
    const admission = await eve.admission();
    const wrong: [string, Uint8Array][] = [
      [document, Uint8Array.of(1, 2, 3)],
      [document, asUpdate(admission)],
      ['log/members/1', createWriter({ clientID: 7 }).encode([[admission.hash, admission.entry]])],
      ['pad/notes', asUpdate(admission)],
      ['log/members/999999999', asUpdate(admission)],
      [document, createWriter({ clientID: 7 }).encode([[admission.hash, { x: 1 } as never]])],
    ];
    for (const [name, update] of wrong) {
      const heard = bo.updates.length;
      expect(await bo.source.receive(name, update, session())).toMatchObject({ ok: false });
      expect(bo.updates.length).toBe(heard);
    }
    expect(await bo.source.take(document, [[admission.key, '{']], session())).toMatchObject({ ok: false });
    expect(await bo.source.take(document, asTexts(admission), session())).toMatchObject({ ok: false });
    expect(await rows(bo)).toBe(before);
    await healthy(bo.replica);
  });
});

describe('REP-35 segments', () => {
  it('take late operations, and two that rolled at once hold each operation once', async () => {
    const [ana, bo] = await two();
    await Promise.all([
      ...Array.from({ length: 1010 }, (_, i) => ana.replica.messages.post('general', { text: `a${i}` })),
      ...Array.from({ length: 1010 }, (_, i) => bo.replica.messages.post('general', { text: `b${i}` })),
    ]);
    await meet(ana, bo);
    await equal(ana, bo);
    const { id } = await ana.replica.channels.get('general');
    const log = `channel.${id}`;
    const segments = await ana.source.segments(log);
    expect(segments.map(({ n }) => n)).toEqual([1, 2]);
    expect(ana.source.isHot(`log/${log}/2`)).toBe(true);
    expect(ana.source.isHot(`log/${log}/1`)).toBe(false);
    // What stands in the first segment is written into the second as well, and counts once.
    const keys = (await ana.source.keys(`log/${log}/1`)).map(([key]) => key);
    await bo.source.take(
      `log/${log}/2`,
      await ana.source.entries(`log/${log}/1`, keys.slice(0, 50)),
      session(),
    );
    await meet(ana, bo);
    await equal(ana, bo);
    expect((await bo.replica.status()).counts.messages).toBe(2022);
    await bo.replica.compact();
    await bo.reopen();
    await equal(ana, bo);
    await healthy(bo.replica);
    const [cai] = await peers(['cai'], undefined, ana.at.root);
    if (!cai) throw new Error('no peer');
    await meet(ana, cai, bo);
    await equal(ana, bo, cai);
  });
});

describe('REP-36 a document', () => {
  it('whose structures are broken is made anew, and synced by key', async () => {
    const [ana, bo, document] = await two();
    const before = await bo.source.digest(document);
    await bo.source.markSplit(document);
    expect(await bo.source.digest(document)).toEqual({ ...before, split: true });
    expect((await bo.source.segments(document.split('/')[1] ?? '')).at(-1)).toMatchObject({ split: true });
    const late = await ana.replica.messages.post('general', { text: 'late' });
    const own = await bo.replica.messages.post('general', { text: 'own' });
    await pullByKey(ana, bo);
    await pullByKey(bo, ana);
    expect((await bo.replica.messages.get(late.id)).text).toBe('late');
    expect((await ana.replica.messages.get(own.id)).text).toBe('own');
    await bo.reopen();
    expect((await bo.source.digest(document)).split).toBe(true);
    expect((await bo.source.digest(document)).digest).toBe((await ana.source.digest(document)).digest);
  });

  it('in which two disagree about a place is split', async () => {
    const [ana, bo, document] = await two();
    const eve = hand(ana.at.root);
    const admission = await eve.admission();
    const channel = document.split('/')[1] ?? '';
    const one = await eve.make({
      log: channel,
      type: 'message.create',
      member: eve.member('eve'),
      body: { text: '1' },
    });
    const two_ = await eve.make({
      log: channel,
      type: 'message.create',
      member: eve.member('eve'),
      body: { text: '2' },
    });
    const clientID = freshClientID(randomBytes);
    const under = (made: typeof one): Uint8Array =>
      createWriter({ clientID }).encode([[made.key, made.entry]]);
    await bo.source.take('log/members/1', asTexts(admission), session());
    await ana.source.receive(document, under(one), session());
    await bo.source.receive(document, under(two_), session());
    // Each holds another operation at the same place: no exchange of updates ends that.
    const update = createWriter({ clientID }).encode([
      [one.key, one.entry],
      [two_.key, two_.entry],
    ]);
    expect(await bo.source.receive(document, update, session())).toMatchObject({ ok: true });
    expect((await bo.source.digest(document)).split).toBe(true);
    await pullByKey(ana, bo);
    await pullByKey(bo, ana);
    expect((await bo.source.keys(document)).length).toBe((await ana.source.keys(document)).length);
    expect((await bo.source.digest(document)).digest).toBe((await ana.source.digest(document)).digest);
  });

  it('under whose clientID here others wrote is written under a fresh one', async () => {
    const [ana, bo, document] = await two();
    await bo.replica.messages.post('general', { text: 'mine' });
    const shown = openLogDocument({ clientID: 1, state: [await bo.source.diff(document, Uint8Array.of(0))] });
    const last = bo.updates.findLast((update) => update.document === document && update.origin === undefined);
    const [client = 0] = last ? [...Y.parseUpdateMeta(last.update).to.keys()] : [];
    const clock = shown.clockOf(client);
    const eve = hand(ana.at.root);
    const said = await eve.make({
      log: document.split('/')[1] ?? '',
      type: 'message.create',
      member: eve.member('eve'),
      body: { text: 'squatter' },
    });
    const update = encodeItems(client, clock, [{ key: said.key, entry: said.entry }]);
    expect(Y.parseUpdateMeta(update).to.get(client)).toBe(clock + 1);
    expect(await bo.source.receive(document, update, session())).toMatchObject({ ok: true, parked: 0 });
    const next = await bo.replica.messages.post('general', { text: 'still mine' });
    const fresh = bo.updates.findLast((one) => one.document === document && one.origin === undefined);
    expect([...Y.parseUpdateMeta(fresh?.update ?? new Uint8Array()).to.keys()]).not.toContain(client);
    await meet(ana, bo);
    await equal(ana, bo);
    expect((await ana.replica.messages.get(next.id)).text).toBe('still mine');
  });
});

describe('REP-37 what was received', () => {
  it('is there after a crash, or comes again, and never half', async () => {
    const [ana] = await peers(['ana']);
    if (!ana) throw new Error('no peer');
    for (let i = 0; i < 20; i++) await ana.replica.messages.post('general', { text: `${i}` });
    const task = await ana.replica.tasks.create({ title: 't' });
    await ana.replica.tasks.claim(task.id);
    const storage = memoryStorage(`${ana.at.root}/bo-memory`);
    const [bo] = await peers(['bo'], () => ({ storage }), ana.at.root);
    if (!bo) throw new Error('no peer');
    let failed = 0;
    const updates: [string, Uint8Array][] = [];
    for (const document of await documentsOf(ana))
      updates.push([document, await ana.source.diff(document, Uint8Array.of(0))]);
    const faults = ['before', 'torn', 'after'] as const;
    for (const [i, [document, update]] of updates.entries()) {
      const fault = faults[i % faults.length] ?? 'before';
      storage.store.faults.failNext(fault);
      // What landed in spite of its error is there, and said to be.
      if (fault === 'after') failed++;
      await bo.source.receive(document, update, session()).catch(() => failed++);
      await healthy(bo.replica);
      expect(await bo.source.receive(document, update, session())).toMatchObject({ ok: true });
    }
    expect(failed).toBe(updates.length);
    await pull(ana, bo);
    await meet(ana, bo);
    await equal(ana, bo);
    await bo.reopen();
    await equal(ana, bo);
  });
});
