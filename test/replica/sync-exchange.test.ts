import { describe, expect, it } from 'vitest';
import { healthy } from './support/open.ts';
import { documentsOf, equal, meet, peers, pull, session } from './sync/support.ts';

describe('two replicas', () => {
  it('REP-26 that exchange updates by hand end equal', async () => {
    const [ana, bo] = await peers(['ana', 'bo']);
    if (!ana || !bo) throw new Error('no peers');
    const hello = await ana.replica.messages.post('general', { text: 'hello' });
    const task = await ana.replica.tasks.create({ title: 'a task', description: 'long' });
    await meet(ana, bo);
    expect((await bo.replica.messages.get(hello.id)).text).toBe('hello');
    const reply = await bo.replica.messages.post('general', { text: 'hi @ana', thread: hello.id });
    await bo.replica.messages.react(hello.id, '👍');
    await bo.replica.tasks.claim(task.id);
    await ana.replica.messages.edit(hello.id, { text: 'hello all' });
    await ana.replica.memory.remember({ text: 'we met', key: 'met' });
    await bo.replica.memory.remember({ text: 'we met twice', key: 'met' });
    await meet(ana, bo);
    await equal(ana, bo);
    expect((await ana.replica.messages.thread(hello.id)).items.map(({ id }) => id)).toContain(reply.id);
    expect((await ana.replica.tasks.get(task.id)).claim?.by).toMatchObject({ handle: 'bo' });
    await healthy(ana.replica);
    await healthy(bo.replica);
    await ana.reopen();
    await bo.reopen();
    await equal(ana, bo);
  });

  it('REP-26 hear each update once, in the order of the journal', async () => {
    const [ana, bo] = await peers(['ana', 'bo']);
    if (!ana || !bo) throw new Error('no peers');
    // What it wrote while it opened was heard by nobody.
    await pull(ana, bo);
    for (let i = 0; i < 5; i++) await ana.replica.messages.post('general', { text: `${i}` });
    const by = session();
    for (const { document, update } of ana.updates) {
      expect(await bo.source.receive(document, update, by)).toMatchObject({ ok: true, parked: 0 });
      const before = bo.updates.length;
      expect(await bo.source.receive(document, update, by)).toMatchObject({ ok: true, keys: [] });
      expect(bo.updates.length).toBe(before);
    }
    expect(bo.updates.filter(({ origin }) => origin === by).length).toBeGreaterThan(0);
    await meet(ana, bo);
    await equal(ana, bo);
  });
});

it('REP-26 a fresh replica takes in everything, newest segments first', async () => {
  const [ana] = await peers(['ana']);
  if (!ana) throw new Error('no peer');
  await Promise.all(
    Array.from({ length: 2300 }, (_, i) => ana.replica.messages.post('general', { text: `m${i}` })),
  );
  const [bo] = await peers(['bo'], undefined, ana.at.root);
  if (!bo) throw new Error('no peer');
  const documents = (await documentsOf(ana)).reverse();
  for (const document of [...documents.filter((name) => name.startsWith('log/members/')), ...documents]) {
    const update = await ana.source.diff(document, await bo.source.stateVector(document));
    expect(await bo.source.receive(document, update, session())).toMatchObject({ ok: true });
  }
  await bo.source.idle();
  expect((await bo.replica.status()).counts.waiting).toBe(0);
  await pull(bo, ana);
  await equal(ana, bo);
  await healthy(bo.replica);
});
