import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { freshClientID, openLogDocument } from '../../src/log/index.ts';
import { keys, type OperationRow, type SegmentRow, under } from '../../src/replica/commit/rows.ts';
import { chained, keyOf, type Memory, memory, rowsUnder } from './support/memory.ts';
import { allOf, healthy, refused } from './support/open.ts';

/** Opens, posts `count` messages and closes. Returns the name of the channel's log. */
async function filled(disk: Memory, count: number): Promise<string> {
  const kai = await disk.open();
  await Promise.all(
    Array.from({ length: count }, (_, i) => kai.messages.post('general', { text: `before ${i}` })),
  );
  const { id } = await kai.channels.get('general');
  return `channel.${id}`;
}

/** The replica writes and reads on, nothing is lost, no chain forks, and the doctor finds nothing. */
async function goesOn(disk: Memory, count: number): Promise<void> {
  const kai = await disk.open();
  const before = (await rowsUnder<OperationRow>(disk.store, 'op/')).map(([key]) => key);
  for (let i = 0; i < 12; i++) await kai.messages.post('general', { text: `after ${i}` });
  const after = new Set((await rowsUnder<OperationRow>(disk.store, 'op/')).map(([key]) => key));
  expect(before.filter((key) => !after.has(key))).toEqual([]);
  expect(after.size).toBe(before.length + 12);
  expect(await allOf((page) => kai.messages.list('general', page))).toHaveLength(count + 12);
  await chained(disk.store);
  await healthy(kai);
  // And without what is in memory.
  await healthy(await disk.open());
}

it('STO-15 a hidden checkpoint leaves the stored document whole', async () => {
  const disk = memory();
  const log = await filled(disk, 30);
  await (await disk.open()).compact();
  const document = `log/${log}/1`;
  const stored = async (): Promise<number> =>
    openLogDocument({
      clientID: freshClientID(randomBytes),
      state: [(await disk.documents.read(document)) ?? new Uint8Array()],
    }).size;
  expect(await stored()).toBe(30);
  disk.store.faults.hide(keys.checkpoint(document));
  const kai = await disk.open();
  await kai.messages.post('general', { text: 'after' });
  await kai.compact();
  expect(await stored()).toBe(31);
  expect(await disk.store.list(under('rec/'))).toEqual([]);
  await goesOn(disk, 31);
});

it('STO-15 a hidden head forks no chain', async () => {
  const disk = memory();
  const log = await filled(disk, 5);
  disk.store.faults.hide(await keyOf(disk.store, 'v/head/', log));
  await goesOn(disk, 5);
});

it('STO-15 a hidden segment is not begun again', async () => {
  const disk = memory();
  const log = await filled(disk, 1010);
  const segment = async () => (await rowsUnder<SegmentRow>(disk.store, keys.segment(log)))[0]?.[1];
  const before = await segment();
  expect(before?.n).toBe(2);
  disk.store.faults.hide(keys.segment(log));
  const digest = (await (await disk.open()).status()).digest;
  await goesOn(disk, 1010);
  expect(await segment()).toMatchObject({ n: 2, operations: (before?.operations ?? 0) + 12 });
  expect(digest).not.toBe((await (await disk.open()).status()).digest);
});

it('STO-15 a hidden count of records overwrites no record', async () => {
  const disk = memory();
  const kai = await disk.open();
  for (let i = 0; i < 12; i++) await kai.messages.post('general', { text: `before ${i}` });
  const before = await disk.store.list(under('rec/'));
  expect(before.length).toBeGreaterThan(12);
  disk.store.faults.hide(keys.meta('record'));
  await goesOn(disk, 12);
  const after = new Map(await disk.store.list(under('rec/')));
  for (const [key, update] of before) expect(after.get(key), key).toEqual(update);
});

it('STO-15 a hidden workspace is not made a second time', async () => {
  const disk = memory();
  await filled(disk, 5);
  const { id, workspace, member } = await disk.open();
  const members = async () =>
    (await rowsUnder<OperationRow>(disk.store, 'op/')).filter(([, { header }]) => header.log === 'members')
      .length;
  const before = await members();
  disk.store.faults.hide(keys.meta('workspace'));
  const kai = await disk.open();
  expect({ id: kai.id, workspace: kai.workspace, member: kai.member }).toEqual({ id, workspace, member });
  await goesOn(disk, 5);
  expect(await members()).toBe(before);
});

it.each(['counters', 'views', 'epoch'])('STO-15 a hidden row of %s begins nothing anew', async (name) => {
  const disk = memory();
  await filled(disk, 5);
  const { cursor, counts } = await (await disk.open()).status();
  disk.store.faults.hide(keys.meta(name));
  expect(await (await disk.open()).status()).toMatchObject({ cursor, counts });
  await goesOn(disk, 5);
});

it('STO-15 a hidden idempotency key makes nothing twice', async () => {
  const disk = memory();
  const kai = await disk.open();
  const first = await kai.messages.post('general', { text: 'once' }, { key: 'k' });
  disk.store.faults.hide(await keyOf(disk.store, 'key/', ''));
  const again = await disk.open();
  expect((await again.messages.post('general', { text: 'once' }, { key: 'k' })).id).toBe(first.id);
  await refused(again.messages.post('general', { text: 'other' }, { key: 'k' }), 'key_reused');
  await goesOn(disk, 1);
});

it('STO-15 a hidden state is neither written beside nor written over', async () => {
  const disk = memory();
  const kai = await disk.open();
  const edited = await kai.messages.post('general', { text: 'a' });
  await kai.messages.edit(edited.id, { text: 'b' });
  const removed = await kai.messages.post('general', { text: 'c' });
  await kai.messages.redact(removed.id);
  const task = await kai.tasks.create({ title: 'd' });
  await kai.as('rin').tasks.claim(task.id);
  for (const { id } of [edited, removed, task]) disk.store.faults.hide(keys.state(id));
  const again = await disk.open();
  const after = await again.messages.edit(edited.id, { text: 'e' });
  expect(after).toMatchObject({ text: 'e', edits: { count: 2 } });
  expect(after.siblings).toBeUndefined();
  await refused(again.messages.edit(removed.id, { text: 'f' }), 'redacted');
  await refused(again.tasks.claim(task.id), 'held');
  await goesOn(disk, 2);
});
