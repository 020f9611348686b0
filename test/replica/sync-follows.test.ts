import { expect, it } from 'vitest';
import type { InboxItem } from '../../schemas/index.ts';
import { randomFrom, runSeed } from '../support/storage.ts';
import { home, open } from './support/open.ts';
import { rebuilt } from './support/rebuilt.ts';
import { meet, type Peer, peers, pull } from './sync/support.ts';

const names = ['ana', 'bo', 'cy'];
const inboxOf = async ({ replica }: Peer, who: string): Promise<InboxItem[]> =>
  (await replica.as(who).inbox({ limit: 1000, budget: 200_000 })).items;

// The first once lost a reply that counted before what it answers did.
const seeds = [192378966, 390976117, runSeed()];

it.each(seeds)(
  'MSG-4: whoever follows or mutes where, and in whatever order it arrives, the inboxes are the same (seed %i)',
  async (seed) => {
    const random = randomFrom(seed);
    for (let round = 0; round < 3; round++) {
      let skew = 0;
      const all = await peers(names, (name) => ({
        // The clocks of two are hours off, in either direction.
        now: () => Date.now() + skew * { ana: 0, bo: -7_200_000, cy: 90_000_000 }[name as 'ana'],
      }));
      skew = 1;
      const [ana] = all as [Peer];
      for (const name of names) await ana.replica.as(name).messages.post('general', { text: name });
      await meet(...all);
      // Who speaks through which replica is known to all: what was rejected until then would be told of once more, by an
      // item of its own, where it was, and not where it counted from the first.
      for (const one of all)
        for (const name of names) await one.replica.as(name).messages.post('general', { text: name });
      await meet(...all);
      const roots: string[] = [];
      const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
      const moves: ((at: Peer, who: string, step: number) => Promise<unknown>)[] = [
        async (at, who, step) =>
          roots.push((await at.replica.as(who).messages.post('dev', { text: `${step}` })).id),
        async (at, who, step) => {
          const here = (await at.replica.messages.list('dev')).items;
          const text = `${step}${pick(['', '', ' @here', ` @${pick(names)}`])}`;
          if (here.length > 0) await at.replica.as(who).messages.post('dev', { text, thread: pick(here).id });
        },
        async (at, who) => {
          const here = (await at.replica.messages.list('dev')).items;
          const following = pick(['follow', 'mute', 'default'] as const);
          if (here.length > 0) await at.replica.as(who).messages.flag(pick(here).id, { following });
        },
        async (at, who) => {
          const [item] = await inboxOf(at, who);
          if (item && random(3) === 0) await at.replica.as(who).acknowledge({ items: [item.id] });
        },
        async (at) => pull(pick(all), at),
      ];
      for (let step = 0; step < 40; step++)
        await moves[Math.min(4, random(7))]?.(pick(all), pick(names), step);
      for (const one of all) await one.reopen();
      await meet(...all);
      for (const who of names) {
        const [first, ...others] = await Promise.all(
          all.map(async (at) =>
            (await inboxOf(at, who)).map(({ id, kind, text }) => `${id} ${kind} ${text}`).sort(),
          ),
        );
        for (const other of others) expect(other, `seed ${seed}, round ${round}, ${who}`).toEqual(first);
      }
    }
  },
  60_000,
);

it('MSG-4: made anew from the operations the inbox is the same', async () => {
  const at = home();
  const kai = await open(at);
  const root = await kai.messages.post('dev', { text: 'root' });
  await kai.as('ann').messages.flag(root.id, { following: 'follow' });
  await kai.as('rin').messages.post('dev', { text: 'reply', thread: root.id });
  await kai.messages.flag(root.id, { following: 'mute' });
  await kai.as('rin').messages.post('dev', { text: 'again', thread: root.id });
  const of = async (one: typeof kai) => [(await one.inbox()).items, (await one.as('ann').inbox()).items];
  const before = await of(kai);
  expect(before.map((items) => items.map(({ kind }) => kind))).toEqual([['reply'], ['followed', 'followed']]);
  expect(await of(await rebuilt(kai, at))).toEqual(before);
});
