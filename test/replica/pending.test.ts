import { describe, expect, it } from 'vitest';
import type { CatchUp, CatchUpItem, Event } from '../../schemas/index.ts';
import { tokensOf } from '../../src/replica/reading/waiting/proof.ts';
import type { Surface } from '../../src/replica/surface.ts';
import { randomFrom, runSeed } from '../support/storage.ts';
import { feedOf } from './support/open.ts';
import { meet, type Peer, peers, pull } from './sync/support.ts';

const names = ['ana', 'bo', 'cy'];
const whole = { budget: 200_000, limit: 1000 };

const isNews = ({ log, type }: Event): boolean =>
  log !== 'members' && !log.startsWith('marks.') && !['join', 'revised', 'gap'].includes(type);
const shown = ({ items }: CatchUp): string[] =>
  items.flatMap((item) => (item.kind === 'operation' ? [item.event.operation] : []));
const counted = ({ items }: CatchUp): number =>
  items.reduce((sum, item) => sum + (item.kind === 'range' ? item.count : 0), 0);
/** Operations that need the member by themselves: those are never counted away. */
const calls = (item: CatchUpItem): string[] =>
  item.kind === 'operation' && ['mention', 'reply', 'assigned'].includes(item.because)
    ? [item.event.operation]
    : [];

/** Three replicas of one user, and what each member has acknowledged, as far as each replica can know. */
async function team(random: (below: number) => number) {
  const all = await peers(names);
  for (const one of all)
    for (const name of names) await one.replica.as(name).messages.post('general', { text: name });
  await meet(...all);
  const posts: string[] = [];
  const done = new Map(all.map(({ name }) => [name, new Map(names.map((who) => [who, new Set<string>()]))]));
  const doneAt = (at: Peer, who: string): Set<string> => done.get(at.name)?.get(who) ?? new Set();
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;

  /** What others did that is here, by a look at the whole feed, and was not acknowledged. */
  async function pending(at: Peer, who: string): Promise<string[]> {
    const { id } = at.replica.as(who).member;
    return (await feedOf(at.replica))
      .filter((event) => isNews(event) && event.by?.id !== id && !doneAt(at, who).has(event.operation))
      .map(({ operation }) => operation);
  }

  /** What a receipt must cover: what was shown, and what was counted but for what needs the member. */
  async function covered(answer: CatchUp, surface: Surface): Promise<string[]> {
    const everything = await surface.catchUp(whole);
    const cut = new Set(everything.items.flatMap(calls).filter((hash) => !shown(answer).includes(hash)));
    const isCounted = answer.left === 0 || counted(answer) > 0;
    return isCounted ? shown(everything).filter((hash) => !cut.has(hash)) : shown(answer);
  }

  const acknowledge = async (at: Peer, who: string): Promise<void> => {
    const surface = at.replica.as(who);
    const query = { budget: 150 + random(2500), limit: 1 + random(12) };
    const answer = await surface.catchUp(query);
    const covers = await covered(answer, surface);
    expect(shown(answer).length + counted(answer) + answer.left).toBe(answer.pending);
    expect(tokensOf(answer)).toBeLessThanOrEqual(query.budget);
    // What comes between the answer and its receipt is not covered by it.
    if (random(2)) await pull(pick(all), at);
    await surface.acknowledge({ receipt: answer.receipt });
    for (const hash of covers) doneAt(at, who).add(hash);
  };

  const moves: ((at: Peer, who: string, step: number) => Promise<unknown>)[] = [
    async (at, who, step) =>
      posts.push((await at.replica.as(who).messages.post('dev', { text: `${step}` })).id),
    async (at, who, step) =>
      posts.push((await at.replica.as(who).messages.post('general', { text: `${step} @${pick(names)}` })).id),
    async (at, who, step) =>
      at.replica.as(who).tasks.create({ title: `t${step}`, ...(random(2) ? { assignee: pick(names) } : {}) }),
    async (at, who, step) => {
      const here = (await at.replica.messages.list('dev')).items;
      if (here.length > 0)
        await at.replica.as(who).messages.post('dev', { text: `re ${step}`, thread: pick(here).id });
    },
    async (at) => pull(pick(all), at),
    async (at) => pull(pick(all), at),
    acknowledge,
    acknowledge,
    async (at, who) => {
      const surface = at.replica.as(who);
      const page = await surface.inbox({ limit: 1 + random(3) });
      await surface.acknowledge({ receipt: page.receipt });
      for (const { kind, operations } of page.items)
        if (['mention', 'reply', 'assigned'].includes(kind))
          for (const hash of operations) doneAt(at, who).add(hash);
    },
    async (at, who) => {
      const some = (await pending(at, who)).filter(() => random(3) === 0);
      if (some.length > 0) await at.replica.as(who).acknowledge({ operations: some });
      for (const hash of some) doneAt(at, who).add(hash);
    },
  ];

  return {
    all,
    pending,
    step: (at: Peer, who: string, step: number) => pick(moves)(at, who, step),
    /** Everyone has everything, the marks as well. */
    async heal() {
      for (const one of all) await one.reopen();
      await meet(...all);
      for (const who of names) {
        const union = new Set(all.flatMap((at) => [...doneAt(at, who)]));
        for (const at of all) for (const hash of union) doneAt(at, who).add(hash);
      }
    },
  };
}

describe('REP-16 each operation of others, for each member', () => {
  it('is covered, acknowledged singly or pending: late, cut, counted and acknowledged elsewhere', async () => {
    const seed = runSeed();
    const random = randomFrom(seed);
    for (let round = 0; round < 3; round++) {
      const { all, pending, step, heal } = await team(random);
      const check = async (at: Peer, who: string, where: string): Promise<void> => {
        const wanted = [...(await pending(at, who))].sort();
        const answer = await at.replica.as(who).catchUp(whole);
        expect([...shown(answer)].sort(), where).toEqual(wanted);
        expect(answer.pending, where).toBe(wanted.length);
        const open = await at.replica.as(who).inbox(whole);
        expect(new Set(open.items.map(({ id }) => id)).size, where).toBe(open.open);
        expect(await at.replica.as(who).waiting(), where).toEqual({ open: open.open });
        const called = open.items.flatMap(({ kind, operations }) =>
          ['mention', 'reply', 'assigned'].includes(kind) ? operations : [],
        );
        expect([...called].sort(), where).toEqual(answer.items.flatMap(calls).sort());
      };
      for (let i = 0; i < 40; i++) {
        const at = all[random(all.length)] as Peer;
        const who = names[random(names.length)] as string;
        await step(at, who, i);
        await check(at, who, `seed ${seed}, round ${round}, step ${i}, ${who} at ${at.name}`);
        if (i % 20 !== 19) continue;
        await heal();
        for (const one of all)
          for (const name of names)
            await check(one, name, `seed ${seed}, healed at ${i}, ${name} at ${one.name}`);
        for (const name of names) {
          const open = await Promise.all(
            all.map(async ({ replica }) =>
              (await replica.as(name).inbox(whole)).items.map(({ id }) => id).sort(),
            ),
          );
          expect(open[1], `seed ${seed}, healed at ${i}, ${name}`).toEqual(open[0]);
          expect(open[2], `seed ${seed}, healed at ${i}, ${name}`).toEqual(open[0]);
        }
      }
    }
  }, 120_000);
});
