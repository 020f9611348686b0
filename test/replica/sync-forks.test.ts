import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openReplica } from '../../src/replica/open.ts';
import { asTexts } from './sync/hand.ts';
import { equal, meet, peer, peers, session } from './sync/support.ts';
import { newcomer } from './sync/team.ts';

describe('REP-28 a chain that forks', () => {
  it('keeps both branches, whichever came first, and marks count each operation once', async () => {
    const [ana, bo, cai] = await peers(['ana', 'bo', 'cai']);
    if (!ana || !bo || !cai) throw new Error('no peers');
    await ana.replica.messages.post('general', { text: 'a' });
    await bo.replica.messages.post('general', { text: 'b' });
    await meet(ana, bo, cai);
    const channel = `channel.${(await ana.replica.channels.get('general')).id}`;
    const document = `log/${channel}/1`;
    const { eve, admission, member } = await newcomer(ana);
    const say = (text: string, at: { seq?: number; prev?: string } = {}) =>
      eve.make({ log: channel, type: 'message.create', member: eve.member('eve'), body: { text }, ...at });
    const one = await say('1');
    const two = await say('2');
    const three = await say('3');
    const other = await say('2, apart', { seq: 2, prev: one.hash });
    const next = await say('3, apart', { seq: 3, prev: other.hash });
    const all = [admission, member];
    for (const { source } of [ana, bo, cai]) await source.take('log/members/1', asTexts(...all), session());
    await ana.source.take(document, asTexts(one, two, three), session());
    await ana.source.take(document, asTexts(other, next), session());
    await bo.source.take(document, asTexts(one, other, next), session());
    await bo.source.take(document, asTexts(two, three), session());
    await cai.source.take(document, asTexts(next, three, other), session());
    await cai.source.take(document, asTexts(two, one), session());
    await meet(ana, bo, cai);
    await equal(ana, bo, cai);
    for (const { replica } of [ana, bo, cai]) {
      const texts = (await replica.messages.list('general')).items.map(({ text }) => text);
      expect(texts).toEqual(expect.arrayContaining(['1', '2', '3', '2, apart', '3, apart']));
      const { findings } = await replica.doctor();
      expect(findings.filter(({ state }) => state !== 'ok')).toEqual([
        expect.objectContaining({ what: `chain ${channel}`, state: 'warning' }),
      ]);
      const before = await replica.catchUp({ limit: 100 });
      const shown = before.items.flatMap((item) => (item.kind === 'operation' ? [item.text] : []));
      expect(shown.filter((text) => text && /\d/.test(text)).sort()).toEqual(
        ['1', '2', '2, apart', '3', '3, apart'].sort(),
      );
      const { pending } = await replica.acknowledge({ operations: [other.hash, three.hash] });
      expect(pending).toBe(before.pending - 2);
      await replica.acknowledge({ receipt: before.receipt });
      expect((await replica.catchUp()).pending).toBe(0);
    }
  });
});

describe('REP-29 a copied directory', () => {
  it('misses nothing, in whatever order the branch of the other comes', async () => {
    const [ana] = await peers(['ana']);
    if (!ana) throw new Error('no peer');
    await ana.replica.messages.post('general', { text: 'first' });
    await ana.replica.close();
    cpSync(ana.at.directory, join(ana.at.root, 'copy'), { recursive: true });
    await ana.reopen();
    const twin = await peer('copy', ana.at.root);
    const document = `log/channel.${(await ana.replica.channels.get('general')).id}/1`;
    for (const text of ['second', 'third', 'fourth']) await ana.replica.messages.post('general', { text });
    await twin.replica.as('ana').messages.post('general', { text: 'apart' });
    const all = (await ana.source.keys(document)).map(([key]) => key);
    const entries = await ana.source.entries(document, all);
    const seqOf = ([, text]: readonly [string, string]): number =>
      (JSON.parse(text) as { header: { seq: number } }).header.seq;
    for (const entry of [...entries].sort((a, b) => seqOf(b) - seqOf(a)))
      await twin.source.take(document, [entry], session());
    expect((await twin.replica.doctor()).findings.filter(({ state }) => state === 'damaged')).toEqual([]);
  });

  it('is told of, and the branch with the higher hash takes a fresh key at its next opening', async () => {
    const [ana, bo] = await peers(['ana', 'bo']);
    if (!ana || !bo) throw new Error('no peers');
    await ana.replica.messages.post('general', { text: 'first' });
    await ana.replica.close();
    const copy = { ...ana.at, directory: join(ana.at.root, 'copy') };
    cpSync(ana.at.directory, copy.directory, { recursive: true });
    await ana.reopen();
    const twin = await peer('copy', ana.at.root);
    expect(twin.replica.id).toBe(ana.replica.id);
    expect(await ana.source.admit(twin.source.publicKey, [])).toBe('self');
    const mine = await ana.replica.messages.post('general', { text: 'mine' });
    const theirs = await twin.replica.as('ana').messages.post('general', { text: 'theirs' });
    await meet(ana, bo, twin);
    await equal(ana, bo, twin);
    const higher = mine.id > theirs.id ? ana : twin;
    const lower = higher === ana ? twin : ana;
    const { id } = higher.replica;
    for (const one of [higher, lower]) {
      const { findings } = await one.replica.doctor();
      expect(findings.find(({ what }) => what === 'replica key')?.state).toBe('warning');
      // REP-41: and status says what to do.
      const { warnings } = await one.replica.status();
      expect(warnings.find(({ what }) => what === 'replica key')?.hint).toBe(
        one === higher
          ? 'Start this replica again: it takes a fresh key.'
          : 'Start the copy of this directory again: it takes a fresh key.',
      );
    }
    await higher.reopen();
    await lower.reopen();
    expect(higher.replica.id).not.toBe(id);
    expect(lower.replica.id).toBe(id);
    await higher.replica.messages.post('general', { text: 'with a key of its own' });
    await lower.replica.messages.post('general', { text: 'with the old one' });
    await meet(ana, bo, twin);
    await equal(ana, bo, twin);
    await higher.reopen();
    expect(higher.replica.id).not.toBe(id);
    expect((await higher.replica.doctor()).findings.filter(({ state }) => state === 'damaged')).toEqual([]);
  });
});

it('REP-30 a restored directory takes its own operations back before it writes', async () => {
  const [ana, bo] = await peers(['ana', 'bo']);
  if (!ana || !bo) throw new Error('no peers');
  await ana.replica.messages.post('general', { text: 'before' });
  const backup = join(ana.at.root, 'backup');
  await ana.replica.backup({ directory: backup });
  const after = await ana.replica.messages.post('general', { text: 'after the backup' });
  await meet(ana, bo);
  await ana.replica.close();
  const { restoreBackup } = await import('../../src/replica/upkeep/restore.ts');
  const directory = join(ana.at.root, 'restored');
  await restoreBackup({ backup, directory });
  const restored = await peer('restored', ana.at.root);
  expect(restored.replica.id).toBe(ana.replica.id);
  await expect(restored.replica.messages.post('general', { text: 'no' })).rejects.toMatchObject({
    code: 'restored',
  });
  await meet(bo, restored);
  expect((await restored.replica.messages.get(after.id)).text).toBe('after the backup');
  await restored.source.caughtUp();
  await restored.replica.as('ana').messages.post('general', { text: 'goes on' });
  await meet(bo, restored);
  await equal(bo, restored);
  expect((await bo.replica.doctor()).findings.filter(({ state }) => state !== 'ok')).toEqual([]);
  await restored.replica.close();
  const again = await openReplica({ directory, config: ana.at.config, as: 'ana', durability: 'os' });
  await again.messages.post('general', { text: 'also later' });
  await again.close();
});
