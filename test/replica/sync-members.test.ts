import { describe, expect, it } from 'vitest';
import { feedOf, healthy } from './support/open.ts';
import { asTexts, asUpdate } from './sync/hand.ts';
import { equal, meet, type Peer, peers, pull, session } from './sync/support.ts';
import { inStep, newcomer } from './sync/team.ts';

/** Two replicas in step, and a hand that speaks for eve. */
async function withEve() {
  const { ana, bo, channel, document } = await inStep();
  const { eve, admission, member } = await newcomer(ana, (await ana.replica.members.get('ana')).base);
  const say = (text: string, by = eve) =>
    by.make({ log: channel, type: 'message.create', member: by.member('eve'), body: { text } });
  for (const { source } of [ana, bo])
    await source.take('log/members/1', asTexts(admission, member), session());
  return { ana, bo, eve, say, document, admission, member, channel };
}

const texts = async ({ replica }: Peer): Promise<(string | null)[]> =>
  (await replica.messages.list('general', { limit: 100 })).items.map(({ text }) => text);

describe('REP-32 a change of membership', () => {
  it('that narrows cuts at its frontier what was counted, also what arrives later, and tells of it', async () => {
    const { ana, bo, eve, say, document } = await withEve();
    const early = [await say('1'), await say('2')];
    const late = [await say('3'), await say('4')];
    await ana.source.receive(document, asUpdate(...early), session());
    await bo.source.receive(document, asUpdate(...early, ...late), session());
    expect(await texts(bo)).toEqual(expect.arrayContaining(['1', '2', '3', '4']));
    const seen = (await bo.replica.status()).cursor;
    await ana.replica.replicas.revoke(eve.id);
    await pull(ana, bo);
    expect((await texts(bo)).filter((text) => text && /\d/.test(text)).sort()).toEqual(['1', '2']);
    expect((await bo.replica.status()).counts.rejected).toBe(2);
    const revised = (await feedOf(bo.replica, seen)).filter(({ type }) => type === 'revised');
    expect(revised.map(({ operation }) => operation)).toEqual(
      expect.arrayContaining(late.map(({ hash }) => hash)),
    );
    await meet(ana, bo);
    await equal(ana, bo);
    expect(await ana.source.admit(eve.publicKey, [])).toBe('stranger');
    for (const one of [ana, bo]) {
      await healthy(one.replica);
      await one.reopen();
      await equal(ana, bo);
    }
  });

  it('that widens lets what was rejected count', async () => {
    const { ana, bo, eve, say, document, channel } = await withEve();
    const [cai] = await peers(['cai'], undefined, ana.at.root);
    if (!cai) throw new Error('no peer');
    // Spoken for ana by a replica that does not host her yet.
    const said = await eve.make({
      log: channel,
      type: 'message.create',
      member: eve.member('ana'),
      body: { text: 'as ana' },
    });
    await bo.source.receive(document, asUpdate(said, await say('x')), session());
    expect((await bo.replica.status()).counts.rejected).toBe(1);
    const host = await eve.make({
      log: 'members',
      type: 'member.create',
      after: (await bo.replica.members.get('ana')).base,
      data: {
        handle: 'ana',
        kind: 'agent',
        machine: (await ana.replica.replicas.list()).items[0]?.machine,
      },
    });
    await bo.source.take('log/members/1', asTexts(host), session());
    await bo.source.idle();
    expect((await bo.replica.status()).counts.rejected).toBe(0);
    expect((await bo.replica.messages.get(said.hash)).author.handle).toBe('ana');
    await meet(ana, bo, cai);
    await equal(ana, bo, cai);
  });

  it('reaches things: a task whose creation is cut leaves the lists, with what was done to it', async () => {
    const { ana, bo, eve } = await withEve();
    const task = await eve.make({
      log: 'tasks',
      type: 'task.create',
      member: eve.member('eve'),
      data: { short: 'eve-1' },
      body: { title: 'cut me' },
    });
    await bo.source.receive('log/tasks/1', asUpdate(task), session());
    const own = await bo.replica.tasks.create({ title: 'mine' });
    await bo.replica.tasks.link(own.id, { kind: 'blocks', to: task.hash });
    await bo.replica.tasks.comment(task.hash, { text: 'why?' });
    await bo.replica.tasks.claim(task.hash);
    // Ana knows nothing of the task: her frontier leaves it out.
    await ana.replica.replicas.revoke(eve.id);
    await meet(ana, bo);
    await equal(ana, bo);
    for (const one of [ana, bo]) {
      expect((await one.replica.tasks.list()).items.map(({ title }) => title)).toEqual(['mine']);
      await expect(one.replica.tasks.get(task.hash)).rejects.toMatchObject({ code: 'not_found' });
      await healthy(one.replica);
    }
  });
});

it('FOLD-37: a narrowing made apart by who was revoked stays counted when what the member marked is judged again', async () => {
  const { ana, bo, eve, member } = await withEve();
  const { base } = await ana.replica.members.get('eve');
  // Eve speaks as ana too, who owns the workspace; the frontier of her revocation lists less than that.
  const machine = (await ana.replica.replicas.list()).items[0]?.machine;
  const asAna = await eve.make({
    log: 'members',
    type: 'member.create',
    after: base,
    data: { handle: 'ana', kind: 'agent', machine },
  });
  const demoted = await eve.make({
    log: 'members',
    type: 'role.demote',
    subject: eve.member('bo'),
    member: eve.member('ana'),
    after: [asAna.hash],
    data: { role: 'reader', frontier: {} },
  });
  await ana.replica.replicas.revoke(eve.id);
  const before = await ana.replica.messages.post('general', { text: 'for bo' });
  await meet(ana, bo);
  await bo.replica.acknowledge({ operations: [before.id] });
  await bo.reopen();
  await bo.replica.messages.post('general', { text: 'by bo' });
  await meet(ana, bo);
  await ana.source.take('log/members/1', asTexts(asAna, demoted), session());
  await ana.source.idle();
  await meet(ana, bo);
  for (const { replica } of [ana, bo]) {
    expect((await replica.members.get('bo')).role).toBe('reader');
    const states = (await replica.history(eve.member('bo'))).items.map(({ operation, state }) => [
      operation,
      state,
    ]);
    expect(states).toContainEqual([demoted.hash, 'counted']);
  }
  expect(member.hash).not.toBe(asAna.hash);
});
