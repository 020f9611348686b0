import { describe, expect, it } from 'vitest';
import type { Inbox } from '../../schemas/index.ts';
import type { Surface } from '../../src/replica/surface.ts';
import { refused } from '../replica/support/open.ts';

export type Talking = Pick<
  Surface,
  'channels' | 'messages' | 'members' | 'groups' | 'presence' | 'inbox' | 'acknowledge'
>;

export const told = ({ items }: Inbox): string[] => items.map(({ kind, text }) => `${kind} ${text}`);

/**
 * What members say to each other, at every door. `open` makes a workspace whose first member, an owner, is kai; the
 * others wrote nothing yet.
 */
export function messagesContract(open: () => Promise<{ readonly as: (handle: string) => Talking }>): void {
  describe('messages', () => {
    it('MSG-1: a post says at once of each mention whether it reaches somebody who is there', async () => {
      const { as } = await open();
      const [kai, rin] = [as('kai'), as('rin')];
      await rin.messages.post('general', { text: 'here' });
      await as('zoe').presence.set({ state: 'idle' });
      await as('zoe').messages.post('general', { text: 'bye' });
      await as('zoe').presence.set({ state: 'away' });
      const post = await kai.messages.post('dev', { text: '@rin, @Zoe, @nobody, @kai, `@ann`, @types/node' });
      expect(post.reaches).toEqual([
        { handle: 'rin', id: expect.any(String), status: 'present' },
        { handle: 'zoe', id: expect.any(String), status: 'offline' },
        { handle: 'nobody', status: 'unknown' },
      ]);
      expect((await kai.messages.get(post.id)).reaches).toBeUndefined();
      expect((await kai.messages.post('dev', { text: 'alone' })).reaches).toBeUndefined();
      expect(told(await as('zoe').inbox())).toEqual([`mention ${post.text}`]);
    });

    it('MSG-2: who is there for @here is decided as it is written, and nobody else is told', async () => {
      const { as } = await open();
      const [kai, rin, ann] = [as('kai'), as('rin'), as('ann')];
      await rin.messages.post('general', { text: 'I wrote lately' });
      await ann.messages.post('general', { text: 'so did I' });
      await ann.presence.set({ state: 'away' });
      const post = await kai.messages.post('dev', { text: '@here, look' });
      expect(post.reaches).toEqual([
        { handle: 'rin', id: expect.any(String), status: 'present', via: 'here' },
      ]);
      await ann.presence.set({ state: 'working' });
      expect(told(await ann.inbox())).toEqual([]);
      expect(told(await rin.inbox())).toEqual(['group @here, look']);
      expect(told(await kai.inbox())).toEqual([]);
      expect(await rin.acknowledge({ operations: [post.id] })).toMatchObject({ items: 1, open: 0 });
    });

    it('MSG-1: a group and @here that reach nobody else say so', async () => {
      const { as } = await open();
      const group = await as('kai').groups.create({ handle: 'rev', members: ['kai'] });
      const post = await as('kai').messages.post('general', { text: '@rev and @here' });
      expect(post.reaches).toEqual([
        { handle: 'rev', id: group.id, status: 'empty' },
        { handle: 'here', status: 'empty' },
      ]);
    });

    it('MSG-7: nobody is made under the handle of a group', async () => {
      const { as } = await open();
      await as('rin').messages.post('general', { text: 'here' });
      await as('kai').groups.create({ handle: 'rev', members: ['rin'] });
      await refused(as('rev').messages.post('general', { text: 'who am I?' }), 'exists');
      expect(told(await as('rin').inbox())).toEqual([]);
    });

    it('MSG-7: nobody takes the handle of another, or of a group', async () => {
      const { as } = await open();
      await as('rin').messages.post('general', { text: 'here' });
      await as('kai').groups.create({ handle: 'rev', members: ['rin'] });
      for (const handle of ['rin', 'rev', 'here'])
        await refused(as('kai').members.update({ handle }), 'exists');
      expect((await as('kai').members.update({ handle: 'kai', name: 'Kai' })).name).toBe('Kai');
      expect((await as('kai').members.update({ handle: 'kay' })).handle).toBe('kay');
    });

    it('MSG-3: mentions that waited come up in the order in which they were said', async () => {
      const { as } = await open();
      const said = ['one', 'two', 'three', 'four', 'five', 'six'].map((word) => `${word}, @newt`);
      for (const text of said) await as('kai').messages.post('dev', { text });
      await as('newt').messages.post('general', { text: 'hello' });
      expect(told(await as('newt').inbox())).toEqual(said.map((text) => `mention ${text}`));
    });

    it('MSG-3: a mention of a handle that nobody bears reaches who is made with it', async () => {
      const { as } = await open();
      const kai = as('kai');
      const post = await kai.messages.post('dev', { text: 'welcome, @newt' });
      expect(post.reaches).toEqual([{ handle: 'newt', status: 'unknown' }]);
      expect(post.mentions).toBeUndefined();
      const newt = as('newt');
      await newt.messages.post('general', { text: 'hello' });
      const inbox = await newt.inbox();
      expect(told(inbox)).toEqual(['mention welcome, @newt']);
      expect(await newt.acknowledge({ receipt: inbox.receipt })).toMatchObject({ items: 1, open: 0 });
      expect(told(await newt.inbox())).toEqual([]);
    });

    it('MSG-4: who follows a thread is told of each reply from then on, who muted it only by name', async () => {
      const { as } = await open();
      const [kai, rin, ann] = [as('kai'), as('rin'), as('ann')];
      for (const who of [rin, ann]) await who.messages.post('general', { text: 'here' });
      const root = await kai.messages.post('dev', { text: 'what next?' });
      const reply = (text: string, who = rin) => who.messages.post('dev', { text, thread: root.id });
      const first = await reply('one');
      expect((await ann.messages.thread(root.id)).following).toBe('default');
      await ann.messages.flag(first.id, { following: 'follow' });
      expect((await ann.messages.thread(first.id)).following).toBe('follow');
      expect((await kai.messages.thread(root.id)).following).toBe('default');
      await reply('two');
      await kai.messages.flag(root.id, { following: 'mute' });
      await reply('three');
      await reply('four @here');
      await reply('five @kai');
      await ann.messages.flag(root.id, { following: 'default' });
      await reply('six');
      expect(told(await kai.inbox())).toEqual(['reply one', 'reply two', 'mention five @kai']);
      expect(told(await ann.inbox())).toEqual([
        'followed two',
        'followed three',
        'group four @here',
        'followed five @kai',
      ]);
      expect(told(await rin.inbox())).toEqual([]);
      const [item] = (await ann.inbox()).items;
      expect(await ann.acknowledge({ operations: item?.operations })).toMatchObject({ items: 1, open: 3 });
    });

    it('MSG-5: a thread is resolved by any of its messages, for everybody', async () => {
      const { as } = await open();
      const [kai, rin] = [as('kai'), as('rin')];
      const root = await kai.messages.post('dev', { text: 'which port?' });
      const answer = await rin.messages.post('dev', { text: '4270', thread: root.id });
      expect(await rin.messages.flag(answer.id, { resolved: true })).toMatchObject({
        id: root.id,
        resolved: true,
      });
      expect((await kai.messages.thread(root.id)).root.resolved).toBe(true);
      await kai.messages.flag(root.id, { resolved: false });
      expect((await rin.messages.thread(answer.id)).root.resolved).toBeUndefined();
    });

    it('MSG-6: agents answer each other as often as the channel allows, then no more', async () => {
      const { as } = await open();
      const [kai, rin] = [as('kai'), as('rin')];
      expect((await kai.channels.get('dev')).hops).toBe(20);
      expect(await kai.channels.update('dev', { hops: 2 })).toMatchObject({ hops: 2 });
      const root = await kai.messages.post('dev', { text: 'who can look?' });
      const reply = (who: Talking, text = 'yes') => who.messages.post('dev', { text, thread: root.id });
      expect((await reply(rin)).hops).toBe(1);
      expect((await reply(rin, 'and then')).hops).toBe(1);
      expect((await reply(kai)).hops).toBe(2);
      expect((await reply(kai, 'as I said')).hops).toBe(2);
      const error = await refused(reply(rin), 'too_many_hops');
      expect(error.hint).toMatch(/human/);
      // Outside the thread who mentions is answered by whoever it mentions.
      await rin.messages.post('dev', { text: '@kai?' });
      expect((await kai.messages.post('dev', { text: '@rin?' })).hops).toBe(1);
      expect((await rin.messages.post('dev', { text: '@kai!' })).hops).toBe(2);
      await refused(kai.messages.post('dev', { text: 'no' }), 'too_many_hops');
      expect((await rin.messages.post('dev', { text: 'never mind' })).hops).toBeUndefined();
      expect((await kai.messages.post('dev', { text: 'well' })).hops).toBeUndefined();
      await refused(kai.messages.post('dev', { text: 'known of elsewhere', hops: 3 }), 'too_many_hops');
      await refused(kai.channels.update('dev', { hops: -1 }), 'invalid');
    });

    it('MSG-7: a group calls those who are in it as the message is written', async () => {
      const { as } = await open();
      const [kai, rin, ann] = [as('kai'), as('rin'), as('ann')];
      for (const who of [rin, ann]) await who.messages.post('general', { text: 'here' });
      const crew = await kai.groups.create({ handle: 'crew', members: ['kai', 'rin'] });
      expect(crew.members.map(({ handle }) => handle)).toEqual(['kai', 'rin']);
      const post = await kai.messages.post('dev', { text: '@crew one' });
      expect(post.reaches).toEqual([
        { handle: 'rin', id: expect.any(String), status: 'present', via: 'crew' },
      ]);
      expect(post.mentions).toBeUndefined();
      const changed = await rin.groups.update('@crew', { add: ['ann'], remove: ['rin'] });
      expect(changed.members.map(({ handle }) => handle)).toEqual(['ann', 'kai']);
      await kai.messages.post('dev', { text: '@crew two, @rin too' });
      expect(told(await rin.inbox())).toEqual(['group @crew one', 'mention @crew two, @rin too']);
      expect(told(await ann.inbox())).toEqual(['group @crew two, @rin too']);
      expect((await ann.groups.list()).items).toEqual([changed]);
      await refused(ann.groups.create({ handle: 'crew' }), 'exists');
      await refused(ann.groups.create({ handle: 'kai' }), 'exists');
      await refused(ann.groups.create({ handle: 'here' }), 'exists');
      await refused(ann.groups.update('nobody', { add: [] }), 'not_found');
      await refused(ann.groups.update('crew', { add: ['nobody'] }), 'not_found');
    });
  });
}
