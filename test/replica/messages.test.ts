import { describe, expect, it } from 'vitest';
import { allOf, home, open, refused, reopen } from './support/open.ts';

describe('channels', () => {
  it('REP-1 five channels are there before anyone wrote', async () => {
    const kai = await open();
    const { items } = await kai.channels.list();
    expect(items.map(({ name }) => name)).toEqual(['decisions', 'dev', 'general', 'problems', 'shipping']);
    expect(items.every(({ messages, archived }) => messages === 0 && !archived)).toBe(true);
    expect((await kai.channels.get('#general')).id).toBe((await kai.channels.get('general')).id);
  });

  it('are made, renamed, described, archived and brought back, and stay so', async () => {
    const at = home();
    let kai = await open(at);
    const made = await kai.channels.create({ name: 'ops', topic: 'Running things' });
    expect(made).toMatchObject({ name: 'ops', topic: 'Running things', archived: false, messages: 0 });
    await refused(kai.channels.create({ name: 'ops' }), 'exists');
    await refused(kai.channels.create({ name: 'general' }), 'exists');
    await refused(kai.channels.update('ops', { name: 'dev' }), 'exists');
    await kai.messages.post('ops', { text: 'first' });
    const renamed = await kai.channels.update('ops', { name: 'operations', topic: 'All of it' });
    expect(renamed).toMatchObject({ id: made.id, name: 'operations', topic: 'All of it', messages: 1 });
    await refused(kai.channels.get('ops'), 'not_found');
    await kai.channels.update('general', { topic: 'Hello' });
    await kai.channels.update('operations', { archived: true });
    await refused(kai.messages.post('operations', { text: 'late' }), 'archived');
    expect((await kai.channels.list()).items.map(({ name }) => name)).not.toContain('operations');
    expect((await kai.channels.list({ archived: true })).items.map(({ name }) => name)).toEqual([
      'operations',
    ]);

    kai = await reopen(kai, at);
    expect(await kai.channels.get('operations')).toMatchObject({ id: made.id, archived: true, messages: 1 });
    expect((await kai.channels.get('general')).topic).toBe('Hello');
    await kai.channels.update('operations', { archived: false });
    await kai.messages.post('operations', { text: 'back' });
    expect((await kai.channels.get('operations')).messages).toBe(2);
    await kai.channels.create({ name: 'ops' });
    expect((await kai.channels.list()).items).toHaveLength(7);
  });

  it('written to from one stale base show both values to both writers', async () => {
    const kai = await open();
    const rin = kai.as('rin');
    const { base } = await kai.channels.update('dev', { topic: 'one' });
    await kai.channels.update('dev', { topic: 'two', base });
    const channel = await rin.channels.update('dev', { topic: 'three', base });
    expect(channel.siblings?.['topic']?.map(({ value, by }) => [value, by.handle])).toEqual([
      ['three', 'rin'],
      ['two', 'kai'],
    ]);
    expect((await kai.channels.update('dev', { topic: 'four' })).siblings).toBeUndefined();
  });
});

describe('messages', () => {
  it('are answered as they were posted, and read back the same after opening again', async () => {
    const at = home();
    let kai = await open(at);
    const posted = await kai.messages.post('general', {
      text: 'Grüße 👋\n\n```ts\nconst a = 1;\n```',
      files: [{ name: 'plan.pdf', url: 'https://example.org/plan.pdf', bytes: 12 }],
    });
    expect(posted).toMatchObject({
      author: { handle: 'kai' },
      text: 'Grüße 👋\n\n```ts\nconst a = 1;\n```',
      files: [{ name: 'plan.pdf', url: 'https://example.org/plan.pdf', bytes: 12 }],
    });
    expect(posted.channel).toBe((await kai.channels.get('general')).id);
    kai = await reopen(kai, at);
    expect(await kai.messages.get(posted.id)).toEqual(posted);
    expect((await kai.messages.list('general')).items).toEqual([posted]);
  });

  it('answer each other in one thread, by its first message or any reply', async () => {
    const kai = await open();
    const rin = kai.as('rin');
    const root = await kai.messages.post('dev', { text: 'root' });
    const first = await rin.messages.post('dev', { text: 'first', thread: root.id });
    const second = await kai.messages.post('dev', { text: 'second', thread: first.id });
    expect(first).toMatchObject({ thread: root.id });
    expect(first.answers).toBeUndefined();
    expect(second).toMatchObject({ thread: root.id, answers: first.id });
    for (const id of [root.id, first.id, second.id]) {
      const thread = await kai.messages.thread(id);
      expect(thread.root.id).toBe(root.id);
      expect(thread.items.map(({ text }) => text)).toEqual(['first', 'second']);
    }
    expect((await kai.messages.get(root.id)).replies).toBe(2);
    await refused(kai.messages.post('general', { text: 'x', thread: root.id }), 'invalid');
    await refused(kai.messages.post('dev', { text: 'x', thread: 'aaaaaaaaaaaaaaaaaaaaaaaaaa' }), 'not_found');
  });

  it('call members outside code, once each, and never a stranger', async () => {
    const kai = await open();
    const rin = kai.as('rin');
    await rin.messages.post('general', { text: 'here I am' });
    await kai.as('pip').messages.post('general', { text: 'me too' });
    const message = await kai.messages.post('general', {
      text: 'hey @rin, @RIN and @nobody; `@pip` is code\n```\n@pip\n```\nmail kai@pip.example @here',
    });
    expect(message.mentions?.map(({ handle }) => handle)).toContain('rin');
    expect(message.mentions?.map(({ handle }) => handle)).not.toContain('pip');
    expect(message.mentions).toHaveLength(2);
  });

  it('refer to the tasks that they name by short id', async () => {
    const kai = await open();
    const task = await kai.tasks.create({ title: 'Ship it' });
    const message = await kai.messages.post('dev', {
      text: `see ${task.short}, not kai-99 and not \`${task.short}\``,
    });
    expect(message.references).toEqual([{ kind: 'task', id: task.id }]);
  });

  it('REP-2 are edited by their author only, with every version kept', async () => {
    const kai = await open();
    const rin = kai.as('rin');
    const message = await kai.messages.post('general', { text: 'one' });
    await rin.messages.post('general', { text: 'hello' });
    await refused(rin.messages.edit(message.id, { text: 'mine now' }), 'forbidden');
    await kai.messages.edit(message.id, { text: 'two' });
    const edited = await kai.messages.edit(message.id, { text: 'three @rin' });
    expect(edited).toMatchObject({ text: 'three @rin', edits: { count: 2 } });
    expect(edited.mentions?.map(({ handle }) => handle)).toEqual(['rin']);
    const { items } = await kai.history(message.id);
    expect(items.map(({ type, body, state }) => [type, body?.['text'], state])).toEqual([
      ['message.create', 'one', 'counted'],
      ['message.edit', 'two', 'counted'],
      ['message.edit', 'three @rin', 'counted'],
    ]);
  });

  it('REP-3 edited twice from one base show both texts until an edit saw both', async () => {
    const at = home();
    let kai = await open(at);
    const { id, base } = await kai.messages.post('general', { text: 'one' });
    await kai.messages.edit(id, { text: 'left', base });
    const forked = await kai.messages.edit(id, { text: 'right', base });
    expect(forked.siblings?.['text']?.map(({ value }) => value)).toEqual(['right', 'left']);
    expect(forked.text).toBe('right');
    expect(forked.base).toHaveLength(2);
    kai = await reopen(kai, at);
    expect(await kai.messages.get(id)).toEqual(forked);
    const merged = await kai.messages.edit(id, { text: 'both', base: forked.base });
    expect(merged.siblings).toBeUndefined();
    expect(merged).toMatchObject({ text: 'both', edits: { count: 3 } });
  });

  it('take reactions once a member and emoji, and give them back', async () => {
    const kai = await open();
    const rin = kai.as('rin');
    const { id } = await kai.messages.post('general', { text: 'look' });
    await rin.messages.react(id, '👍');
    await rin.messages.react(id, '👍');
    await kai.messages.react(id, 'tada');
    const reacted = await kai.messages.react(id, '👍');
    expect(
      reacted.reactions
        ?.map(({ emoji, members }) => [emoji, members.map(({ handle }) => handle).sort()])
        .sort(),
    ).toEqual([
      ['tada', ['kai']],
      ['👍', ['kai', 'rin']],
    ]);
    await rin.messages.unreact(id, '👍');
    await rin.messages.unreact(id, 'never');
    expect((await kai.messages.unreact(id, 'tada')).reactions).toEqual([
      { emoji: '👍', members: [expect.objectContaining({ handle: 'kai' })] },
    ]);
    expect((await kai.history(id)).items).toHaveLength(6);
  });

  it('are pinned, and threads are resolved and reopened', async () => {
    const kai = await open();
    const { id } = await kai.messages.post('general', { text: 'keep' });
    expect(await kai.messages.flag(id, { pinned: true, resolved: true })).toMatchObject({
      pinned: true,
      resolved: true,
    });
    const open1 = await kai.messages.flag(id, { resolved: false });
    expect(open1.pinned).toBe(true);
    expect(open1.resolved).toBeUndefined();
    expect((await kai.messages.flag(id, { pinned: false })).pinned).toBeUndefined();
    const before = (await kai.status()).counts.operations;
    await kai.messages.flag(id, { pinned: false });
    expect((await kai.status()).counts.operations).toBe(before);
  });

  it('REP-4 lose their text to their author and to an admin, and to nobody else', async () => {
    const kai = await open();
    const rin = kai.as('rin');
    const message = await kai.messages.post('general', { text: 'secret' });
    const edited = await kai.messages.edit(message.id, { text: 'still secret' });
    await rin.messages.post('general', { text: 'hello' });
    await refused(rin.messages.redact(message.id), 'forbidden');
    expect((await kai.messages.get(message.id)).text).toBe('still secret');
    const removal = await kai.messages.redact(message.id, { reason: 'a password' });
    expect(removal.id).toBe(message.id);
    const gone = await rin.messages.get(message.id);
    expect(gone).toMatchObject({ text: null, removed: { by: { handle: 'kai' } } });
    expect(JSON.stringify(await kai.history(message.id))).not.toContain('secret');
    expect((await kai.history(message.id)).items.map(({ removed }) => removed ?? false)).toEqual([
      true,
      true,
      false,
    ]);
    expect((await kai.messages.redact(message.id)).operation).toBe(removal.operation);
    await refused(kai.messages.edit(message.id, { text: 'again', base: edited.base }), 'redacted');
    expect((await kai.messages.list('general')).items).toHaveLength(2);
  });

  it('are listed newest first or oldest first, within a time, each once', async () => {
    let now = Date.UTC(2030, 0, 1);
    const kai = await open(home(), {}, { now: () => now });
    const times: string[] = [];
    for (let i = 0; i < 10; i++) {
      now += 60_000;
      times.push(new Date(now).toISOString());
      await kai.messages.post('general', { text: String(i) });
    }
    const texts = async (query: Parameters<typeof kai.messages.list>[1]) =>
      (await kai.messages.list('general', query)).items.map(({ text }) => text).join('');
    expect(await texts({})).toBe('9876543210');
    expect(await texts({ order: 'oldest' })).toBe('0123456789');
    expect(await texts({ order: 'oldest', since: times[3] })).toBe('3456789');
    expect(await texts({ order: 'oldest', until: times[3] })).toBe('012');
    expect(await texts({ since: times[2], until: times[5] })).toBe('432');
    const paged = await allOf((page) => kai.messages.list('general', { ...page, order: 'oldest' }), 3);
    expect(paged.map(({ text }) => text).join('')).toBe('0123456789');
    expect(await texts({ since: '1980-01-01T00:00:00.000Z', order: 'oldest', limit: 2 })).toBe('01');
  });

  it('a reply is never shown before what it answers, whatever the clock did', async () => {
    let now = Date.UTC(2030, 0, 2);
    const at = home();
    let kai = await open(at, {}, { now: () => now });
    const root = await kai.messages.post('general', { text: 'root' });
    now -= 86_400_000;
    const reply = await kai.messages.post('general', { text: 'reply', thread: root.id });
    await kai.close();
    kai = await open(at, {}, { now: () => now });
    const late = await kai.messages.post('general', { text: 'late', thread: reply.id });
    const { items } = await kai.messages.list('general', { order: 'oldest' });
    expect(items.map(({ id }) => id)).toEqual([root.id, reply.id, late.id]);
  });
});

describe('REP-5 an idempotency key', () => {
  it('answers a repeat with the first, also after opening again', async () => {
    const at = home();
    let kai = await open(at);
    const first = await kai.messages.post('general', { text: 'once' }, { key: 'k1' });
    expect((await kai.messages.post('general', { text: 'once' }, { key: 'k1' })).id).toBe(first.id);
    kai = await reopen(kai, at);
    expect((await kai.messages.post('general', { text: 'once' }, { key: 'k1' })).id).toBe(first.id);
    expect((await kai.messages.list('general')).items).toHaveLength(1);
    expect((await kai.messages.get(first.id)).aliases).toBeUndefined();
  });

  it('with another request is refused and names the first', async () => {
    const at = home();
    let kai = await open(at);
    const first = await kai.messages.post('general', { text: 'once' }, { key: 'k1' });
    expect(
      (await refused(kai.messages.post('general', { text: 'twice' }, { key: 'k1' }), 'key_reused')).legal,
    ).toEqual([first.id]);
    await refused(kai.messages.post('dev', { text: 'once' }, { key: 'k1' }), 'key_reused');
    await refused(kai.tasks.create({ title: 'once' }, { key: 'k1' }), 'key_reused');
    kai = await reopen(kai, at);
    await refused(kai.messages.post('general', { text: 'twice' }, { key: 'k1' }), 'key_reused');
    expect((await kai.messages.list('general')).items).toHaveLength(1);
  });

  it('belongs to a member: another one may use the same', async () => {
    const kai = await open();
    const mine = await kai.messages.post('general', { text: 'hi' }, { key: 'k' });
    const other = await kai.as('rin').messages.post('general', { text: 'hi' }, { key: 'k' });
    expect(other.id).not.toBe(mine.id);
  });

  it('REP-23 sent many times at once makes one message, and every answer is stored', async () => {
    const at = home();
    let kai = await open(at);
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => kai.messages.post('general', { text: 'once' }, { key: 'same' })),
    );
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    kai = await reopen(kai, at);
    expect((await kai.messages.list('general')).items).toHaveLength(1);
  });

  it('serves every verb that writes', async () => {
    const kai = await open();
    const message = await kai.messages.post('general', { text: 'm' });
    const task = await kai.tasks.create({ title: 't' });
    const memory = await kai.memory.remember({ text: 'fact' });
    const twice = async (work: (options: { key: string }) => Promise<unknown>, name: string) => {
      await work({ key: name });
      const { operations } = (await kai.status()).counts;
      await work({ key: name });
      expect((await kai.status()).counts.operations, name).toBe(operations);
    };
    await twice((o) => kai.channels.create({ name: 'new' }, o), 'a');
    await twice((o) => kai.channels.update('new', { topic: 'x' }, o), 'b');
    await twice((o) => kai.messages.edit(message.id, { text: 'n' }, o), 'c');
    await twice((o) => kai.messages.react(message.id, 'x', o), 'd');
    await twice((o) => kai.messages.flag(message.id, { pinned: true }, o), 'e');
    await twice((o) => kai.tasks.update(task.id, { title: 'u' }, o), 'f');
    await twice((o) => kai.tasks.move(task.id, { to: 'blocked', reason: 'why' }, o), 'g');
    await twice((o) => kai.tasks.claim(task.id, {}, o), 'h');
    await twice((o) => kai.tasks.release(task.id, {}, o), 'i');
    await twice((o) => kai.tasks.comment(task.id, { text: 'c' }, o), 'j');
    await twice((o) => kai.memory.update(memory.id, { text: 'g' }, o), 'k');
    await twice((o) => kai.memory.forget(memory.id, o), 'l');
    await twice((o) => kai.memory.remember({ text: 'h', key: 'kk' }, o), 'm');
    await twice((o) => kai.members.update({ name: 'Kai K' }, o), 'n');
    await twice((o) => kai.messages.redact(message.id, {}, o), 'o');
    await refused(kai.tasks.move(task.id, { to: 'todo' }, { key: 'g' }), 'key_reused');
    await refused(kai.messages.post('general', { text: 'x' }, { key: '' }), 'invalid');
    await refused(kai.messages.post('general', { text: 'x' }, { key: 'k'.repeat(257) }), 'invalid');
    await refused(kai.messages.post('general', { text: 'x' }, { key: '\ud800' }), 'invalid');
  });
});
