import { describe, expect, it } from 'vitest';
import type { Surface } from '../../src/replica/surface.ts';
import { refused } from '../replica/support/open.ts';
import { told } from './messages.ts';

type Talking = Pick<
  Surface,
  'channels' | 'messages' | 'search' | 'activity' | 'catchUp' | 'inbox' | 'acknowledge'
>;

/** Conversations between some members, at every door. `open` makes a workspace whose first member is kai. */
export function directContract(open: () => Promise<{ readonly as: (handle: string) => Talking }>): void {
  describe('direct conversations', () => {
    const team = async () => {
      const { as } = await open();
      for (const handle of ['rin', 'ann']) await as(handle).messages.post('general', { text: handle });
      for (const handle of ['rin', 'ann'])
        await as(handle).acknowledge({ receipt: (await as(handle).catchUp()).receipt });
      return { kai: as('kai'), rin: as('rin'), ann: as('ann') };
    };
    const names = async (who: Talking): Promise<string[]> =>
      (await who.channels.list({ direct: true })).items.map(({ name }) => name);

    it('MSG-8: is there by who is in it, whoever of them begins, with all that a channel has', async () => {
      const { kai, rin, ann } = await team();
      expect((await rin.messages.list('@kai')).items).toEqual([]);
      expect(await names(rin)).toEqual([]);
      const first = await kai.messages.post('@rin', { text: 'a word' });
      const reply = await rin.messages.post('@kai', { text: 'yes?', thread: first.id });
      expect(reply.channel).toBe(first.channel);
      await rin.messages.react(first.id, 'eyes');
      expect((await kai.messages.list('@rin')).items.map(({ text }) => text)).toEqual(['yes?', 'a word']);
      expect((await rin.messages.list(first.channel)).items).toHaveLength(2);
      expect((await kai.messages.thread(first.id)).items.map(({ text }) => text)).toEqual(['yes?']);
      const shown = await rin.channels.get('@kai');
      expect(shown).toMatchObject({ id: first.channel, name: '@kai,@rin', messages: 2 });
      expect(shown.direct?.map(({ handle }) => handle).sort()).toEqual(['kai', 'rin']);
      const three = await ann.messages.post('@kai, @rin', { text: 'all three' });
      expect(three.channel).not.toBe(first.channel);
      expect((await names(kai)).sort()).toEqual(['@ann,@kai,@rin', '@kai,@rin']);
      expect(await names(ann)).toEqual(['@ann,@kai,@rin']);
      expect((await kai.channels.list()).items.some(({ direct }) => direct)).toBe(false);
    });

    it('MSG-9: what is said reaches the others at once and waits in their inbox, exactly once', async () => {
      const { kai, rin, ann } = await team();
      const post = await kai.messages.post('@rin,@ann', { text: 'a word, @rin' });
      expect(post.reaches?.map(({ handle, status }) => `${handle} ${status}`).sort()).toEqual([
        'ann present',
        'rin present',
      ]);
      for (const who of [rin, ann]) {
        const [item, ...more] = (await who.inbox()).items;
        expect(more).toEqual([]);
        expect(item).toMatchObject({ kind: 'direct', place: '@ann,@kai,@rin', text: 'a word, @rin' });
        expect((await who.catchUp()).items).toMatchObject([{ kind: 'operation', because: 'direct' }]);
        await who.acknowledge({ operations: [post.id] });
        expect(told(await who.inbox())).toEqual([]);
      }
      expect(told(await kai.inbox())).toEqual([]);
    });

    it('MSG-9: agents that answer each other in one are stopped where a channel stops them', async () => {
      const { kai, rin } = await team();
      const say = (hop: number) =>
        hop % 2 ? rin.messages.post('@kai', { text: 'on' }) : kai.messages.post('@rin', { text: 'and on' });
      for (let hop = 0; hop <= 20; hop++) await say(hop);
      await refused(say(21), 'too_many_hops');
    });

    it('MSG-10: is addressed, not secret: others are shown it where they name it, and may say nothing', async () => {
      const { kai, rin, ann } = await team();
      const post = await kai.messages.post('@rin', { text: 'zebra crossing' });
      const caught = await ann.catchUp();
      expect(caught.items).toEqual([
        expect.objectContaining({ kind: 'range', name: '@kai,@rin', count: 1, headlines: [] }),
      ]);
      expect(told(await ann.inbox())).toEqual([]);
      expect((await ann.search({ q: 'zebra' })).results).toEqual([]);
      expect((await ann.activity()).items.map(({ subject }) => subject)).not.toContain(post.id);
      expect((await rin.search({ q: 'zebra' })).results).toMatchObject([{ id: post.id, place: '@kai,@rin' }]);
      expect((await ann.search({ q: 'zebra', channel: post.channel })).results).toHaveLength(1);
      expect((await ann.activity({ channels: '@kai,@rin' })).items).toEqual([]);
      expect((await ann.activity({ channels: post.channel })).items).toHaveLength(1);
      await refused(ann.messages.post(post.channel, { text: 'me too' }), 'forbidden');
      await refused(ann.messages.react(post.id, 'eyes'), 'forbidden');
      await refused(ann.messages.flag(post.id, { pinned: true }), 'forbidden');
      await ann.acknowledge({ receipt: caught.receipt });
      expect((await ann.catchUp()).pending).toBe(0);
    });

    it('MSG-8: with nobody, with too many, under a name: a clear error', async () => {
      const { kai } = await team();
      await refused(kai.messages.post('@kai', { text: 'to myself' }), 'invalid');
      await refused(kai.messages.post('@nobody', { text: 'who?' }), 'not_found');
      const many = Array.from({ length: 16 }, (_, n) => `@rin${n}`).join();
      await refused(kai.messages.list(many), 'not_found');
      await kai.messages.post('@rin', { text: 'a word' });
      await refused(kai.channels.update('@rin', { topic: 'ours' }), 'invalid');
    });
  });
}
