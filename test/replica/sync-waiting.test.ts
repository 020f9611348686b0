import { describe, expect, it } from 'vitest';
import { refused } from './support/open.ts';
import { asTexts, asUpdate, type Made } from './sync/hand.ts';
import { equal, meet, type Peer, peers, pull, session } from './sync/support.ts';
import { inStep, newcomer } from './sync/team.ts';

/** Two replicas that are in step, and a key that is admitted at both. */
async function three() {
  const pair = await inStep();
  return { ...pair, ...(await newcomer(pair.ana)) };
}

const states = async ({ replica }: Peer) => {
  const { waiting, rejected } = (await replica.status()).counts;
  return { waiting, rejected };
};

describe('REP-27 an operation waits', () => {
  it('for the key of its replica, and is told of once it is there', async () => {
    const { bo, eve, channel, admission, member, document } = await three();
    const said = await eve.make({
      log: channel,
      type: 'message.create',
      member: eve.member('eve'),
      body: { text: 'let me in' },
    });
    const before = await states(bo);
    expect(await bo.source.receive(document, asUpdate(said), session())).toMatchObject({ ok: true });
    expect(await states(bo)).toEqual({ ...before, waiting: before.waiting + 1 });
    await refused(bo.replica.messages.get(said.hash), 'not_found');
    expect((await bo.source.keys(document)).map(([key]) => key)).toContain(said.key);
    await bo.reopen();
    expect(await states(bo)).toEqual({ ...before, waiting: before.waiting + 1 });
    await bo.source.take('log/members/1', asTexts(admission), session());
    // The replica is known, whom it speaks for is not.
    expect(await states(bo)).toEqual({ waiting: before.waiting, rejected: before.rejected + 1 });
    await bo.source.take('log/members/1', asTexts(member), session());
    await bo.source.idle();
    expect(await states(bo)).toEqual(before);
    expect((await bo.replica.messages.get(said.hash)).text).toBe('let me in');
    const events = (await bo.replica.activity({ limit: 100, each: true })).items;
    expect(
      events.filter(({ operation, type }) => operation === said.hash && type !== 'revised'),
    ).toHaveLength(1);
  });

  it('for nothing that is before it in its chain, whatever came first', async () => {
    const { bo, eve, channel, admission, member, document } = await three();
    await bo.source.take('log/members/1', asTexts(admission, member), session());
    const said: Made[] = [];
    for (let i = 0; i < 6; i++)
      said.push(
        await eve.make({
          log: channel,
          type: 'message.create',
          member: eve.member('eve'),
          body: { text: `${i}` },
        }),
      );
    for (const one of [...said.slice(0, 1), ...said.slice(3).toReversed(), ...said.slice(1, 3)]) {
      await bo.source.take(document, asTexts(one), session());
      expect((await bo.replica.messages.get(one.hash)).id).toBe(one.hash);
    }
    expect((await states(bo)).waiting).toBe(0);
  });

  it('for the same things whatever came first, also when something never comes', async () => {
    const { ana, bo, eve, channel, admission, member, document } = await three();
    for (const { source } of [ana, bo])
      await source.take('log/members/1', asTexts(admission, member), session());
    const by = { log: channel, type: 'message.create', member: eve.member('eve') };
    const one = await eve.make({ ...by, body: { text: '1' } });
    const two = await eve.make({ ...by, after: ['a'.repeat(26)], body: { text: '2' } });
    await eve.make({ ...by, body: { text: 'kept back' } });
    const four = await eve.make({ ...by, body: { text: '4' } });
    const five = await eve.make({ ...by, body: { text: '5' } });
    await ana.source.receive(document, asUpdate(one, two, four, five), session());
    await bo.source.receive(document, asUpdate(four, five), session());
    await bo.source.receive(document, asUpdate(one, two), session());
    await meet(ana, bo);
    await equal(ana, bo);
    expect(await states(bo)).toEqual(await states(ana));
    expect((await states(ana)).waiting).toBe(1);
  });

  it('for its subject, and what follows it in its chain does not', async () => {
    const { bo, eve, channel, admission, member, document } = await three();
    await bo.source.take('log/members/1', asTexts(admission, member), session());
    const by = { log: channel, member: eve.member('eve') };
    const say = (text: string) => eve.make({ ...by, type: 'message.create', body: { text } });
    const early = await say('early');
    const between = await say('between');
    const reaction = await eve.make({
      ...by,
      type: 'message.react',
      subject: early.hash,
      after: [early.hash],
      data: { emoji: '+1' },
    });
    const late = await say('late');
    const later = await say('later');
    // As the newest segment of a large channel comes first, with a reaction to what is in an older one.
    await bo.source.receive(document, asUpdate(reaction, late, later), session());
    expect((await states(bo)).waiting).toBe(1);
    for (const { hash } of [late, later]) expect((await bo.replica.messages.get(hash)).id).toBe(hash);
    await bo.source.receive(document, asUpdate(early, between), session());
    expect((await states(bo)).waiting).toBe(0);
    expect((await bo.replica.messages.get(early.hash)).reactions).toMatchObject([{ emoji: '+1' }]);
  });

  it('for its subject and for what it saw, in any order', async () => {
    const { ana, bo } = await three();
    const task = await ana.replica.tasks.create({ title: 't' });
    await ana.replica.tasks.update(task.id, { title: 'u' });
    await ana.replica.tasks.claim(task.id);
    await ana.replica.tasks.move(task.id, { to: 'doing' });
    const note = await ana.replica.memory.remember({ text: 'x' });
    await ana.replica.memory.update(note.id, { text: 'y' });
    await pull(ana, bo);
    const [cai] = await peers(['cai'], undefined, ana.at.root);
    if (!cai) throw new Error('no peer');
    for (const log of ['tasks', 'memory', 'members']) {
      const keys = (await ana.source.keys(`log/${log}/1`)).map(([key]) => key);
      for (const key of keys.reverse())
        await cai.source.take(`log/${log}/1`, await ana.source.entries(`log/${log}/1`, [key]), session());
    }
    await cai.source.idle();
    expect((await states(cai)).waiting).toBe(0);
    expect(await cai.replica.tasks.get(task.id)).toMatchObject({ title: 'u', status: 'doing' });
    await meet(ana, bo, cai);
    await equal(ana, bo, cai);
  });

  it('for a later version, and is passed on meanwhile', async () => {
    const { ana, bo, eve, channel, admission, member, document } = await three();
    await bo.source.take('log/members/1', asTexts(admission, member), session());
    const later = await eve.make({
      log: channel,
      type: 'message.sing',
      member: eve.member('eve'),
      data: { tune: 'la' },
    });
    const after = await eve.make({
      log: channel,
      type: 'message.create',
      member: eve.member('eve'),
      body: { text: 'plain' },
    });
    await bo.source.receive(document, asUpdate(later, after), session());
    expect((await states(bo)).waiting).toBe(1);
    // What this version does not know stops nothing that it knows.
    expect((await bo.replica.messages.get(after.hash)).text).toBe('plain');
    await meet(ana, bo);
    await equal(ana, bo);
    expect((await states(ana)).waiting).toBe(1);
  });

  it('is rejected for what is wrong with it, kept, and passed on', async () => {
    const { ana, bo, eve, channel, admission, member, document } = await three();
    await bo.source.take('log/members/1', asTexts(admission, member), session());
    const wrong = await eve.make({
      log: channel,
      type: 'message.create',
      member: eve.member('eve'),
      data: { thread: 5 },
      body: { text: 'x' },
    });
    const forged = await eve.make({
      log: 'tasks',
      type: 'task.create',
      member: eve.member('eve'),
      data: { short: 'eve-1' },
      body: { title: 't' },
    });
    const sig = `${forged.entry.sig.slice(0, 40)}${forged.entry.sig[40] === 'A' ? 'B' : 'A'}${forged.entry.sig.slice(41)}`;
    const { entryKey } = await import('../../src/op/index.ts');
    const { nodeCrypto } = await import('../../src/keys/node.ts');
    const bad = {
      hash: forged.hash,
      key: entryKey(nodeCrypto, forged.hash, sig),
      entry: { ...forged.entry, sig },
    };
    await bo.source.receive(document, asUpdate(wrong), session());
    await bo.source.receive('log/tasks/1', asUpdate(bad), session());
    expect((await states(bo)).rejected).toBe(2);
    expect((await bo.replica.tasks.list()).items).toEqual([]);
    await meet(ana, bo);
    await equal(ana, bo);
    // The same header, signed by its replica after all.
    await ana.source.receive('log/tasks/1', asUpdate(forged), session());
    expect((await ana.replica.tasks.list()).items.map(({ title }) => title)).toEqual(['t']);
    await meet(ana, bo);
    await equal(ana, bo);
    expect((await states(bo)).rejected).toBe(1);
    await bo.reopen();
    expect((await bo.replica.tasks.list()).items).toHaveLength(1);
  });
});

it('REP-44 a reply stands behind what it answers, also when that came before and waited', async () => {
  const { ana, bo, eve, channel, admission, member, document } = await three();
  for (const { source } of [ana, bo])
    await source.take('log/members/1', asTexts(admission, member), session());
  const root = await ana.replica.messages.post('general', { text: 'root' });
  await pull(ana, bo);
  const by = { log: channel, member: eve.member('eve') };
  const first = await eve.make({ ...by, type: 'message.create', body: { text: 'first' } });
  const early = (day: string) => `01J${day}${first.entry.header.stamp.slice(10)}`;
  // Clocks that are behind.
  const answer = await eve.make({
    ...by,
    type: 'message.create',
    after: [first.hash],
    data: { thread: root.id, answers: root.id },
    body: { text: 'answers root' },
    stamp: early('0000000'),
  });
  const reply = await eve.make({
    ...by,
    type: 'message.create',
    data: { thread: root.id, answers: answer.hash },
    body: { text: 'answers that' },
    stamp: early('1000000'),
  });
  await ana.source.receive(document, asUpdate(first, answer, reply), session());
  for (const one of [answer, reply, first]) await bo.source.take(document, asTexts(one), session());
  await meet(ana, bo);
  await equal(ana, bo);
  const { items } = await bo.replica.messages.list('general');
  const order = items
    .map(({ text }) => text)
    .filter((text) => text === 'root' || text?.startsWith('answers'));
  expect(order).toEqual(['answers that', 'answers root', 'root']);
});

describe('REP-18 more heads than an operation may name', () => {
  it('are read, sent back, and tied together by whoever writes', async () => {
    const { ana, bo, eve, admission, member } = await three();
    await bo.source.take('log/members/1', asTexts(admission, member), session());
    const by = { log: 'tasks', member: eve.member('eve') };
    const task = await eve.make({
      ...by,
      type: 'task.create',
      data: { short: 'eve-1' },
      body: { title: 't' },
    });
    const updates: Made[] = [];
    for (let i = 0; i < 20; i++)
      updates.push(
        await eve.make({
          ...by,
          type: 'task.update',
          subject: task.hash,
          after: [task.hash],
          data: { texts: ['title'] },
          body: { title: `t${i}` },
        }),
      );
    await bo.source.take('log/tasks/1', asTexts(task, ...updates), session());
    const { base, siblings } = await bo.replica.tasks.get(task.hash);
    expect(base).toHaveLength(20);
    expect(siblings?.['title']).toHaveLength(20);
    const after = await bo.replica.tasks.update(task.hash, { title: 'one again', base });
    expect(after.title).toBe('one again');
    expect(after.siblings).toBeUndefined();
    expect(after.base.length).toBeLessThanOrEqual(8);
    await meet(ana, bo);
    await equal(ana, bo);
  });
});

it('REP-39 what a replica found when it joined is history to who comes in by it', async () => {
  const { ana } = await three();
  for (let i = 0; i < 5; i++) await ana.replica.messages.post('general', { text: `${i}` });
  const [cai] = await peers(['cai'], undefined, ana.at.root);
  if (!cai) throw new Error('no peer');
  await meet(ana, cai);
  await cai.source.caughtUp();
  await ana.replica.messages.post('general', { text: 'news' });
  await meet(ana, cai);
  await cai.source.caughtUp();
  await cai.replica.messages.post('general', { text: 'hello' });
  const { items, pending } = await cai.replica.catchUp();
  expect(pending).toBe(1);
  expect(items.map((item) => (item.kind === 'operation' ? item.text : item.kind))).toEqual(['news']);
  // Who is known elsewhere has read what it has read there.
  await cai.replica.as('bo').messages.post('general', { text: 'as bo' });
  expect((await cai.replica.as('bo').catchUp()).pending).toBeGreaterThan(5);
});
