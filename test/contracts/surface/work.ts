import { expect } from 'vitest';
import { refused } from '../../replica/support/open.ts';
import type { CasesOf, World } from './cases.ts';

const nowhere = 'a'.repeat(26);
const made = async ({ kai }: World, title = 'Sort the sources') => (await kai.tasks.create({ title })).id;
const ids = ({ items }: { readonly items: readonly { readonly id: string }[] }) => items.map(({ id }) => id);

export const work: CasesOf<'tasks' | 'memory' | 'reservations'> = {
  'tasks.create': {
    async does({ kai }) {
      expect(await kai.tasks.create({ title: 'One', labels: ['ui'] })).toMatchObject({
        title: 'One',
        labels: ['ui'],
        status: 'todo',
        ready: true,
      });
    },
    refuses: ({ kai }) => refused(kai.tasks.create({ title: '' }), 'invalid'),
  },
  'tasks.list': {
    async does(world) {
      const id = await made(world);
      expect(ids(await world.kai.tasks.list({ limit: 500 }))).toContain(id);
    },
    refuses: ({ kai }) => refused(kai.tasks.list({ holder: 'nobody' }), 'not_found'),
  },
  'tasks.ready': {
    async does(world) {
      const [first, then] = [await made(world), await made(world)];
      await world.kai.tasks.link(first, { kind: 'blocks', to: then });
      const ready = ids(await world.kai.tasks.ready({ limit: 500 }));
      expect([ready.includes(first), ready.includes(then)]).toEqual([true, false]);
    },
    refuses: ({ kai }) => refused(kai.tasks.ready({ limit: 0 }), 'invalid'),
  },
  'tasks.get': {
    async does(world) {
      const id = await made(world);
      const { short } = await world.kai.tasks.get(id);
      expect(await world.kai.tasks.get(short)).toMatchObject({ id, legalMoves: expect.any(Array) });
    },
    refuses: ({ kai }) => refused(kai.tasks.get('kai-9999'), 'not_found'),
  },
  'tasks.update': {
    async does(world) {
      const id = await made(world);
      expect(await world.kai.tasks.update(id, { priority: 'P0' })).toMatchObject({ priority: 'P0' });
    },
    refuses: ({ kai }) => refused(kai.tasks.update(nowhere, { title: 'x' }), 'not_found'),
  },
  'tasks.move': {
    async does(world) {
      const id = await made(world);
      expect(await world.kai.tasks.move(id, { to: 'blocked', reason: 'no disk' })).toMatchObject({
        status: 'blocked',
      });
    },
    async refuses(world) {
      const id = await made(world);
      await world.kai.tasks.move(id, { to: 'cancelled' });
      const error = await refused(world.kai.tasks.move(id, { to: 'review' }), 'illegal_move');
      expect(error.legal).toEqual(expect.any(Array));
    },
  },
  'tasks.claim': {
    async does(world) {
      const id = await made(world);
      const stop = new AbortController();
      stop.abort();
      const aborted = world.kai.tasks.claim(id, { need: 'granted' }, { signal: stop.signal });
      await expect(aborted).rejects.toBe(stop.signal.reason);
      expect(await world.kai.tasks.get(id)).toMatchObject({ claim: null });
      expect(await world.kai.tasks.claim(id, { need: 'granted' })).toMatchObject({
        claim: { by: { handle: 'kai' }, certainty: 'granted' },
      });
    },
    async refuses(world) {
      const id = await made(world);
      await world.kai.tasks.claim(id, { need: 'granted' });
      await refused(world.as('ann').tasks.claim(id, { need: 'granted' }), 'held');
    },
  },
  'tasks.renew': {
    async does(world) {
      const id = await made(world);
      const { claim } = await world.kai.tasks.claim(id, { need: 'granted', ttl: 60_000 });
      const renewed = await world.kai.tasks.renew(id, { ttl: 3_600_000 });
      expect(Date.parse(renewed.claim?.until ?? '')).toBeGreaterThan(Date.parse(claim?.until ?? ''));
    },
    async refuses(world) {
      await refused(world.kai.tasks.renew(await made(world)), 'not_held');
    },
  },
  'tasks.decide': {
    async does(world) {
      const id = await made(world);
      await world.kai.tasks.claim(id);
      await world.kai.tasks.move(id, { to: 'doing' });
      await world.kai.tasks.move(id, { to: 'review', evidence: [{ kind: 'note', ref: 'see' }] });
      expect(await world.kai.tasks.decide(id, { accept: true })).toMatchObject({ status: 'done' });
    },
    async refuses(world) {
      await refused(world.kai.tasks.decide(await made(world), { accept: true }), 'illegal_move');
    },
  },
  'tasks.release': {
    async does(world) {
      const id = await made(world);
      await world.kai.tasks.claim(id);
      expect(await world.kai.tasks.release(id, { reason: 'later' })).toMatchObject({ claim: null });
    },
    async refuses(world) {
      await refused(world.kai.tasks.release(await made(world)), 'not_held');
    },
  },
  'tasks.link': {
    async does(world) {
      const [one, two] = [await made(world), await made(world)];
      expect((await world.kai.tasks.link(one, { kind: 'blocks', to: two })).id).toBe(one);
      expect(ids({ items: (await world.kai.tasks.get(two)).blockers })).toEqual([one]);
    },
    async refuses(world) {
      const [one, two] = [await made(world), await made(world)];
      await world.kai.tasks.link(one, { kind: 'blocks', to: two });
      await refused(world.kai.tasks.link(two, { kind: 'blocks', to: one }), 'cycle');
    },
  },
  'tasks.unlink': {
    async does(world) {
      const [one, two] = [await made(world), await made(world)];
      await world.kai.tasks.link(one, { kind: 'blocks', to: two });
      await world.kai.tasks.unlink(one, { kind: 'blocks', to: two });
      expect((await world.kai.tasks.get(two)).blockers).toEqual([]);
    },
    async refuses(world) {
      const gone = { kind: 'blocks', to: nowhere } as const;
      await refused(world.kai.tasks.unlink(await made(world), gone), 'not_found');
    },
  },
  'tasks.comment': {
    async does(world) {
      const task = await made(world);
      expect(await world.as('ann').tasks.comment(task, { text: 'mine?' })).toMatchObject({
        task,
        author: { handle: 'ann' },
      });
    },
    refuses: ({ kai }) => refused(kai.tasks.comment(nowhere, { text: 'x' }), 'not_found'),
  },
  'tasks.comments': {
    async does(world) {
      const task = await made(world);
      const { id } = await world.kai.tasks.comment(task, { text: 'so' });
      expect(ids(await world.kai.tasks.comments(task))).toEqual([id]);
    },
    refuses: ({ kai }) => refused(kai.tasks.comments(nowhere), 'not_found'),
  },
  'memory.remember': {
    async does({ kai }) {
      expect(await kai.memory.remember({ key: 'port', text: '4270', tags: ['net'] })).toMatchObject({
        key: 'port',
        text: '4270',
      });
    },
    refuses: ({ kai }) => refused(kai.memory.remember({ text: 'x'.repeat(65_537) }), 'too_large'),
  },
  'memory.list': {
    async does({ kai }) {
      const { id } = await kai.memory.remember({ text: 'a', tags: ['listed'] });
      expect(ids(await kai.memory.list({ tag: 'listed' }))).toEqual([id]);
    },
    refuses: ({ kai }) => refused(kai.memory.list({ limit: 0 }), 'invalid'),
  },
  'memory.get': {
    async does({ kai }) {
      const { id } = await kai.memory.remember({ key: 'found', text: 'a' });
      expect(await kai.memory.get('found')).toMatchObject({ id });
    },
    refuses: ({ kai }) => refused(kai.memory.get('no such key'), 'not_found'),
  },
  'memory.update': {
    async does({ kai }) {
      const { id } = await kai.memory.remember({ text: 'a' });
      expect(await kai.memory.update(id, { text: 'b' })).toMatchObject({ id, text: 'b' });
    },
    refuses: ({ kai }) => refused(kai.memory.update('no such key', { text: 'b' }), 'not_found'),
  },
  'memory.forget': {
    async does({ kai }) {
      const { id } = await kai.memory.remember({ text: 'soon gone', tags: ['gone'] });
      await kai.memory.forget(id);
      expect(ids(await kai.memory.list({ tag: 'gone' }))).toEqual([]);
    },
    refuses: ({ kai }) => refused(kai.memory.forget('no such key'), 'not_found'),
  },
  'reservations.reserve': {
    async does({ kai }) {
      expect(await kai.reservations.reserve({ globs: ['one/**'] })).toMatchObject({ state: 'held' });
    },
    refuses: ({ kai }) => refused(kai.reservations.reserve({ globs: ['[a'] }), 'invalid'),
  },
  'reservations.list': {
    async does({ kai }) {
      const { id } = await kai.reservations.reserve({ globs: ['two/**'] });
      expect(ids(await kai.reservations.list({ path: 'two/a' }))).toEqual([id]);
    },
    refuses: ({ kai }) => refused(kai.reservations.list({ holder: 'nobody' }), 'not_found'),
  },
  'reservations.get': {
    async does({ kai }) {
      const { id } = await kai.reservations.reserve({ globs: ['three/**'] });
      expect(await kai.reservations.get(id)).toMatchObject({ id });
    },
    refuses: ({ kai }) => refused(kai.reservations.get(nowhere), 'not_found'),
  },
  'reservations.renew': {
    async does({ kai }) {
      const { id, until } = await kai.reservations.reserve({ globs: ['four/**'], ttl: 60_000 });
      const longer = await kai.reservations.renew(id, { ttl: 3_600_000 });
      expect(Date.parse(longer.until)).toBeGreaterThan(Date.parse(until));
    },
    refuses: ({ kai }) => refused(kai.reservations.renew(nowhere), 'not_found'),
  },
  'reservations.release': {
    async does({ kai }) {
      const { id } = await kai.reservations.reserve({ globs: ['five/**'] });
      expect(await kai.reservations.release(id)).toMatchObject({ state: 'released' });
    },
    async refuses({ kai, as }) {
      const { id } = await kai.reservations.reserve({ globs: ['six/**'] });
      await refused(as('ann').reservations.release(id), 'forbidden');
    },
  },
};
