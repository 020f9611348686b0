import { cpSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeCrypto } from '../../src/keys/node.ts';
import { keyId } from '../../src/op/index.ts';
import { openReplica } from '../../src/replica/open.ts';
import { asTexts } from './sync/hand.ts';
import { equal, meet, type Peer, peer, peers, pull, session } from './sync/support.ts';
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

  it('has the branch with the higher hash take a fresh key while it is open, and go on in a new chain', async () => {
    const { ana, bo, twin } = await copied();
    const { id } = ana.replica;
    expect(twin.replica.id).toBe(id);
    expect(await ana.source.admit(twin.source.publicKey, [])).toBe('self');
    const mine = await ana.replica.messages.post('general', { text: 'mine' });
    const theirs = await twin.replica.as('ana').messages.post('general', { text: 'theirs' });
    const higher = mine.id > theirs.id ? ana : twin;
    const lower = higher === ana ? twin : ana;
    let told = 0;
    higher.source.onKey(() => told++);
    const writing = writesOf(higher);
    await pull(lower, higher);
    const written = await writing.stop();
    await meet(ana, bo, twin);
    expect(higher.replica.id).not.toBe(id);
    expect(keyId(nodeCrypto, higher.source.publicKey)).toBe(higher.replica.id);
    expect((await higher.replica.status()).replica).toBe(higher.replica.id);
    expect(told).toBe(1);
    expect(lower.replica.id).toBe(id);
    expect(await lower.source.admit(higher.source.publicKey, await higher.source.credentials())).toBe(
      'admitted',
    );

    // What is made from now on is the fresh key's, for each member that it speaks for, marks too.
    const kai = higher.replica.as('kai');
    const own = await kai.messages.post('general', { text: 'with a key of its own' });
    await kai.acknowledge({ receipt: (await kai.catchUp()).receipt });
    await lower.replica.messages.post('general', { text: 'with the old one' });
    await meet(ana, bo, twin);
    await equal(ana, bo, twin);
    expect((await bo.replica.messages.get(own.id)).author.handle).toBe('kai');
    for (const one of written) expect((await bo.replica.messages.get(one)).id).toBe(one);
    expect((await higher.replica.status()).warnings.map(({ what }) => what)).toEqual(['forks']);
    const { warnings } = await lower.replica.status();
    expect(warnings.find(({ what }) => what === 'replica key')?.hint).toMatch(/takes a fresh key then/);

    const taken = higher.replica.id;
    await higher.reopen();
    await lower.reopen();
    expect([higher.replica.id, lower.replica.id]).toEqual([taken, id]);
    expect(
      readdirSync(higher.at.directory)
        .filter((name) => name.startsWith('replica.key'))
        .sort(),
    ).toEqual(['replica.key', expect.stringMatching(/^replica\.key\.copied-[0-9a-z]{8}$/)]);
    expect((await higher.replica.doctor()).findings.filter(({ state }) => state === 'damaged')).toEqual([]);
  });

  it('is told of while the secret that admits is away, and takes its key at the opening after', async () => {
    const { ana, bo, twin } = await copied();
    const { id } = ana.replica;
    const mine = await ana.replica.messages.post('general', { text: 'mine' });
    const theirs = await twin.replica.as('ana').messages.post('general', { text: 'theirs' });
    const higher = mine.id > theirs.id ? ana : twin;
    const away = join(ana.at.root, 'away');
    renameSync(join(ana.at.config, 'workspaces'), away);
    await meet(ana, bo, twin);
    expect(higher.replica.id).toBe(id);
    for (const list of [(await higher.replica.status()).warnings, (await higher.replica.doctor()).findings]) {
      const warning = list.find(({ what }) => what === 'replica key');
      expect(warning?.message).toMatch(/has not the secret by which/);
      expect(warning?.hint).toMatch(/coterie join TICKET/);
    }
    // Both branches count: what is written meanwhile is not in danger.
    await higher.replica.as('ana').messages.post('general', { text: 'goes on' });
    renameSync(away, join(ana.at.config, 'workspaces'));
    const next = readFileSync(join(higher.at.directory, 'replica.key.next'), 'utf8');
    await higher.reopen();
    await higher.source.idle();
    expect(higher.replica.id).not.toBe(id);
    // What was begun is gone on with: no key is admitted and left.
    expect(readFileSync(join(higher.at.directory, 'replica.key'), 'utf8')).toBe(next);
    await meet(ana, bo, twin);
    await equal(ana, bo, twin);
  });
});

/** Two directories with one key, one a copy of the other, and a third replica. */
async function copied(): Promise<{ ana: Peer; bo: Peer; twin: Peer }> {
  const [ana, bo] = await peers(['ana', 'bo']);
  if (!ana || !bo) throw new Error('no peers');
  await ana.replica.messages.post('general', { text: 'first' });
  await ana.replica.as('kai').messages.post('general', { text: 'another of this machine' });
  await ana.replica.close();
  cpSync(ana.at.directory, join(ana.at.root, 'copy'), { recursive: true });
  await ana.reopen();
  return { ana, bo, twin: await peer('copy', ana.at.root) };
}

/** Writes one message after the other until it is stopped; answers the ids that were acknowledged. */
function writesOf({ replica }: Peer) {
  const ids: string[] = [];
  let on = true;
  const done = (async () => {
    while (on) ids.push((await replica.as('ana').messages.post('general', { text: `${ids.length}` })).id);
  })();
  return {
    async stop(): Promise<readonly string[]> {
      on = false;
      await done;
      return ids;
    },
  };
}

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
