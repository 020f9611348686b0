import { describe, expect, it } from 'vitest';
import type { CatchUp, Event } from '../../schemas/index.ts';
import { tokensOf } from '../../src/replica/reading/waiting/proof.ts';
import type { Surface } from '../../src/replica/surface.ts';
import { randomFrom, runSeed } from '../support/storage.ts';
import { feedOf, home, open, refused, reopen } from './support/open.ts';

const news = (event: Event): boolean =>
  event.log !== 'members' &&
  !event.log.startsWith('marks.') &&
  event.type !== 'join' &&
  event.type !== 'revised' &&
  event.type !== 'gap';
const shown = (answer: CatchUp): string[] =>
  answer.items.flatMap((item) => (item.kind === 'operation' ? [item.event.operation] : []));
const counted = (answer: CatchUp): number =>
  answer.items.reduce(
    (sum, item) => sum + (item.kind === 'range' ? item.count : item.kind === 'item' ? 0 : 1),
    0,
  );

describe('REP-16 catch-up', () => {
  it('shows what others did, says why, and moves nothing by being read', async () => {
    const kai = await open();
    const rin = kai.as('rin');
    const mine = await kai.messages.post('general', { text: 'question' });
    await rin.messages.post('general', { text: 'noise' });
    await rin.messages.post('general', { text: 'answer', thread: mine.id });
    await rin.messages.post('dev', { text: 'hey @kai' });
    await rin.tasks.create({ title: 'for you', assignee: 'kai' });
    await rin.tasks.create({ title: 'to review', reviewer: 'kai', status: 'review' });
    const first = await kai.catchUp();
    const why = first.items.map((item) => (item.kind === 'operation' ? item.because : 'range'));
    expect(why).toEqual(['mention', 'reply', 'review', 'assigned', 'message']);
    expect(first.pending).toBe(5);
    expect(first.proof).toMatchObject({ complete: true, remaining: 0, waiting: 0 });
    expect(first.proof.digest).toBe((await kai.status()).digest);
    expect(await kai.catchUp()).toEqual(first);
    await kai.messages.post('general', { text: 'my own' });
    expect((await kai.catchUp()).pending).toBe(5);
  });

  it('a receipt covers exactly what stood there, and survives opening again', async () => {
    const at = home();
    let kai = await open(at);
    const rin = kai.as('rin');
    for (let i = 0; i < 5; i++) await rin.messages.post('general', { text: `${i}` });
    const { receipt } = await kai.catchUp();
    const late = await rin.messages.post('general', { text: 'late' });
    expect(await kai.acknowledge({ receipt })).toMatchObject({ acknowledged: 5, pending: 1 });
    expect(await kai.acknowledge({ receipt })).toMatchObject({ acknowledged: 0, pending: 1 });
    expect(shown(await kai.catchUp())).toEqual([late.id]);
    kai = await reopen(kai, at);
    const again = await kai.catchUp();
    expect(shown(again)).toEqual([late.id]);
    expect(await kai.acknowledge({ receipt: again.receipt })).toMatchObject({ acknowledged: 1, pending: 0 });
    expect((await kai.catchUp()).items).toEqual([]);
    kai = await reopen(kai, at);
    expect(await kai.catchUp()).toMatchObject({ items: [], pending: 0 });
  });

  it('operations are acknowledged singly, in any order, and repeated at no cost', async () => {
    const at = home();
    let kai = await open(at);
    const ids: string[] = [];
    for (let i = 0; i < 6; i++) ids.push((await kai.as('rin').messages.post('general', { text: `${i}` })).id);
    const [a = '', b = '', c = '', d = '', e = '', f = ''] = ids;
    expect(await kai.acknowledge({ operations: [c, e] })).toMatchObject({ acknowledged: 2, pending: 4 });
    expect(await kai.acknowledge({ operations: [c, c] })).toMatchObject({ acknowledged: 0, pending: 4 });
    expect(shown(await kai.catchUp())).toEqual([a, b, d, f]);
    kai = await reopen(kai, at);
    expect(await kai.acknowledge({ operations: [b, a] })).toMatchObject({ acknowledged: 2, pending: 2 });
    expect(shown(await kai.catchUp())).toEqual([d, f]);
    await refused(kai.acknowledge({ operations: ['aaaaaaaaaaaaaaaaaaaaaaaaaa'] }), 'not_found');
    expect(await kai.acknowledge({ operations: [f, d] })).toMatchObject({ acknowledged: 2, pending: 0 });
  });

  it('refuses a receipt of another member, of the future and of another feed', async () => {
    const kai = await open();
    const other = await open();
    await kai.as('rin').messages.post('general', { text: 'x' });
    const { receipt } = await kai.catchUp();
    const [epoch, n, member] = receipt.split('.');
    await refused(kai.as('rin').acknowledge({ receipt }), 'receipt_unknown');
    await refused(kai.acknowledge({ receipt: `${epoch}.${Number(n) + 1}.${member}` }), 'receipt_unknown');
    await refused(kai.acknowledge({ receipt: (await other.catchUp()).receipt }), 'receipt_unknown');
    await refused(kai.acknowledge({ receipt: 'x' }), 'receipt_unknown');
    await refused(kai.acknowledge({}), 'invalid');
    await refused(kai.acknowledge({ receipt, operations: [] }), 'invalid');
    expect((await kai.catchUp()).pending).toBe(1);
  });

  it('keeps to its budget and counts in ranges what it does not show', async () => {
    const kai = await open();
    const rin = kai.as('rin');
    const mine = await kai.messages.post('general', { text: 'mine' });
    for (let i = 0; i < 8; i++) await kai.channels.create({ name: `c${i}` });
    for (let i = 0; i < 120; i++)
      await rin.messages.post(`c${i % 8}`, { text: `message ${i} ${'word '.repeat(i % 30)}` });
    await rin.messages.post('general', { text: 'to you', thread: mine.id });
    for (const budget of [600, 800, 1000, 1500, 2000, 4000, 20_000]) {
      const answer = await kai.catchUp({ budget });
      expect(tokensOf(answer), `budget ${budget}`).toBeLessThanOrEqual(budget);
      expect(counted(answer), `budget ${budget}`).toBe(121);
      expect(answer.pending).toBe(121);
      expect(new Set(shown(answer)).size).toBe(shown(answer).length);
    }
    const whole = await kai.catchUp({ budget: 200_000, limit: 1000 });
    expect(shown(whole)).toHaveLength(121);
    const ranged = await kai.catchUp({ budget: 1500 });
    expect(ranged.items.some(({ kind }) => kind === 'range')).toBe(true);
    expect(await kai.acknowledge({ receipt: ranged.receipt })).toMatchObject({
      acknowledged: 121,
      pending: 0,
    });
  });

  it('counts as a brute look at the feed does, over random histories', async () => {
    const seed = runSeed();
    const random = randomFrom(seed);
    for (let round = 0; round < 3; round++) {
      const history = await begin(random);
      for (let step = 0; step < 60; step++) {
        const name = names[random(3)] ?? 'kai';
        await history.step(name, step);
        const pending = await history.pending(name);
        const member = history.replica().as(name);
        const answer = await member.catchUp({ budget: 200_000, limit: 1000 });
        const where = `seed ${seed}, round ${round}, step ${step}`;
        expect(answer.pending, where).toBe(pending.length);
        expect([...shown(answer)].sort(), where).toEqual([...pending].sort());
        const small = await member.catchUp({ budget: 400, limit: 3 });
        expect(counted(small) + small.left, where).toBe(pending.length);
      }
    }
  }, 60_000);
});

const names = ['kai', 'rin', 'pip'];

/** What a receipt must cover: all that is pending, but for what needs the member and was not shown. */
async function coveredBy(answer: CatchUp, member: Surface): Promise<string[]> {
  const seen = new Set(shown(answer));
  const whole = await member.catchUp({ budget: 200_000, limit: 1000 });
  // Where not even a line for the rest fits, nothing but what is shown is covered.
  if (answer.left > 0 && !answer.items.some(({ kind }) => kind === 'range')) return [...seen];
  return whole.items.flatMap((item) =>
    item.kind === 'operation' && (seen.has(item.event.operation) || !needed.has(item.because))
      ? [item.event.operation]
      : [],
  );
}

const needed = new Set<string>(['mention', 'reply', 'assigned']);

/** A replica with three members that write and acknowledge, and what each of them should have pending. */
async function begin(random: (below: number) => number) {
  const at = home();
  let kai = await open(at);
  // Else a mention waits for kai to be made, and is acknowledged by itself.
  await kai.messages.post('general', { text: 'here' });
  const done = new Map(names.map((name) => [name, new Set<string>()]));
  const receipts: { name: string; receipt: string; covers: string[] }[] = [];
  const posts: string[] = [];

  async function pending(name: string): Promise<string[]> {
    const { id } = kai.as(name).member;
    return (await feedOf(kai))
      .filter((event) => news(event) && event.by?.id !== id && !done.get(name)?.has(event.operation))
      .map(({ operation }) => operation);
  }

  const moves: ((name: string, step: number) => Promise<unknown>)[] = [
    async (name, step) =>
      posts.push(
        (await kai.as(name).messages.post(random(2) ? 'general' : 'dev', { text: `${step} @kai` })).id,
      ),
    async (name, step) => {
      const target = posts[random(posts.length)];
      if (target !== undefined) await kai.as(name).messages.react(target, `e${step}`);
    },
    async (name, step) => kai.as(name).tasks.create({ title: `t${step}` }),
    async (name) => {
      const answer = await kai.as(name).catchUp({ budget: 100 + random(3000), limit: 1 + random(9) });
      receipts.push({ name, receipt: answer.receipt, covers: await coveredBy(answer, kai.as(name)) });
    },
    async () => {
      const one = receipts[random(receipts.length)];
      if (!one) return;
      await kai.as(one.name).acknowledge({ receipt: one.receipt });
      for (const operation of one.covers) done.get(one.name)?.add(operation);
    },
    async (name) => {
      const some = (await pending(name)).filter(() => random(3) === 0);
      if (some.length === 0) return;
      expect((await kai.as(name).acknowledge({ operations: some })).acknowledged).toBe(some.length);
      for (const operation of some) done.get(name)?.add(operation);
    },
    async () => {
      if (random(4) === 0) kai = await reopen(kai, at);
    },
  ];
  return {
    replica: () => kai,
    pending,
    // Posts are the most common.
    step: (name: string, step: number) => moves[Math.max(0, random(moves.length + 3) - 3)]?.(name, step),
  };
}
