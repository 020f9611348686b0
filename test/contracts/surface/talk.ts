import { expect } from 'vitest';
import { refused } from '../../replica/support/open.ts';
import type { CasesOf } from './cases.ts';

const nowhere = 'a'.repeat(26);
const ids = ({ items }: { readonly items: readonly { readonly id: string }[] }) => items.map(({ id }) => id);

export const talk: CasesOf<'channels' | 'messages' | 'groups' | 'members' | 'presence' | 'documents'> = {
  'channels.list': {
    async does({ kai }) {
      expect((await kai.channels.list()).items.map(({ name }) => name)).toContain('general');
    },
    refuses: ({ kai }) => refused(kai.channels.list({ limit: 100_000 }), 'invalid'),
  },
  'channels.get': {
    async does({ kai }) {
      const { id } = await kai.channels.get('general');
      expect(await kai.channels.get(id)).toMatchObject({ id, name: 'general' });
    },
    refuses: ({ kai }) => refused(kai.channels.get('no-such-channel'), 'not_found'),
  },
  'channels.create': {
    async does({ kai }) {
      expect(await kai.channels.create({ name: 'made', topic: 'new' })).toMatchObject({
        name: 'made',
        topic: 'new',
      });
    },
    async refuses({ kai }) {
      await refused(kai.channels.create({ name: 'general' }), 'exists');
      await refused(kai.channels.create({ name: 'other', odd: 1 } as { name: string }), 'invalid');
    },
  },
  'channels.update': {
    async does({ kai }) {
      await kai.channels.create({ name: 'renamed' });
      expect(await kai.channels.update('renamed', { topic: 'ours' })).toMatchObject({ topic: 'ours' });
    },
    refuses: ({ kai }) => refused(kai.channels.update('no-such-channel', { topic: 'x' }), 'not_found'),
  },
  'messages.post': {
    async does({ kai }) {
      const first = await kai.messages.post('general', { text: 'once' }, { key: 'posted once' });
      expect(first).toMatchObject({ text: 'once', author: { handle: 'kai' } });
      const again = await kai.messages.post('general', { text: 'once' }, { key: 'posted once' });
      expect(again.id).toBe(first.id);
    },
    async refuses({ kai }) {
      await kai.messages.post('general', { text: 'one' }, { key: 'reused' });
      await refused(kai.messages.post('general', { text: 'two' }, { key: 'reused' }), 'key_reused');
      await refused(kai.messages.post('general', { text: 'x'.repeat(65_537) }), 'too_large');
      await refused(kai.messages.post('general', { text: 'x', thread: nowhere }), 'not_found');
    },
  },
  'messages.list': {
    async does({ kai }) {
      const { id } = await kai.messages.post('general', { text: 'newest' });
      expect(ids(await kai.messages.list('general', { limit: 1 }))).toEqual([id]);
    },
    async refuses({ kai }) {
      await refused(kai.messages.list('no-such-channel'), 'not_found');
      await refused(kai.messages.list('general', { cursor: 'no cursor' }), 'invalid');
    },
  },
  'messages.get': {
    async does({ kai }) {
      const { id } = await kai.messages.post('general', { text: 'that one' });
      expect(await kai.messages.get(id)).toMatchObject({ id, text: 'that one' });
    },
    refuses: ({ kai }) => refused(kai.messages.get(nowhere), 'not_found'),
  },
  'messages.thread': {
    async does({ kai }) {
      const root = await kai.messages.post('general', { text: 'asked' });
      const reply = await kai.messages.post('general', { text: 'answered', thread: root.id });
      const thread = await kai.messages.thread(reply.id);
      expect([thread.root.id, ...ids(thread)]).toEqual([root.id, reply.id]);
    },
    refuses: ({ kai }) => refused(kai.messages.thread(nowhere), 'not_found'),
  },
  'messages.edit': {
    async does({ kai }) {
      const { id } = await kai.messages.post('general', { text: 'helo' });
      expect(await kai.messages.edit(id, { text: 'hello' })).toMatchObject({ id, text: 'hello' });
    },
    async refuses({ kai, as }) {
      const { id } = await kai.messages.post('general', { text: 'mine' });
      await refused(as('ann').messages.edit(id, { text: 'not yours' }), 'forbidden');
    },
  },
  'messages.redact': {
    async does({ kai }) {
      const { id } = await kai.messages.post('general', { text: 'a password' });
      expect(await kai.messages.redact(id)).toMatchObject({ id });
      expect(await kai.messages.get(id)).toMatchObject({ text: null });
    },
    refuses: ({ kai }) => refused(kai.messages.redact(nowhere), 'not_found'),
  },
  'messages.react': {
    async does({ kai, as }) {
      const { id } = await kai.messages.post('general', { text: 'look' });
      expect(await as('ann').messages.react(id, '👀')).toMatchObject({
        reactions: [{ emoji: '👀', members: [{ handle: 'ann' }] }],
      });
    },
    refuses: ({ kai }) => refused(kai.messages.react(nowhere, 'eyes'), 'not_found'),
  },
  'messages.unreact': {
    async does({ kai }) {
      const { id } = await kai.messages.post('general', { text: 'look' });
      await kai.messages.react(id, 'eyes');
      expect((await kai.messages.unreact(id, 'eyes')).reactions ?? []).toEqual([]);
    },
    refuses: ({ kai }) => refused(kai.messages.unreact(nowhere, 'eyes'), 'not_found'),
  },
  'messages.flag': {
    async does({ kai }) {
      const { id } = await kai.messages.post('general', { text: 'keep' });
      expect(await kai.messages.flag(id, { pinned: true })).toMatchObject({ id, pinned: true });
    },
    refuses: ({ kai }) => refused(kai.messages.flag(nowhere, { pinned: true }), 'not_found'),
  },
  'groups.list': {
    async does({ kai }) {
      const { id } = await kai.groups.create({ handle: 'listed' });
      expect(ids(await kai.groups.list())).toContain(id);
    },
    refuses: ({ kai }) => refused(kai.groups.list({ limit: -1 }), 'invalid'),
  },
  'groups.create': {
    async does({ kai }) {
      const made = await kai.groups.create({ handle: 'crew', members: ['kai'] });
      expect(made.members.map(({ handle }) => handle)).toEqual(['kai']);
    },
    refuses: ({ kai }) => refused(kai.groups.create({ handle: 'kai' }), 'exists'),
  },
  'groups.update': {
    async does({ kai }) {
      await kai.groups.create({ handle: 'grown' });
      const grown = await kai.groups.update('grown', { add: ['ann'] });
      expect(grown.members.map(({ handle }) => handle)).toEqual(['ann']);
    },
    refuses: ({ kai }) => refused(kai.groups.update('no-such-group', {}), 'not_found'),
  },
  'members.list': {
    async does({ kai }) {
      expect((await kai.members.list()).items.map(({ handle }) => handle)).toContain('ann');
    },
    refuses: ({ kai }) => refused(kai.members.list({ cursor: 'none' }), 'invalid'),
  },
  'members.get': {
    async does({ kai }) {
      expect(await kai.members.get('kai')).toMatchObject({ handle: 'kai', role: 'owner' });
    },
    refuses: ({ kai }) => refused(kai.members.get('nobody'), 'not_found'),
  },
  'members.update': {
    async does({ as }) {
      expect(await as('ann').members.update({ name: 'Ann' })).toMatchObject({ handle: 'ann', name: 'Ann' });
    },
    refuses: ({ as }) => refused(as('ann').members.update({ odd: 1 } as object), 'invalid'),
  },
  'members.grant': {
    async does({ kai, as }) {
      await as('rin').messages.post('general', { text: 'here' });
      expect(await kai.members.grant('rin', { role: 'admin' })).toMatchObject({ role: 'admin' });
    },
    refuses: ({ as }) => refused(as('ann').members.grant('ann', { role: 'owner' }), 'forbidden'),
  },
  'presence.set': {
    async does({ as }) {
      expect(await as('ann').presence.set({ state: 'idle', note: 'a break' })).toMatchObject({
        state: 'idle',
        note: 'a break',
      });
    },
    refuses: ({ as }) => refused(as('ann').presence.set({ state: 'idle', ttl: 1 }), 'invalid'),
  },
  'presence.list': {
    async does({ kai, as }) {
      await as('ann').presence.set({ state: 'working' });
      expect((await kai.presence.list()).items.map(({ member }) => member.handle)).toContain('ann');
    },
    refuses: ({ kai }) => refused(kai.presence.list({ limit: 0 }), 'invalid'),
  },
  'documents.list': {
    async does({ kai }) {
      const { items } = await kai.documents.list();
      expect(items.length).toBeGreaterThan(0);
    },
    refuses: ({ kai }) => refused(kai.documents.list({ cursor: 'none' }), 'invalid'),
  },
};
