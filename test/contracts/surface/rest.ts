import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { operationType } from '../../../schemas/index.ts';
import { refused, take } from '../../replica/support/open.ts';
import type { Cases, CasesOf, Verb, World } from './cases.ts';

const nowhere = 'a'.repeat(26);
/** Why work is called off. */
const enough = new Error('enough');

/** A file with one issue, as beads writes it. */
function issues({ scratch }: World, line: string): string {
  const path = join(scratch(), 'issues.jsonl');
  writeFileSync(path, line);
  return path;
}
const at = '2025-01-01T00:00:00Z';
const issue = { id: 'bd-1', title: 'Moved in', status: 'open', priority: 2, issue_type: 'task' };

/** The type of an event tells what it holds: to the compiler, and it does. */
async function typedEvents(kai: World['kai']): Promise<void> {
  const { cursor } = await kai.status();
  const message = await kai.messages.post('general', { text: 'typed' });
  await kai.messages.react(message.id, 'eyes');
  const task = await kai.tasks.create({ title: 'Typed', priority: 'P1' });
  const seen: unknown[] = [];
  for (const event of await take(kai.events({ since: cursor }), 3)) {
    expect(operationType(event.type)?.data.parse(event.data)).toEqual(event.data);
    if (event.type === 'message.create') seen.push(event.body?.text);
    else if (event.type === 'message.react') seen.push(event.data.emoji);
    else if (event.type === 'task.create')
      seen.push([event.data.short, event.data.priority, event.body?.title]);
  }
  expect(seen).toEqual(['typed', 'eyes', [task.short, 'P1', 'Typed']]);
}

type Plain = Exclude<Verb, `${string}.${string}`>;

export const rest: Cases<Plain> & CasesOf<'invites' | 'replicas' | 'arbiter'> = {
  'invites.create': {
    async does({ kai }) {
      expect(await kai.invites.create({ uses: 3 })).toMatchObject({ ticket: expect.any(String), uses: 3 });
    },
    refuses: ({ as }) => refused(as('ann').invites.create(), 'forbidden'),
  },
  'invites.list': {
    async does({ kai }) {
      const { invite } = await kai.invites.create();
      const { items } = await kai.invites.list();
      expect(items.map(({ id }) => id)).toContain(invite);
      expect(JSON.stringify(items)).not.toContain('ticket"');
    },
    refuses: ({ kai }) => refused(kai.invites.list({ limit: 0 }), 'invalid'),
  },
  'invites.revoke': {
    async does({ kai }) {
      const { invite } = await kai.invites.create();
      expect(await kai.invites.revoke(invite)).toMatchObject({ id: invite, revoked: expect.anything() });
    },
    refuses: ({ kai }) => refused(kai.invites.revoke(nowhere), 'not_found'),
  },
  'replicas.list': {
    async does({ kai }) {
      expect((await kai.replicas.list()).items).toMatchObject([{ self: true }]);
    },
    refuses: ({ kai }) => refused(kai.replicas.list({ cursor: 'none' }), 'invalid'),
  },
  'arbiter.get': {
    async does({ kai }) {
      const [self] = (await kai.replicas.list()).items;
      expect(await kai.arbiter.get()).toMatchObject({ replica: self?.id });
    },
    refuses: 'takes nothing, and every workspace has an arbiter',
  },
  'arbiter.move': {
    async does({ kai }) {
      const [self] = (await kai.replicas.list()).items;
      expect(await kai.arbiter.move({ to: self?.id ?? '' })).toMatchObject({ replica: self?.id });
    },
    refuses: ({ kai }) => refused(kai.arbiter.move({ to: 'no-such-replica' }), 'not_found'),
  },
  search: {
    async does({ kai }) {
      const { id } = await kai.messages.post('general', { text: 'the walrus' });
      expect((await kai.search({ q: 'walrus' })).results.map((one) => one.id)).toContain(id);
      const asked = { q: 'walrus', explain: true, kind: 'message' } as const;
      const plain = await kai.search(asked);
      expect(plain).toMatchObject({ modes: ['text'], results: [{ why: { coverage: 1 } }] });
      expect(plain.fallback).toBeUndefined();
      // Here nobody makes vectors: whoever asks for the meaning is told so.
      const both = await kai.search({ ...asked, mode: 'semantic' });
      expect(both).toMatchObject({
        modes: ['text'],
        fallback: expect.stringContaining('embeddings are off'),
      });
      expect((await kai.search({ q: 'walrus', kind: 'memory' })).fallback).toBeUndefined();
      await refused(kai.search({ q: 'walrus', kind: 'memory', channel: 'general' }), 'invalid');
    },
    refuses: ({ kai }) => refused(kai.search({ q: '' }), 'invalid'),
  },
  searchStream: {
    async does({ kai }) {
      const ids: string[] = [];
      for (const text of ['an old ocelot', 'a new ocelot'])
        ids.unshift((await kai.messages.post('general', { text })).id);
      const found: string[] = [];
      let last: { more: boolean } | undefined;
      for await (const part of kai.searchStream({ q: 'ocelot kind:message' })) {
        found.push(...part.results.map(({ id }) => id));
        last = part;
      }
      expect(found).toEqual(ids);
      expect(last).toMatchObject({ more: false, match: 'all', behind: 0 });
      expect(await take(kai.searchStream({ q: 'ocelot' }, { signal: AbortSignal.abort() }), 1)).toEqual([]);
    },
    refuses: ({ kai }) => refused(take(kai.searchStream({ q: 'from:nobody-there' }), 1), 'not_found'),
  },
  recall: {
    async does({ kai }) {
      const { id } = await kai.memory.remember({ text: 'the narwhal' });
      await kai.messages.post('general', { text: 'a narwhal' });
      expect((await kai.recall({ q: 'narwhal' })).results.map((one) => one.id)).toEqual([id]);
      const off = { modes: ['text'], fallback: expect.stringContaining('embeddings are off') };
      expect(await kai.recall({ q: 'narwhal', explain: true })).toMatchObject({
        ...off,
        results: [{ why: { coverage: 1 } }],
      });
      expect((await kai.recall({ q: 'narwhal', mode: 'text' })).fallback).toBeUndefined();
    },
    refuses: ({ kai }) => refused(kai.recall({ q: 'x', limit: 0 }), 'invalid'),
  },
  events: {
    async does({ kai }) {
      const { cursor } = await kai.status();
      const posted: string[] = [];
      for (const text of ['one', 'two']) posted.push((await kai.messages.post('general', { text })).id);
      const [first] = await take(kai.events({ since: cursor }), 1);
      expect(first?.subject).toBe(posted[0]);
      // Resumed where the first stream was left; then it waits until the signal aborts, and ends.
      const stop = new AbortController();
      const seen: string[] = [];
      for await (const event of kai.events({ since: first?.cursor, signal: stop.signal })) {
        seen.push(event.subject);
        setImmediate(() => stop.abort());
      }
      expect(seen).toEqual([posted[1]]);
      for await (const event of kai.events({ signal: AbortSignal.abort() })) seen.push(event.subject);
      expect(seen).toHaveLength(1);
      await typedEvents(kai);
    },
    // A replica knows at the call, a client once the node answered.
    refuses: ({ kai }) =>
      refused((async () => take(kai.events({ since: 'other.1' }), 1))(), 'cursor_unknown'),
  },
  activity: {
    async does({ kai }) {
      const { id } = await kai.messages.post('general', { text: 'done' });
      expect((await kai.activity({ limit: 1 })).items[0]?.subject).toBe(id);
    },
    refuses: ({ kai }) => refused(kai.activity({ members: 'nobody' }), 'not_found'),
  },
  history: {
    async does({ kai }) {
      const { id } = await kai.messages.post('general', { text: 'a' });
      await kai.messages.edit(id, { text: 'b' });
      expect((await kai.history(id)).items.map(({ type }) => type)).toEqual([
        'message.create',
        'message.edit',
      ]);
    },
    refuses: ({ kai }) => refused(kai.history(nowhere), 'not_found'),
  },
  catchUp: {
    async does({ kai, as }) {
      await kai.messages.post('general', { text: 'for you, @ann' });
      const caught = await as('ann').catchUp();
      expect(caught).toMatchObject({ receipt: expect.any(String), proof: { complete: true } });
      await as('ann').acknowledge({ receipt: caught.receipt });
    },
    refuses: ({ kai }) => refused(kai.catchUp({ limit: 0 }), 'invalid'),
  },
  inbox: {
    async does({ kai, as }) {
      await kai.messages.post('general', { text: 'a question, @ann' });
      expect((await as('ann').inbox()).items.map(({ text }) => text)).toContain('a question, @ann');
    },
    refuses: ({ kai }) => refused(kai.inbox({ limit: 0 }), 'invalid'),
  },
  waiting: {
    async does({ kai, as }) {
      const ann = as('ann');
      const before = (await ann.waiting()).open;
      await kai.messages.post('general', { text: 'are you there, @ann' });
      expect(await ann.waiting()).toEqual({ open: before + 1 });
      const { items, open } = await ann.inbox();
      expect(open).toBe(before + 1);
      await ann.acknowledge({ items: items.map(({ id }) => id) });
      expect(await ann.waiting()).toEqual({ open: open - items.length });
    },
    refuses: 'takes nothing, and counts for everybody',
  },
  acknowledge: {
    async does({ kai, as }) {
      const { id } = await kai.messages.post('general', { text: 'read this, @ann' });
      expect(await as('ann').acknowledge({ operations: [id] })).toMatchObject({ items: 1 });
    },
    refuses: ({ kai }) => refused(kai.acknowledge({ receipt: 'none' }), 'receipt_unknown'),
  },
  status: {
    async does({ kai }) {
      expect(await kai.status()).toMatchObject({ member: 'kai', cursor: expect.any(String) });
    },
    refuses: 'takes nothing, and a replica that is open has a status',
  },
  import: {
    async does(world) {
      const line = JSON.stringify({ ...issue, created_at: at, updated_at: at, created_by: 'zoe' });
      const done = await world.kai.import({ format: 'beads', path: issues(world, line) });
      expect(done).toMatchObject({ format: 'beads', written: expect.any(Object) });
      expect((await world.kai.search({ q: 'Moved' })).results.map(({ kind }) => kind)).toContain('task');
    },
    async refuses(world) {
      const { kai } = world;
      await refused(kai.import({ format: 'beads', path: issues(world, '{"id": 7}') }), 'import_invalid');
      const path = issues(world, JSON.stringify(issue));
      const aborted = kai.import({ format: 'beads', path }, { signal: AbortSignal.abort(enough) });
      await expect(aborted).rejects.toBe(enough);
    },
  },
  export: {
    async does({ kai, scratch }) {
      const directory = join(scratch(), 'out');
      expect(await kai.export({ directory })).toMatchObject({ directory });
    },
    async refuses({ kai, scratch }) {
      const directory = scratch();
      writeFileSync(join(directory, 'mine.txt'), 'mine');
      await refused(kai.export({ directory }), 'directory_not_empty');
      const aborted = kai.export({ directory: join(scratch(), 'no') }, { signal: AbortSignal.abort(enough) });
      await expect(aborted).rejects.toBe(enough);
    },
  },
  backup: {
    async does({ kai, scratch }) {
      const directory = join(scratch(), 'copy');
      const { bytes } = await kai.backup({ directory });
      expect(bytes).toBeGreaterThan(0);
    },
    async refuses({ kai, scratch }) {
      const directory = scratch();
      writeFileSync(join(directory, 'mine.txt'), 'mine');
      await refused(kai.backup({ directory }), 'directory_not_empty');
      const aborted = kai.backup({ directory: join(scratch(), 'no') }, { signal: AbortSignal.abort(enough) });
      await expect(aborted).rejects.toBe(enough);
    },
  },
  compact: {
    async does({ kai }) {
      expect(await kai.compact()).toMatchObject({ before: expect.any(Number), after: expect.any(Number) });
    },
    async refuses({ kai }) {
      await refused(kai.compact({ keep: -1 }), 'invalid');
      await expect(kai.compact({}, { signal: AbortSignal.abort(enough) })).rejects.toBe(enough);
    },
  },
  doctor: {
    async does({ kai }) {
      expect(await kai.doctor()).toMatchObject({ ok: true });
      await expect(kai.doctor({ signal: AbortSignal.abort(enough) })).rejects.toBe(enough);
    },
    refuses: 'takes nothing; what it finds is in its answer',
  },
  // The last of all: the replica that everything before was written at counts no more afterwards.
  'replicas.revoke': {
    async does({ kai }) {
      const [self] = (await kai.replicas.list()).items;
      expect(await kai.replicas.revoke(self?.id ?? '', { reason: 'lost' })).toMatchObject({
        id: self?.id,
        revoked: expect.anything(),
      });
    },
    refuses: ({ kai }) => refused(kai.replicas.revoke('no-such-replica'), 'not_found'),
  },
};
