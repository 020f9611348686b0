import { describe, expect, it } from 'vitest';
import type { InboxItem } from '../../schemas/index.ts';
import type { Surface } from '../../src/replica/surface.ts';
import { refused } from './support/open.ts';
import { meet, type Peer, peers, pull } from './sync/support.ts';
import { couple } from './sync/team.ts';

const items = async (who: Surface): Promise<InboxItem[]> =>
  (await who.inbox({ limit: 1000, budget: 200_000 })).items;
const kinds = async (who: Surface): Promise<string[]> => (await items(who)).map(({ kind }) => kind);
const ids = async (who: Surface): Promise<string[]> => (await items(who)).map(({ id }) => id).sort();

/** Two replicas in step, whose members both have written. */
async function pair(): Promise<readonly [Peer, Peer]> {
  const [ana, bo] = await couple();
  await ana.replica.messages.post('general', { text: 'ana is here' });
  await bo.replica.messages.post('general', { text: 'bo is here' });
  await meet(ana, bo);
  for (const { replica } of [ana, bo])
    await replica.acknowledge({ receipt: (await replica.catchUp()).receipt });
  return [ana, bo];
}

describe('the inbox of replicas apart', () => {
  it('INB-2: a mention waits for its member, and comes up once wherever and however often it arrives', async () => {
    const [ana, bo] = await pair();
    await bo.replica.messages.post('dev', { text: 'wake up, @ana' });
    await meet(ana, bo);
    await pull(bo, ana);
    const here = await items(ana.replica);
    expect(here.map(({ text }) => text)).toEqual(['wake up, @ana']);
    expect(await ids(bo.replica.as('ana'))).toEqual(here.map(({ id }) => id));
    expect(await bo.replica.as('ana').acknowledge({ items: [here[0]?.short ?? ''] })).toMatchObject({
      open: 0,
    });
    await bo.reopen();
    await meet(ana, bo);
    expect(await items(ana.replica)).toEqual([]);
    await ana.reopen();
    expect(await items(ana.replica)).toEqual([]);
    expect((await ana.replica.catchUp()).pending).toBe(0);
  });

  it('INB-2: what was acknowledged elsewhere before it came here does not come up', async () => {
    const [ana, bo] = await pair();
    await bo.replica.messages.post('dev', { text: '@ana one' });
    await bo.replica.messages.post('dev', { text: '@ana two' });
    const [first] = await items(bo.replica.as('ana'));
    await bo.replica.as('ana').acknowledge({ items: [first?.id ?? ''] });
    await bo.reopen();
    await meet(ana, bo);
    expect((await items(ana.replica)).map(({ text }) => text)).toEqual(['@ana two']);
    expect(await ana.replica.inbox()).toMatchObject({ open: 1 });
  });

  it('INB-1: a reply that comes before what it answers calls whoever wrote that once it is here', async () => {
    const [ana, bo, cy] = await peers(['ana', 'bo', 'cy']);
    if (!ana || !bo || !cy) throw new Error('no peers');
    for (const { replica, name } of [ana, bo, cy]) await replica.messages.post('general', { text: name });
    await meet(ana, bo, cy);
    const root = await ana.replica.messages.post('dev', { text: 'root' });
    await pull(ana, bo);
    await bo.replica.messages.post('dev', { text: 'answer', thread: root.id });
    // Cy has only what bo wrote: the reply stands in a document of bo's own making.
    await pull(bo, cy);
    await pull(ana, cy);
    await meet(ana, bo, cy);
    for (const { replica } of [ana, bo, cy])
      expect(
        (await items(replica.as('ana'))).filter(({ kind }) => kind === 'reply').map(({ text }) => text),
      ).toEqual(['answer']);
  });

  it('INB-5: one key of an idempotent request with another body is a conflict of its member', async () => {
    const [ana, bo] = await pair();
    const key = 'the same';
    await ana.replica.messages.post('dev', { text: 'one @bo' }, { key });
    await bo.replica.as('ana').messages.post('dev', { text: 'another @bo' }, { key });
    await ana.replica.tasks.create({ title: 'alike' }, { key: 'task' });
    await bo.replica.as('ana').tasks.create({ title: 'alike' }, { key: 'task' });
    await meet(ana, bo);
    for (const { replica } of [ana, bo]) {
      const [item, ...others] = await items(replica.as('ana'));
      expect(item).toMatchObject({ kind: 'conflict', fields: ['idempotency key'] });
      expect(others).toEqual([]);
      expect(await kinds(replica.as('bo'))).toEqual(['mention']);
    }
    expect(await ids(ana.replica)).toEqual(await ids(bo.replica.as('ana')));
    expect(await ids(ana.replica.as('bo'))).toEqual(await ids(bo.replica));
  });

  it('INB-5: a repeat that was acknowledged is not told again as the first', async () => {
    const [ana, bo] = await pair();
    await ana.replica.messages.post('dev', { text: 'once @bo' }, { key: 'k' });
    await bo.replica.as('ana').messages.post('dev', { text: 'once @bo' }, { key: 'k' });
    const [item] = await items(bo.replica);
    await bo.replica.acknowledge({ items: [item?.id ?? ''] });
    await meet(ana, bo);
    expect(await items(bo.replica)).toEqual([]);
  });

  it('INB-5: memory made apart under one key is a conflict until one replaces the other', async () => {
    const [ana, bo] = await pair();
    await ana.replica.memory.remember({ key: 'k', text: 'of ana' });
    await bo.replica.memory.remember({ key: 'k', text: 'of bo' });
    await meet(ana, bo);
    expect(await kinds(ana.replica)).toEqual(['conflict']);
    expect(await ids(ana.replica)).toEqual(await ids(bo.replica));
    await bo.replica.memory.remember({ key: 'k', text: 'of both' });
    await meet(ana, bo);
    for (const { replica } of [ana, bo]) expect(await items(replica)).toEqual([]);
  });

  it('INB-5: channels of one name and tasks of one short id are told to those who made them', async () => {
    const [ana, bo] = await pair();
    await ana.replica.channels.create({ name: 'ops' });
    await bo.replica.channels.create({ name: 'ops' });
    await ana.replica.tasks.create({ title: 'a' });
    await bo.replica.as('ana').tasks.create({ title: 'b' });
    await meet(ana, bo);
    expect(await kinds(ana.replica)).toEqual(['duplicate', 'duplicate']);
    expect(await kinds(bo.replica)).toEqual(['duplicate']);
    expect(await ids(ana.replica)).toEqual(await ids(bo.replica.as('ana')));
    const [one] = (await ana.replica.channels.list()).items.filter(({ name }) => name === 'ops');
    await ana.replica.channels.update(one?.id ?? '', { name: 'ops-2' });
    await meet(ana, bo);
    expect(await kinds(bo.replica)).toEqual([]);
    // The short id alone names neither of the two; the longer forms name one each.
    const { legal = [] } = await refused(bo.replica.tasks.claim('ana-1'), 'ambiguous');
    const titles = await Promise.all(legal.map(async (form) => (await bo.replica.tasks.get(form)).title));
    expect(titles.sort()).toEqual(['a', 'b']);
    expect([...((await refused(bo.replica.history('ana-1'), 'ambiguous')).legal ?? [])].sort()).toEqual(
      [...legal].sort(),
    );
  });

  it('INB-1: an operation that does not count, for its replica was revoked, is in the inbox of its author', async () => {
    const [ana, bo] = await pair();
    await ana.replica.replicas.revoke(bo.replica.id);
    const post = await bo.replica.messages.post('dev', { text: 'too late, @ana' });
    await pull(bo, ana);
    expect((await ana.replica.status()).counts.rejected).toBeGreaterThan(0);
    expect(await items(ana.replica)).toEqual([]);
    const [item] = await items(ana.replica.as('bo'));
    expect(item).toMatchObject({ kind: 'rejected', operations: [post.id] });
  });

  it('INB-4: fields written apart are told to both, the same on each replica', async () => {
    const [ana, bo] = await pair();
    const task = await ana.replica.tasks.create({ title: 't' });
    await meet(ana, bo);
    await ana.replica.acknowledge({ receipt: (await ana.replica.catchUp()).receipt });
    await ana.replica.tasks.update(task.id, { title: 'of ana', assignee: 'bo' });
    await bo.replica.tasks.update(task.id, { title: 'of bo', assignee: 'ana' });
    await meet(ana, bo);
    expect(await kinds(ana.replica)).toEqual(expect.arrayContaining(['conflict', 'assigned']));
    expect(await ids(ana.replica)).toEqual(await ids(bo.replica.as('ana')));
    expect(await ids(ana.replica.as('bo'))).toEqual(await ids(bo.replica));
    const answer = await bo.replica.catchUp();
    expect(answer.items.map((item) => (item.kind === 'operation' ? item.because : item.kind))).toContain(
      'assigned',
    );
    expect(await bo.replica.acknowledge({ receipt: answer.receipt })).toMatchObject({ open: 0, pending: 0 });
    await bo.reopen();
    await meet(ana, bo);
    expect(await items(ana.replica.as('bo'))).toEqual([]);
  });

  it('INB-10: the proof says which replicas were heard, and when, and what it does not know', async () => {
    const [ana, bo] = await pair();
    await bo.replica.messages.post('dev', { text: 'not heard yet' });
    const { proof } = await ana.replica.inbox();
    const [self, other, ...others] = proof.replicas;
    expect(others).toEqual([]);
    expect(self).toMatchObject({ id: ana.replica.id, self: true, linked: true, lag: 0, digestsEqual: true });
    expect(other).toMatchObject({
      id: bo.replica.id,
      self: false,
      linked: false,
      lag: null,
      digestsEqual: null,
    });
    await pull(bo, ana);
    const after = (await ana.replica.catchUp()).proof;
    expect(after.replicas[1]?.heard ?? '').toBeTruthy();
    expect((after.replicas[1]?.heard ?? '') >= (other?.heard ?? '')).toBe(true);
    expect(after).toMatchObject({ complete: true, remaining: 0, unlisted: 0, waiting: 0 });
    expect((await ana.replica.catchUp({ budget: 150 })).proof.unlisted).toBeGreaterThan(0);
  });

  it('INB-3: a mark of very many single acknowledgements reaches the other replica whole', async () => {
    const [ana, bo] = await pair();
    const posts = await Promise.all(
      Array.from({ length: 1600 }, (_, i) => bo.replica.messages.post('dev', { text: `${i}` })),
    );
    await meet(ana, bo);
    const operations = posts.filter((_, i) => i % 2 === 1).map(({ id }) => id);
    await ana.replica.acknowledge({ operations });
    await ana.reopen();
    await meet(ana, bo);
    expect((await bo.replica.as('ana').catchUp()).pending).toBe((await ana.replica.catchUp()).pending);
    expect((await ana.replica.catchUp()).pending).toBe(800);
  }, 60_000);
});
