import { expect, it } from 'vitest';
import type { ErrorCode } from '../../schemas/index.ts';
import { open, refused } from './support/open.ts';

it('REP-25 bad input is refused with a code at the TypeScript door, and nothing is written', async () => {
  const kai = await open();
  const rin = kai.as('rin');
  const message = await kai.messages.post('general', { text: 'm' });
  const task = await kai.tasks.create({ title: 't' });
  const memory = await kai.memory.remember({ key: 'k', text: 'f' });
  const none = 'aaaaaaaaaaaaaaaaaaaaaaaaaa';
  const before = (await kai.status()).counts;
  const any = (value: unknown) => value as never;
  const calls: [ErrorCode, () => Promise<unknown>][] = [
    ['invalid', () => rin.messages.post('general', any({ text: 'x', color: 'red' }))],
    ['invalid', () => rin.messages.post('general', any({ text: 5 }))],
    ['invalid', () => rin.messages.post('general', any({}))],
    ['invalid', () => rin.messages.post('general', any(undefined))],
    ['invalid', () => rin.messages.post('general', any(null))],
    ['invalid', () => rin.messages.post('general', { text: ' \n\t ' })],
    ['invalid', () => rin.messages.post('general', { text: 'a \ud800 b' })],
    ['too_large', () => rin.messages.post('general', { text: 'é'.repeat(32_769) })],
    ['invalid', () => rin.messages.post('general', { text: 'x', hops: -1 })],
    ['invalid', () => rin.messages.post('general', { text: 'x', files: [{ name: 'a', url: 'nowhere' }] })],
    ['not_found', () => rin.messages.post('nowhere', { text: 'x' })],
    ['not_found', () => rin.messages.post('', { text: 'x' })],
    ['not_found', () => rin.messages.post('general', { text: 'x', thread: none })],
    ['not_found', () => rin.messages.get(none)],
    ['not_found', () => rin.messages.get(task.id)],
    ['not_found', () => rin.messages.edit(none, { text: 'x' })],
    ['not_found', () => rin.messages.redact(none)],
    ['not_found', () => rin.messages.react(none, 'x')],
    ['invalid', () => rin.messages.react(message.id, 'two words')],
    ['invalid', () => rin.messages.react(message.id, '')],
    ['invalid', () => kai.messages.edit(message.id, { text: '' })],
    ['invalid', () => kai.messages.edit(message.id, { text: 'x', base: [none] })],
    ['invalid', () => kai.messages.edit(message.id, { text: 'x', base: task.base })],
    ['too_large', () => kai.messages.edit(message.id, { text: 'x'.repeat(65_537) })],
    ['invalid', () => rin.channels.create({ name: 'Not A Name' })],
    ['invalid', () => rin.channels.create({ name: 'x'.repeat(65) })],
    ['not_found', () => rin.channels.update('nowhere', { topic: 'x' })],
    ['invalid', () => rin.tasks.create({ title: '' })],
    ['invalid', () => rin.tasks.create({ title: 'two\nlines' })],
    ['too_large', () => rin.tasks.create({ title: 'x'.repeat(1025) })],
    ['too_large', () => rin.tasks.create({ title: 'x', description: 'x'.repeat(65_537) })],
    ['invalid', () => rin.tasks.create(any({ title: 'x', priority: 'P9' }))],
    ['invalid', () => rin.tasks.create({ title: 'x', due: 'tomorrow' })],
    ['not_found', () => rin.tasks.create({ title: 'x', assignee: 'nobody' })],
    ['invalid', () => rin.tasks.move(task.id, any({ to: 'nowhere' }))],
    ['not_found', () => rin.tasks.move('kai-77', { to: 'done' })],
    ['not_found', () => rin.tasks.claim(none)],
    ['invalid', () => rin.tasks.link(task.id, any({ kind: 'eats', to: task.id }))],
    ['invalid', () => rin.tasks.comment(task.id, { text: '' })],
    ['invalid', () => rin.memory.remember({ text: '' })],
    ['invalid', () => rin.memory.remember({ text: 'x', key: '' })],
    ['invalid', () => rin.memory.remember({ text: 'x', key: '\ud800' })],
    ['invalid', () => rin.memory.remember(any({ text: 'x', tags: 'tag' }))],
    ['not_found', () => rin.memory.update('none', { text: 'x' })],
    ['not_found', () => rin.memory.forget(none)],
    ['invalid', () => rin.members.update({ handle: 'Not A Handle' })],
    ['invalid', () => rin.members.update({ name: '' })],
    ['not_found', () => rin.members.get('nobody')],
    ['invalid', () => rin.acknowledge(any({ receipt: 5 }))],
    ['invalid', () => rin.catchUp({ budget: 1 })],
    ['invalid', () => rin.search(any({ q: 'x', kind: 'person' }))],
    ['not_found', () => rin.history('kai-77')],
    ['not_found', () => rin.history(none)],
  ];
  for (const [code, call] of calls) {
    await refused((async () => call())(), code).catch((error: unknown) => {
      throw new Error(`${String(call)}: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
  expect(() => kai.as('Not A Handle')).toThrow(/handle/);
  expect((await kai.status()).counts).toEqual(before);
  expect((await kai.messages.post('general', { text: 'é'.repeat(32_768) })).text).toHaveLength(32_768);
  expect((await kai.memory.get('k')).id).toBe(memory.id);
});

it('REP-25 a reference that no key can hold is not found, and no failure of another kind', async () => {
  const kai = await open();
  for (const ref of ['\u0000', 'a/b', '../x', 'x'.repeat(5000), '\u{10ffff}', 'general/']) {
    await refused(kai.channels.get(ref), 'not_found');
    await refused(kai.tasks.get(ref), 'not_found');
    await refused(kai.messages.get(ref), 'not_found');
    await refused(kai.members.get(ref), 'not_found');
    await refused(kai.memory.get(ref), 'not_found');
    await refused(kai.history(ref), 'not_found');
  }
});

it('REP-25 a page that is none is refused', async () => {
  const kai = await open();
  await kai.tasks.create({ title: 't' });
  for (const limit of [0, -1, 1.5, Number.NaN, 'x' as never]) {
    await refused(kai.tasks.list({ limit }), 'invalid');
    await refused(kai.messages.list('general', { limit }), 'invalid');
    await refused(kai.activity({ limit }), 'invalid');
  }
});
