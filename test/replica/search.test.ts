import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SearchQuery } from '../../schemas/index.ts';
import { openReplica } from '../../src/replica/open.ts';
import type { Replica, Surface } from '../../src/replica/surface.ts';
import { shared } from '../support/scratch.ts';
import { refused } from './support/open.ts';

describe('the query language, on a workspace', () => {
  let kai: Replica;
  let zoe: Surface;
  let at = Date.parse('2026-03-01T12:00:00Z');
  const ids = new Map<string, string>();
  const place = shared();

  /** Names of what a query finds, in their order. */
  async function finds(q: string, more: Partial<SearchQuery> = {}, who: Surface = kai): Promise<string[]> {
    const names = new Map([...ids].map(([name, id]) => [id, name]));
    const { results } = await who.search({ q, ...more });
    return results.map(({ id }) => names.get(id) ?? id);
  }
  const same = async (q: string, names: string[], who?: Surface) =>
    expect((await finds(q, {}, who)).sort(), q).toEqual([...names].sort());

  beforeAll(async () => {
    kai = await openReplica(
      { directory: `${place.path}/data`, config: `${place.path}/config`, as: 'kai', durability: 'os' },
      { now: () => at },
    );
    zoe = kai.as('zoe');
    const day = 86_400_000;
    const post = async (name: string, by: Surface, channel: string, text: string, thread?: string) => {
      const { id } = await by.messages.post(channel, { text, ...(thread ? { thread } : {}) });
      ids.set(name, id);
      at += day;
      return id;
    };
    await zoe.messages.post('general', { text: 'hello' });
    const root = await post(
      'flaky',
      kai,
      'general',
      'The upload test is flaky again, see https://ci.example/7',
    );
    await post('look', zoe, 'general', '@kai I will look at the upload test', root);
    await post('linux', zoe, 'dev', 'upload of a test on linux: run `npm test`');
    await post('secret', kai, '@zoe', 'upload the secret test');
    await kai.messages.react(root, 'eyes');
    await kai.messages.flag(root, { pinned: true });
    const fix = await kai.tasks.create({
      title: 'Fix the upload',
      priority: 'P0',
      labels: ['bug', 'needs review'],
    });
    const old = await zoe.tasks.create({
      title: 'Upload to the old bucket',
      assignee: 'kai',
      reviewer: 'zoe',
    });
    await kai.tasks
      .comment(fix.id, { text: 'the upload retries forever' })
      .then(({ id }) => ids.set('comment', id));
    await kai.tasks.claim(fix.id);
    await kai.tasks.move(old.id, { to: 'cancelled' });
    ids.set('fix', fix.id).set('old', old.id);
    const memory = await zoe.memory.remember({ text: 'Uploads go to the EU bucket', tags: ['storage'] });
    ids.set('memory', memory.id);
  });

  afterAll(async () => {
    await kai.close();
    place.remove();
  });

  it('finds all words, phrases, beginnings, and leaves out', async () => {
    await same('upload test', ['flaky', 'look', 'linux', 'secret']);
    await same('"upload test"', ['flaky', 'look']);
    await same('upload test -linux -secret', ['flaky', 'look']);
    await same('upload -"upload test" kind:message', ['linux', 'secret']);
    await same('lin*', ['linux']);
  });

  it.each<[string, string[]]>([
    ['upload from:zoe', ['look', 'linux', 'old', 'memory']],
    ['upload from:me', ['flaky', 'secret', 'fix', 'comment']],
    ['upload to:kai', ['look', 'old']],
    ['upload to:me -kind:task', ['look']],
    ['upload with:zoe kind:message', ['look', 'linux', 'secret']],
    ['upload in:general,dev', ['flaky', 'look', 'linux']],
    ['upload in:@zoe', ['secret']],
    ['upload kind:task', ['fix', 'old', 'comment']],
    ['kind:memory', ['memory']],
    ['status:doing', ['fix']],
    ['is:open', ['fix']],
    ['is:claimed', ['fix']],
    ['is:done', []],
    ['status:cancelled', ['old']],
    ['-status:cancelled kind:task', ['fix', 'comment']],
    ['priority:p0,P1', ['fix']],
    ['label:"needs review" label:bug', ['fix']],
    ['label:bug tag:storage', []],
    ['tag:storage', ['memory']],
    ['has:link', ['flaky']],
    ['has:code upload', ['linux']],
    ['has:reaction', ['flaky']],
    ['has:replies', ['flaky']],
    ['is:pinned', ['flaky']],
    ['is:reply', ['look']],
    ['is:direct', ['secret']],
    ['on:2026-03-02 upload kind:message', ['look']],
    ['before:2026-03-02 upload', ['flaky']],
    ['after:2026-03-02 upload kind:message', ['linux', 'secret']],
    ['-on:2026-03 kind:message', []],
    ['after:30h upload kind:message', ['secret']],
    ['upload is:pinned,claimed', ['flaky', 'fix']],
  ])('%s', async (q, names) => same(q, names));

  it('finds by id, short id and thread, and sorts by time', async () => {
    await same(`thread:${ids.get('look')}`, ['flaky', 'look']);
    await same(`id:${ids.get('linux')},kai-1`, ['linux', 'fix']);
    expect(await finds('upload kind:message', { sort: 'time' })).toEqual([
      'secret',
      'linux',
      'look',
      'flaky',
    ]);
    expect(await finds('kind:message in:general is:reply')).toEqual(['look']);
  });

  it('shows nobody the conversations of others, but who asks for one', async () => {
    const pip = kai.as('pip');
    await pip.messages.post('general', { text: 'me too' });
    await same('secret', [], pip);
    await same('secret', ['secret'], zoe);
    await same('is:direct', [], pip);
    const { channel } = await kai.messages.get(ids.get('secret') ?? '');
    await same(`secret in:${channel}`, ['secret'], pip);
  });

  it('says how many there are, marks what matched, and names what nothing has', async () => {
    const answer = await kai.search({ q: 'upload test', limit: 1 });
    expect(answer).toMatchObject({ match: 'all', total: 4, next: '1' });
    const [{ snippet = '', marks = [] } = {}] = answer.results;
    const marked = marks.map(([from, to]) => snippet.slice(from, to).toLowerCase());
    expect([...new Set(marked)].sort()).toEqual(['test', 'upload']);
    expect((await kai.search({ q: '"upload test"', limit: 1 })).total).toBe(2);
    expect(await kai.search({ q: 'upload zeppelin' })).toMatchObject({ match: 'any', missing: ['zeppelin'] });
    expect((await kai.search({ q: 'form:kai upload' })).notes).toEqual([
      expect.stringContaining('did you mean from:?'),
    ]);
    expect((await kai.search({ q: 'uplaod' })).notes).toEqual([
      expect.stringContaining('"uplaod" stands nowhere'),
    ]);
    expect((await kai.search({ q: 'uplaod' })).total).toBeGreaterThan(0);
    const pages: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await kai.search({ q: '"upload"', limit: 2, ...(cursor ? { cursor } : {}) });
      pages.push(...page.results.map(({ id }) => id));
      if (page.next === undefined) break;
      cursor = page.next;
    }
    expect(pages).toHaveLength(new Set(pages).size);
    expect(pages).toHaveLength((await kai.search({ q: '"upload"' })).total);
  });

  it.each([
    ['find "this', 'invalid_query', 'column 6: '],
    ['the of and', 'invalid_query', 'too common'],
    ['upload is:opne', 'invalid_query', 'column 11: "opne"'],
    ['status:finished', 'invalid_query', 'column 8: '],
    ['before:yesterday', 'invalid_query', 'column 8: '],
    ['on:2026-02-30', 'invalid_query', 'column 4: '],
    ['on:2026-01-01,2026-01-02', 'invalid_query', 'column 15: on: takes one time'],
    ['upload from:nobody', 'not_found', 'column 13: There is no member nobody'],
    ['in:nowhere', 'not_found', 'column 4: There is no channel nowhere'],
    ['thread:kai-1', 'not_found', 'column 8: '],
    ['id:kai-99', 'not_found', 'column 4: '],
  ] as const)('%s is refused', async (q, code, message) => {
    expect((await refused(kai.search({ q }), code)).message).toContain(message);
  });

  it('follows what is done: an edit, a move, a pin taken back, a redaction, a thing forgotten', async () => {
    const { id } = await zoe.messages.post('dev', { text: 'a marmot was here' });
    await same('marmot', [id]);
    await zoe.messages.edit(id, { text: 'a badger was here' });
    await same('badger is:edited', [id]);
    expect((await kai.search({ q: 'marmot' })).results).toEqual([]);
    await kai.messages.flag(ids.get('flaky') ?? '', { pinned: false });
    await same('is:pinned', []);
    await zoe.messages.redact(id);
    expect((await kai.search({ q: 'badger' })).results).toEqual([]);
    await kai.tasks.move(ids.get('fix') ?? '', { to: 'done' });
    await same('is:done', ['fix']);
    await zoe.memory.forget(ids.get('memory') ?? '');
    await same('tag:storage', []);
  });
});
