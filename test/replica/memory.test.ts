import { describe, expect, it } from 'vitest';
import { home, open, refused, reopen } from './support/open.ts';

describe('memory', () => {
  it('REP-10 under a key has one thing with versions; writing to the key writes the next', async () => {
    const at = home();
    let kai = await open(at);
    const first = await kai.memory.remember({
      key: 'deploy',
      title: 'How to deploy',
      text: 'Push the tag.',
      tags: ['ops', 'howto'],
      kind: 'procedure',
      sources: ['https://example.org'],
      expires: '2032-01-01T00:00:00.000Z',
    });
    const { similar: _, ...second } = await kai
      .as('rin')
      .memory.remember({ key: 'deploy', text: 'Push the tag twice.' });
    expect(second).toMatchObject({
      id: first.id,
      text: 'Push the tag twice.',
      title: null,
      tags: [],
      author: { handle: 'kai' },
      by: { handle: 'rin' },
    });
    expect(second.siblings).toBeUndefined();
    kai = await reopen(kai, at);
    expect(await kai.memory.get('deploy')).toEqual(second);
    expect(await kai.memory.get(first.id)).toEqual(second);
    expect((await kai.history(first.id)).items.map(({ body }) => body?.['text'])).toEqual([
      'Push the tag.',
      'Push the tag twice.',
    ]);
    await refused(kai.memory.get('other'), 'not_found');
    await refused(kai.memory.get('aaaaaaaaaaaaaaaaaaaaaaaaaa'), 'not_found');
  });

  it('without a key is a new thing each time', async () => {
    const kai = await open();
    const one = await kai.memory.remember({ text: 'same' });
    const two = await kai.memory.remember({ text: 'same' });
    expect(one.id).not.toBe(two.id);
    expect((await kai.memory.update(one.id, { text: 'changed', tags: ['t'] })).tags).toEqual(['t']);
    expect((await kai.memory.get(two.id)).text).toBe('same');
  });

  it('written at once under one new key is still one thing', async () => {
    const kai = await open();
    const made = await Promise.all(
      Array.from({ length: 10 }, (_, i) => kai.memory.remember({ key: 'k', text: `v${i}` })),
    );
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect((await kai.history('k').catch(() => kai.history(made[0]?.id ?? ''))).items).toHaveLength(10);
  });

  it('REP-3 written from one stale base keeps both versions until one that saw them', async () => {
    const kai = await open();
    const { id, base } = await kai.memory.remember({ key: 'k', text: 'one' });
    await kai.memory.remember({ key: 'k', text: 'left', base });
    const forked = await kai.as('rin').memory.update(id, { text: 'right', base });
    expect(forked.text).toBe('right');
    expect(forked.siblings?.map(({ text, by }) => [text, by.handle])).toEqual([['left', 'kai']]);
    const merged = await kai.memory.update('k', { text: 'both' });
    expect(merged.siblings).toBeUndefined();
  });

  it('supersedes others and says so on both sides', async () => {
    const kai = await open();
    const old = await kai.memory.remember({ key: 'old', text: 'old' });
    const fresh = await kai.memory.remember({ text: 'new', supersedes: ['old'] });
    expect(fresh.supersedes).toEqual([old.id]);
    expect((await kai.memory.get('old')).supersededBy).toEqual([fresh.id]);
    await kai.memory.update(fresh.id, { text: 'newer' });
    expect((await kai.memory.get('old')).supersededBy).toEqual([]);
    await refused(kai.memory.remember({ text: 'x', supersedes: ['never'] }), 'not_found');
  });

  it('REP-11 forgotten is hidden until it is written again', async () => {
    const at = home();
    let kai = await open(at);
    const { id } = await kai.memory.remember({ key: 'k', text: 'walrus facts' });
    await kai.memory.remember({ text: 'walrus kept' });
    expect(await kai.memory.forget('k')).toMatchObject({ id, forgotten: true });
    expect((await kai.memory.forget('k')).forgotten).toBe(true);
    expect((await kai.memory.list()).items.map(({ text }) => text)).toEqual(['walrus kept']);
    expect((await kai.memory.list({ forgotten: true })).items.map(({ text }) => text)).toEqual([
      'walrus facts',
    ]);
    expect((await kai.recall({ q: 'walrus' })).results).toHaveLength(1);
    kai = await reopen(kai, at);
    expect((await kai.recall({ q: 'walrus' })).results).toHaveLength(1);
    expect(await kai.memory.remember({ key: 'k', text: 'walrus again' })).toMatchObject({
      id,
      forgotten: false,
    });
    expect((await kai.memory.list()).items).toHaveLength(2);
    expect((await kai.recall({ q: 'walrus' })).results).toHaveLength(2);
  });

  it('is listed by key, tag and kind, newest first', async () => {
    const kai = await open();
    await kai.memory.remember({ text: 'a', tags: ['x'], kind: 'fact' });
    await kai.memory.remember({ text: 'b', tags: ['x', 'y'], kind: 'lesson', key: 'kb' });
    await kai.memory.remember({ text: 'c', tags: ['y'], kind: 'fact' });
    const list = async (query: Parameters<typeof kai.memory.list>[0]) =>
      (await kai.memory.list(query)).items.map(({ text }) => text).join('');
    expect(await list({})).toBe('cba');
    expect(await list({ tag: 'x' })).toBe('ba');
    expect(await list({ kind: 'fact' })).toBe('ca');
    expect(await list({ key: 'kb' })).toBe('b');
    expect(await list({ tag: 'x', kind: 'fact' })).toBe('a');
  });

  it('redacted loses the text of every version, for its author and admins', async () => {
    const kai = await open();
    const { id } = await kai.memory.remember({ key: 'k', title: 'T', text: 'hush' });
    await kai.memory.update('k', { text: 'hush hush' });
    await kai.as('rin').messages.post('general', { text: 'hi' });
    await refused(kai.as('rin').messages.redact(id), 'forbidden');
    await kai.messages.redact(id);
    expect(await kai.memory.get('k')).toMatchObject({
      text: null,
      title: null,
      removed: { by: { handle: 'kai' } },
    });
    await refused(kai.memory.update('k', { text: 'x' }), 'redacted');
    expect((await kai.recall({ q: 'hush' })).results).toEqual([]);
  });
});

describe('search', () => {
  it('REP-12 finds what is there now: after an edit, a redaction, at once and after opening again', async () => {
    const at = home();
    let kai = await open(at);
    const message = await kai.messages.post('general', { text: 'the purple elephant sings' });
    await kai.messages.post('dev', { text: 'a purple giraffe' });
    const task = await kai.tasks.create({ title: 'Feed the elephant', description: 'twice a day' });
    await kai.tasks.comment(task.id, { text: 'with purple hay' });
    await kai.memory.remember({ text: 'elephants like hay', tags: ['zoo'] });
    const kinds = async (q: string, more: object = {}) =>
      (await kai.search({ q, ...more })).results.map(({ kind }) => kind).sort();
    expect(await kinds('elephant')).toEqual(['memory', 'message', 'task']);
    expect(await kinds('purple')).toEqual(['comment', 'message', 'message']);
    expect(await kinds('purple', { channel: 'dev' })).toEqual(['message']);
    expect(await kinds('hay', { kind: 'memory' })).toEqual(['memory']);
    expect((await kai.recall({ q: 'hay', tag: 'zoo' })).results).toHaveLength(1);
    expect((await kai.recall({ q: 'hay', tag: 'farm' })).results).toHaveLength(0);
    await kai.messages.edit(message.id, { text: 'the green mouse sings' });
    expect(await kinds('elephant')).toEqual(['memory', 'task']);
    const [found] = (await kai.search({ q: 'mouse' })).results;
    expect(found).toMatchObject({ id: message.id, kind: 'message', by: { handle: 'kai' } });
    expect(found?.snippet).toContain('mouse');
    await kai.messages.redact(message.id);
    expect(await kinds('mouse')).toEqual([]);
    kai = await reopen(kai, at);
    expect(await kinds('mouse')).toEqual([]);
    expect(await kinds('elephant')).toEqual(['memory', 'task']);
    expect((await kai.search({ q: 'elephant' })).behind).toBe(0);
  });

  it('gives every result once over its pages', async () => {
    const kai = await open();
    for (let i = 0; i < 25; i++) await kai.messages.post('general', { text: `needle number ${i}` });
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const answer = await kai.search({ q: 'needle', limit: 7, ...(cursor === undefined ? {} : { cursor }) });
      ids.push(...answer.results.map(({ id }) => id));
      cursor = answer.next;
    } while (cursor !== undefined);
    expect(ids).toHaveLength(25);
    expect(new Set(ids).size).toBe(25);
    await refused(kai.search({ q: 'needle', cursor: 'x' }), 'invalid');
    await refused(kai.search({ q: '' }), 'invalid');
    await refused(kai.search({ q: 'needle', channel: 'none' }), 'not_found');
  });
});
