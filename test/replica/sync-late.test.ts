import { describe, expect, it } from 'vitest';
import { told } from '../contracts/messages.ts';
import { asTexts } from './sync/hand.ts';
import { meet, type Peer, peers, pull, session } from './sync/support.ts';
import { couple, inStep, newcomer } from './sync/team.ts';

/** Two in step who know a third, and what that wrote in a log: one thing, and another that saw it. */
async function late(type: 'message.create' | 'memory.create', data: Record<string, unknown> = {}) {
  const team = await inStep();
  const { eve, admission, member } = await newcomer(team.ana);
  for (const { source } of [team.ana, team.bo])
    await source.take('log/members/1', asTexts(admission, member), session());
  const log = type === 'memory.create' ? 'memory' : team.channel;
  const by = { log, type, member: eve.member('eve') };
  const seen = await eve.make({ ...by, body: { text: 'seen' } });
  const made = await eve.make({ ...by, data, after: [seen.hash], body: { text: 'made' } });
  const take = async ({ source }: Peer, ...some: (typeof made)[]): Promise<void> => {
    await source.take(`log/${log}/1`, asTexts(...some), session());
    await source.idle();
  };
  return { ...team, seen, made, take };
}

describe('what came before that which it follows from counts', () => {
  it('MSG-4: a reply calls who wrote what it answers once that counts', async () => {
    const { ana, bo, seen, made, take, document } = await late('message.create');
    await take(ana, seen, made);
    const { id } = await ana.replica.messages.post('general', { text: 'reply', thread: made.hash });
    await take(bo, made);
    const keys = (await ana.source.keys(document)).map(([key]) => key).filter((key) => key !== seen.key);
    await bo.source.take(document, await ana.source.entries(document, keys), session());
    await bo.source.idle();
    expect((await bo.replica.messages.get(id)).text).toBe('reply');
    expect(told(await bo.replica.as('eve').inbox())).toEqual([]);
    await take(bo, seen);
    for (const { replica } of [ana, bo])
      expect(told(await replica.as('eve').inbox())).toEqual(['reply reply']);
  });

  it('INB-5: a memory under a key that another wrote to is a conflict once it counts', async () => {
    const { bo, seen, made, take } = await late('memory.create', { key: 'k' });
    const { id } = await bo.replica.memory.remember({ key: 'k', text: 'from bo' });
    await take(bo, made);
    expect(told(await bo.replica.as('bo').inbox())).toEqual([]);
    await take(bo, seen);
    for (const handle of ['bo', 'eve'])
      expect((await bo.replica.as(handle).inbox()).items).toMatchObject([
        { kind: 'conflict', operations: [id, made.hash].sort() },
      ]);
  });

  it('MSG-6: a reply that moves behind what it answers is the newest of its thread still', async () => {
    const day = 90_000_000;
    const all = await peers(['ana', 'bo', 'cy'], (name) => ({
      now: () => Date.now() + (name === 'bo' ? day : 0),
    }));
    const [ana, bo, cy] = all as [Peer, Peer, Peer];
    for (const { replica, name } of all) await replica.messages.post('general', { text: name });
    await meet(...all);
    const root = await bo.replica.messages.post('general', { text: 'root' });
    await pull(bo, ana);
    const reply = await ana.replica.messages.post('general', { text: 'reply', thread: root.id });
    const document = `log/channel.${root.channel}/1`;
    const keysAt = async ({ source }: Peer) => (await source.keys(document)).map(([key]) => key);
    const before = new Set(await keysAt(bo));
    const keys = (await keysAt(ana)).filter((key) => !before.has(key));
    await cy.source.take(document, await ana.source.entries(document, keys), session());
    await cy.source.idle();
    expect((await cy.replica.messages.get(reply.id)).text).toBe('reply');
    await meet(...all);
    const rows = await Promise.all(
      all.map(
        async ({ replica }) =>
          (await replica.as('cy').messages.post('general', { text: 'on', thread: root.id })).hops,
      ),
    );
    expect(rows).toEqual([2, 2, 2]);
  });
});

it('REP-16: a receipt covers what it showed also where lower numbers of the chain came after it', async () => {
  const [ana, bo] = await couple();
  for (const { replica, name } of [ana, bo]) await replica.messages.post('general', { text: name });
  await meet(ana, bo);
  await bo.replica.acknowledge({ receipt: (await bo.replica.catchUp()).receipt });
  for (const text of ['one', 'two', 'three']) await ana.replica.messages.post('dev', { text });
  const dev = `log/channel.${(await ana.replica.channels.get('dev')).id}/1`;
  const [three] = (await ana.replica.messages.list('dev')).items;
  const keys = (await ana.source.keys(dev)).map(([key]) => key);
  const entries = await ana.source.entries(dev, keys);
  const last = entries.filter(([, text]) => JSON.parse(text).body.text === 'three');
  expect(await bo.source.take(dev, last, session())).toMatchObject({ ok: true });
  const texts = async () =>
    (await bo.replica.catchUp()).items.map((item) => item.kind === 'operation' && item.text);
  expect(await texts()).toEqual(['three']);
  const { receipt } = await bo.replica.catchUp();
  await pull(ana, bo);
  await bo.replica.acknowledge({ receipt });
  expect(await texts()).toEqual(['one', 'two']);
  expect(await bo.replica.catchUp()).toMatchObject({ pending: 2 });
  expect((await bo.replica.messages.get(three?.id ?? '')).text).toBe('three');
});
