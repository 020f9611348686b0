import { describe, expect, it } from 'vitest';
import { CoterieError, type Event } from '../../schemas/index.ts';
import { allOf, feedOf, home, open, refused, reopen, take } from './support/open.ts';

const cursors = (events: readonly Event[]) => events.map(({ cursor }) => cursor);
const number = (cursor: string): number => Number(cursor.split('.')[1]);

describe('REP-14 the feed', () => {
  it('resumes after any cursor with just what followed, also after opening again', async () => {
    const at = home();
    let kai = await open(at);
    for (let i = 0; i < 8; i++) await kai.messages.post('general', { text: `m${i}` });
    await kai.tasks.create({ title: 't' });
    const all = await feedOf(kai);
    expect(all.map(({ type }) => type).slice(-10, -1)).toContain('message.create');
    expect(all.at(-1)?.type).toBe('task.create');
    expect(cursors(all).map(number)).toEqual(all.map((_, i) => i + 1));
    kai = await reopen(kai, at);
    for (const [i, { cursor }] of all.entries())
      expect(cursors(await take(kai.events({ since: cursor }), all.length - i - 1))).toEqual(
        cursors(all.slice(i + 1)),
      );
    expect(await take(kai.events({ since: '0' }), all.length)).toEqual(all);
  });

  it('refuses what is no cursor of it', async () => {
    const kai = await open();
    const other = await open();
    await kai.messages.post('general', { text: 'x' });
    const { cursor } = await kai.status();
    const [epoch] = cursor.split('.');
    const first = async (since: string) => take(kai.events({ since }), 1);
    for (const since of [
      'x',
      '',
      `${epoch}.99999`,
      `${epoch}.-1`,
      `${epoch}.1.2`,
      (await other.status()).cursor,
    ])
      await refused(first(since), 'cursor_unknown');
    await refused(take(kai.events({ since: '0', channels: 'none' }), 1), 'not_found');
    await refused(take(kai.events({ since: '0', members: 'nobody' }), 1), 'not_found');
  });

  it('is filtered by type, channel and member', async () => {
    const kai = await open();
    const rin = kai.as('rin');
    await kai.messages.post('general', { text: 'a' });
    const b = await rin.messages.post('dev', { text: 'b' });
    await kai.messages.react(b.id, 'x');
    await rin.tasks.create({ title: 't' });
    const types = async (query: object) =>
      (await kai.activity({ limit: 100, each: true, ...query })).items.map(({ type }) => type).reverse();
    expect(await types({ types: 'message.*', channels: 'dev' })).toEqual(['message.create', 'message.react']);
    expect(await types({ types: 'task.create, message.react' })).toEqual(['message.react', 'task.create']);
    expect(await types({ members: 'rin', types: 'message.*,task.*' })).toEqual([
      'message.create',
      'task.create',
    ]);
    const [event] = await take(kai.events({ since: '0', channels: 'dev,general', members: '@rin' }), 1);
    expect(event).toMatchObject({ type: 'message.create', body: { text: 'b' }, by: { handle: 'rin' } });
    const paged = await allOf((page) => kai.activity({ ...page, each: true, types: 'message.*' }), 1);
    expect(paged.map(({ type }) => type)).toEqual(['message.react', 'message.create', 'message.create']);
  });

  it('says that a part of it was compacted away, and goes on behind that', async () => {
    const at = home();
    let kai = await open(at);
    for (let i = 0; i < 20; i++) await kai.messages.post('general', { text: `m${i}` });
    const all = await feedOf(kai);
    await kai.compact({ keep: 5 });
    kai = await reopen(kai, at);
    const kept = await take(kai.events({ since: '0' }), 6);
    expect(kept[0]).toMatchObject({ type: 'gap', data: { from: 1, to: all.length - 5 } });
    expect(kept.slice(1)).toEqual(all.slice(-5));
    expect(await take(kai.events({ since: kept[0]?.cursor }), 5)).toEqual(all.slice(-5));
    const inside = all.at(-3)?.cursor ?? '';
    expect(await take(kai.events({ since: inside }), 2)).toEqual(all.slice(-2));
    await kai.compact({ keep: 0 });
    const end = (await kai.status()).cursor;
    const stream = kai.events({ since: '0' })[Symbol.asyncIterator]();
    const gap = (await stream.next()).value as Event;
    expect(gap).toMatchObject({ type: 'gap', cursor: end });
    const next = stream.next();
    const posted = await kai.messages.post('general', { text: 'next' });
    expect(((await next).value as Event).operation).toBe(posted.id);
    expect((await kai.messages.list('general', { limit: 100 })).items).toHaveLength(21);
    await stream.return?.();
  });

  it('begins where it was asked for: nothing between the call and the first look is missed', async () => {
    const kai = await open();
    const stream = kai.events();
    const posted = await kai.messages.post('general', { text: 'at once' });
    const seen = await take(stream, 3);
    expect(seen.map(({ type }) => type)).toEqual(['member.create', 'mark.set', 'message.create']);
    expect(seen.at(-1)?.operation).toBe(posted.id);
  }, 5_000);

  it('delivers each operation once to every reader, while many write and readers come and go', async () => {
    const kai = await open();
    await kai.messages.post('general', { text: 'first' });
    const since = (await kai.status()).cursor;
    const writers = 8;
    const each = 40;
    const posted: string[] = [];
    const writing = Promise.all(
      Array.from({ length: writers }, async (_, n) => {
        const member = kai.as(`w${n}`);
        for (let i = 0; i < each; i++) {
          const message = await member.messages.post('dev', { text: `${n} ${i}` });
          posted.push(message.id);
        }
      }),
    );
    const total = writers * each;
    const patient = take(kai.events({ since, types: 'message.create' }), total);
    const restless = (async () => {
      const seen: Event[] = [];
      let from = since;
      while (seen.length < total) {
        const some = await take(
          kai.events({ since: from, types: 'message.create' }),
          Math.min(17, total - seen.length),
        );
        seen.push(...some);
        from = some.at(-1)?.cursor ?? from;
      }
      return seen;
    })();
    await writing;
    const [one, two] = await Promise.all([patient, restless]);
    expect(one.map(({ operation }) => operation).sort()).toEqual([...posted].sort());
    expect(two).toEqual(one);
    expect(cursors(one).map(number)).toEqual([...cursors(one).map(number)].sort((a, b) => a - b));
  });

  it('ends when it is asked to and when the replica closes', async () => {
    const kai = await open();
    const stop = new AbortController();
    const one = kai.events({ signal: stop.signal })[Symbol.asyncIterator]().next();
    const two = kai.events()[Symbol.asyncIterator]().next();
    stop.abort();
    expect((await one).done).toBe(true);
    await kai.close();
    expect((await two).done).toBe(true);
    await expect(kai.messages.post('general', { text: 'x' })).rejects.toBeInstanceOf(CoterieError);
  });
});

describe('REP-15 a list read in pages', () => {
  it('shows what was there once, whatever is written between the pages', async () => {
    const kai = await open();
    const ids: string[] = [];
    for (let i = 0; i < 30; i++) {
      ids.push((await kai.messages.post('general', { text: `m${i}` })).id);
      await kai.tasks.create({ title: `t${i}` });
      await kai.memory.remember({ text: `f${i}` });
    }
    const root = ids[0] ?? '';
    for (let i = 0; i < 9; i++) await kai.messages.post('general', { text: `r${i}`, thread: root });
    const task = await kai.tasks.get('kai-1');
    for (let i = 0; i < 9; i++) await kai.tasks.comment(task.id, { text: `c${i}` });
    for (let i = 0; i < 9; i++) await kai.as(`m${i}`).messages.post('dev', { text: 'hi' });
    for (let i = 0; i < 9; i++) await kai.messages.edit(root, { text: `e${i}` });
    let n = 0;
    const write = async () => {
      n++;
      await kai.messages.post('general', { text: `late ${n}` });
      await kai.messages.post('general', { text: `late ${n}`, thread: root });
      await kai.tasks.create({ title: `late ${n}` });
      await kai.memory.remember({ text: `late ${n}` });
      await kai.tasks.comment(task.id, { text: `late ${n}` });
    };
    const lists: Record<
      string,
      (page: { limit: number; cursor?: string | undefined }) => Promise<{
        items: { id?: string; cursor?: string; operation?: string }[];
        next?: string | undefined;
      }>
    > = {
      newest: (page) => kai.messages.list('general', page),
      tasks: (page) => kai.tasks.list(page),
      ready: (page) => kai.tasks.ready(page),
      memory: (page) => kai.memory.list(page),
      channels: (page) => kai.channels.list(page),
      members: (page) => kai.members.list(page),
      comments: (page) => kai.tasks.comments(task.id, page),
      thread: (page) => kai.messages.thread(root, page),
      activity: (page) => kai.activity({ ...page, each: true }),
      history: (page) => kai.history(root, page),
      oldest: (page) => kai.messages.list('general', { ...page, order: 'oldest' }),
    };
    const name = ({ id, cursor, operation }: { id?: string; cursor?: string; operation?: string }) =>
      id ?? cursor ?? operation ?? '';
    for (const [what, read] of Object.entries(lists)) {
      const before = (await allOf(read, 1000)).map(name);
      expect(new Set(before).size, what).toBe(before.length);
      // Channels are sorted by name within a page.
      expect((await allOf(read, 4)).map(name).sort(), what).toEqual([...before].sort());
      const during = (await allOf(read, 7, async () => (n < 400 ? write() : undefined))).map(name);
      expect(new Set(during).size, what).toBe(during.length);
      expect(
        before.filter((id) => !during.includes(id)),
        what,
      ).toEqual([]);
      n = 0;
    }
  }, 60_000);

  it('refuses a cursor that is none of it', async () => {
    const kai = await open();
    await kai.messages.post('general', { text: 'x' });
    await refused(kai.messages.list('general', { cursor: 'no/cursor' }), 'invalid');
    await refused(kai.activity({ cursor: 'none' }), 'cursor_unknown');
  });
});
