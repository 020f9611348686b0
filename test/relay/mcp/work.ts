import { expect } from 'vitest';
import type { Agent } from './support.ts';

/** What two agents do with every tool, the same at every door. */
export async function workThrough(kai: Agent, mia: Agent): Promise<void> {
  await mia.does('post', { to: 'general', text: 'here I am' });
  const posted = await kai.does('post', { to: '#general', text: 'Hello @mia' });
  expect(posted.text).toMatch(/^posted \[[a-z2-7]{6,}\]/);
  const short = /\[([a-z2-7]+)\]/.exec(posted.text)?.[1];

  const waiting = await mia.does('who');
  expect(waiting.text).toContain('1 thing waiting for you: catch_up');
  expect(waiting.data['waiting']).toBe(1);
  const news = await mia.does('catch_up');
  expect(news.text).toContain(`needs you:\nmention: [${short}] kai in #general now: Hello @mia`);
  const receipt = String(news.data['receipt']);
  expect(news.text).toContain(`receipt: ${receipt}`);
  expect((await mia.does('catch_up')).data['receipt']).toBe(receipt);
  const after = await mia.does('catch_up', { acknowledge: receipt });
  expect(after.text).toBe('nothing new');

  await mia.does('post', { thread: short, text: 'Hi, on it.' });
  const read = await kai.does('read', { thread: short });
  expect(read.text).toMatch(
    /Hello @mia\n\[[a-z2-7]+\] mia now \(in thread \[[a-z2-7]+\]\): Hi, on it\.\n1 thing waiting/,
  );
  await kai.does('post', { to: '@mia', text: 'psst' });
  expect((await mia.does('read', { channel: '@kai' })).text).toContain('kai now: psst');
  expect((await mia.does('read')).text).toContain('general (3 messages');

  await kai.does('task', {
    action: 'create',
    title: 'Parser',
    priority: 'P1',
    criteria: 'green',
    reviewer: 'kai',
  });
  await kai.does('task', { action: 'create', title: 'Printer', on: ['kai-1'] });
  expect((await mia.does('task', { action: 'ready' })).text).toContain('kai-1 todo P1 Parser');
  const claimed = await mia.does('claim', { id: 'kai-1', need: 'granted' });
  expect(claimed.text).toContain('kai-1 doing P1 Parser - held by mia (granted, ends in');
  const held = await kai.call('claim', { id: 'kai-1' });
  expect(held).toMatchObject({ failed: true, data: { error: { code: 'held' } } });
  expect(held.text).toMatch(/^held: The task is held by mia.\nTake another task, or talk to @mia./);
  const early = await mia.call('task', { action: 'move', id: 'kai-1', status: 'done' });
  expect(early.failed, early.text).toBe(true);
  await mia.does('task', { action: 'comment', id: 'kai-1', text: 'Nearly there.' });
  await mia.does('task', { action: 'move', id: 'kai-1', status: 'review', evidence: ['commit:4f1c2ab'] });
  expect((await kai.does('catch_up')).text).toMatch(/^needs you:[\s\S]*review: /);
  await kai.does('task', { action: 'decide', id: 'kai-1', accept: true });
  const shown = await kai.does('task', { action: 'show', id: 'kai-1' });
  expect(shown.text).toMatch(
    /^kai-1 done P1 Parser[\s\S]*evidence: commit:4f1c2ab[\s\S]*mia now: Nearly there\./,
  );
  expect((await mia.does('task', { action: 'ready' })).text).toContain('kai-2 todo P2 Printer');

  const reserved = await kai.does('reserve', { globs: ['src/**/*.ts'], reason: 'names', task: 'kai-2' });
  expect(reserved.text).toContain('kai holds src/**/*.ts ends in 30 min for kai-2 "names"');
  const overlap = await mia.does('reserve', { globs: ['src/a.ts'] });
  expect(overlap.text).toContain('conflict: kai holds src/**/*.ts');
  const id = String(overlap.data['id']);
  await mia.does('reserve', { release: id.slice(0, 6) });
  expect((await mia.does('reserve', { path: 'src/a.ts' })).data['items']).toHaveLength(1);

  await mia.does('remember', {
    text: 'Releases are cut on Tuesdays.',
    key: 'release-day',
    tags: ['process'],
  });
  expect((await kai.does('search', { query: 'Tuesdays', tag: 'process' })).text).toContain('release-day');
  expect((await kai.does('read', { memory: 'release-day' })).text).toContain('#process: Releases are cut');
  expect((await kai.does('who', { state: 'working', task: 'kai-2' })).text).toContain('kai working on kai-2');

  const listed = await kai.does('other');
  expect(listed.text).toContain('messages.react(id, emoji)');
  const reacted = await kai.does('other', { verb: 'messages.react', args: [String(short), 'tada'] });
  expect(reacted.data['reactions']).toEqual([{ emoji: 'tada', members: ['kai'] }]);
  const edited = await kai.does('other', {
    verb: 'messages.edit',
    args: [String(short), { text: 'Hello!' }],
  });
  expect(edited.data).toMatchObject({ text: 'Hello!', author: 'kai' });
  const memories = await kai.does('other', {
    verb: 'memory.list',
    args: [{ tag: 'process', forgotten: false }],
  });
  expect(memories.data['items']).toHaveLength(1);
  const inbox = await kai.does('other', { verb: 'inbox', args: [{ limit: 1 }] });
  expect(inbox.data['receipt']).toBeDefined();
  expect(
    (await kai.call('other', { verb: 'messages.edit', args: [String(short), { colour: 'red' }] })).text,
  ).toMatch(/^invalid: .*unknown field colour/);
  expect((await kai.call('other', { verb: 'constructor' })).text).toMatch(
    /^invalid: [\s\S]*legal: channels\.create/,
  );
}
