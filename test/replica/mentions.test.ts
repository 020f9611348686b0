import { describe, expect, it } from 'vitest';
import { lately } from '../../src/replica/presence/present.ts';
import { messagesContract, told } from '../contracts/messages.ts';
import { home, open, refused } from './support/open.ts';
import { rebuilt } from './support/rebuilt.ts';
import { meet, peers, pull } from './sync/support.ts';

messagesContract(async () => {
  const kai = await open();
  await kai.messages.post('general', { text: 'first' });
  return { as: (handle) => kai.as(handle) };
});

describe('mentions', () => {
  it('MSG-2: who wrote is there for 15 minutes, by the clock of the replica that is asked', async () => {
    let at = Date.parse('2026-03-01T12:00:00Z');
    const kai = await open(home(), {}, { now: () => at });
    await kai.as('rin').messages.post('general', { text: 'hello' });
    at += lately + 1;
    const late = await kai.messages.post('general', { text: '@here?' });
    expect(late.reaches).toEqual([{ handle: 'here', status: 'empty' }]);
    await kai.as('rin').messages.post('general', { text: 'again' });
    at += lately - 1;
    const post = await kai.messages.post('general', { text: '@here!' });
    expect(post.reaches?.map(({ handle }) => handle)).toEqual(['rin']);
  });

  it('MSG-2: every replica tells those whom the operation names, whoever is there by then', async () => {
    const [ana, bo] = await peers(['ana', 'bo']);
    if (!ana || !bo) throw new Error('no peers');
    for (const { replica, name } of [ana, bo]) await replica.messages.post('general', { text: name });
    await ana.replica.messages.post('dev', { text: '@here, alone' });
    await meet(ana, bo);
    await ana.replica.messages.post('dev', { text: '@here, both' });
    await meet(ana, bo);
    for (const { replica } of [ana, bo]) {
      expect(told(await replica.as('bo').inbox())).toEqual(['group @here, both']);
      expect(told(await replica.as('ana').inbox())).toEqual([]);
    }
  });

  it('MSG-3: wherever the member is made, and in whatever order both arrive, once', async () => {
    const [ana, bo, cy] = await peers(['ana', 'bo', 'cy']);
    if (!ana || !bo || !cy) throw new Error('no peers');
    const post = await ana.replica.messages.post('dev', { text: 'welcome, @bo' });
    await bo.replica.messages.post('general', { text: 'hello' });
    expect(post.reaches).toEqual([{ handle: 'bo', status: 'unknown' }]);
    await pull(bo, cy);
    await pull(ana, cy);
    await pull(ana, bo);
    await pull(bo, ana);
    await meet(ana, bo, cy);
    const seen = await Promise.all([ana, bo, cy].map(async ({ replica }) => replica.as('bo').inbox()));
    for (const inbox of seen) expect(told(inbox)).toEqual(['mention welcome, @bo']);
    expect(new Set(seen.map(({ items }) => items[0]?.id)).size).toBe(1);
    await bo.replica.acknowledge({ items: [seen[1]?.items[0]?.id ?? ''] });
    await bo.reopen();
    await meet(ana, bo, cy);
    for (const { replica } of [ana, bo, cy]) expect(told(await replica.as('bo').inbox())).toEqual([]);
  });

  it('MSG-3: a removed text leaves no name behind, and made anew from the operations it is the same', async () => {
    const at = home();
    const kai = await open(at);
    const post = await kai.messages.post('dev', { text: '@hunter2 is the password' });
    await kai.messages.redact(post.id);
    await kai.as('hunter2').messages.post('general', { text: 'me' });
    const before = await kai.as('hunter2').inbox();
    expect(told(before)).toEqual(['mention (removed)']);
    expect(JSON.stringify(await kai.messages.get(post.id))).not.toContain('hunter2');
    const again = await rebuilt(kai, at);
    expect((await again.as('hunter2').inbox()).items).toEqual(before.items);
  });

  it('MSG-6: what a human says is no hop, and an answer to it neither; history is none', async () => {
    const kim = await open(home(), { as: 'kim', kind: 'human' });
    const [ann, bo] = [kim.as('ann'), kim.as('bo')];
    await kim.channels.update('dev', { hops: 1 });
    const root = await ann.messages.post('dev', { text: 'look' });
    const reply = (who: typeof ann, text = 'ok') => who.messages.post('dev', { text, thread: root.id });
    expect((await reply(bo)).hops).toBe(1);
    await refused(reply(ann), 'too_many_hops');
    expect((await reply(kim, 'go on')).hops).toBeUndefined();
    expect((await reply(ann)).hops).toBeUndefined();
    expect((await reply(bo)).hops).toBe(1);
    await refused(reply(ann), 'too_many_hops');
    expect((await kim.messages.post('dev', { text: 'a human', hops: 9 })).hops).toBeUndefined();
  });

  it('MSG-7: on every replica a group is what the message saw of it, in whatever order all of it arrives', async () => {
    const [ana, bo, cy] = await peers(['ana', 'bo', 'cy']);
    if (!ana || !bo || !cy) throw new Error('no peers');
    for (const { replica, name } of [ana, bo, cy]) await replica.messages.post('general', { text: name });
    await meet(ana, bo, cy);
    await ana.replica.groups.create({ handle: 'crew', members: ['bo'] });
    await meet(ana, bo);
    await ana.replica.groups.update('crew', { add: ['cy'] });
    // Bo does not know of cy in it, and takes itself out meanwhile.
    await bo.replica.as('eve').messages.post('dev', { text: '@crew, as bo knows it' });
    await bo.replica.groups.update('crew', { remove: ['bo'] });
    await pull(bo, cy);
    await meet(ana, bo, cy);
    await cy.replica.messages.post('dev', { text: '@crew, as all know it' });
    await meet(ana, bo, cy);
    for (const { replica } of [ana, bo, cy]) {
      expect((await replica.groups.list()).items[0]?.members.map(({ handle }) => handle)).toEqual(['cy']);
      expect(told(await replica.as('bo').inbox())).toEqual(['group @crew, as bo knows it']);
      expect(told(await replica.as('cy').inbox())).toEqual([]);
    }
  });
});
