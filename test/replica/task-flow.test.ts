import { describe, expect, it } from 'vitest';
import type { Task } from '../../schemas/index.ts';
import type { Replica } from '../../src/replica/surface.ts';
import { numbers } from '../fold/random.ts';
import { clock } from './support/clock.ts';
import { allOf, feedOf, type Home, home, open, refused } from './support/open.ts';
import { rebuilt } from './support/rebuilt.ts';
import { equal, meet, peers, pull } from './sync/support.ts';

/** Made anew from the operations, lists and tasks are the same. */
async function anew(replica: Replica, at: Home): Promise<void> {
  const before = [await replica.tasks.list(), await replica.tasks.ready()];
  const again = await rebuilt(replica, at);
  expect([await again.tasks.list(), await again.tasks.ready()]).toEqual(before);
}

const titles = ({ items }: { readonly items: readonly Task[] }) => items.map(({ title }) => title);

describe('a task that is done', () => {
  it('where it is already it stays, and nothing is written', async () => {
    const kai = await open();
    const { id } = await kai.tasks.create({ title: 'One' });
    await kai.tasks.move(id, { to: 'done' });
    const before = await feedOf(kai);
    expect(await kai.tasks.move(id, { to: 'done' })).toMatchObject({ status: 'done' });
    expect(await feedOf(kai)).toEqual(before);
    // With something to say it is said.
    await kai.tasks.move(id, { to: 'done', reason: 'checked again' });
    expect(await feedOf(kai)).toHaveLength(before.length + 1);
  });

  it('TSK-1: needs evidence where it has criteria; the move may bring it', async () => {
    const kai = await open();
    const { id, legalMoves } = await kai.tasks.create({ title: 'One', criteria: 'It runs' });
    expect(legalMoves).not.toContain('done');
    const error = await refused(kai.tasks.move(id, { to: 'done' }), 'illegal_move');
    expect(error.legal).toEqual(legalMoves);
    const evidence = [{ kind: 'commit', ref: 'abc' } as const];
    const done = await kai.tasks.move(id, { to: 'done', evidence });
    expect(done).toMatchObject({ status: 'done', evidence });
    const other = await kai.tasks.create({ title: 'Other', criteria: 'It runs' });
    await refused(kai.tasks.move(other.id, { to: 'done', force: true }), 'invalid');
    await refused(
      kai.as('rin').tasks.move(other.id, { to: 'done', force: true, reason: 'now' }),
      'forbidden',
    );
    const forced = await kai.tasks.move(other.id, { to: 'done', force: true, reason: 'now' });
    expect(forced.status).toBe('done');
  });

  it('TSK-2, TSK-3: goes by its reviewer, who sends it back with a reason; whose work it is learns of it', async () => {
    const kai = await open();
    const [ann, rev] = [kai.as('ann'), kai.as('rev')];
    for (const one of [ann, rev]) await one.messages.post('general', { text: 'hello' });
    const { id } = await kai.tasks.create({ title: 'One', reviewer: 'rev' });
    await ann.tasks.claim(id);
    await refused(rev.tasks.decide(id, { accept: true }), 'illegal_move');
    const error = await refused(ann.tasks.move(id, { to: 'done' }), 'illegal_move');
    expect(error.legal).toEqual(['todo', 'blocked', 'review', 'cancelled']);
    await ann.tasks.move(id, { to: 'review' });
    await refused(ann.tasks.decide(id, { accept: true }), 'forbidden');
    await refused(rev.tasks.decide(id, { accept: false }), 'invalid');
    expect(await rev.tasks.decide(id, { accept: false, reason: 'It is slow' })).toMatchObject({
      status: 'doing',
      claim: { by: { handle: 'ann' } },
    });
    const asked = async () => (await ann.inbox()).items.filter(({ kind }) => kind === 'review');
    expect(await asked()).toMatchObject([{ subject: id, by: { handle: 'rev' } }]);
    await ann.tasks.move(id, { to: 'review' });
    expect(await asked()).toEqual([]);
    expect(await rev.tasks.decide(id, { accept: true })).toMatchObject({ status: 'done', claim: null });
  });

  it('TSK-2: a reviewer does not take her own work', async () => {
    const kai = await open();
    const rev = kai.as('rev');
    await rev.messages.post('general', { text: 'hello' });
    const { id } = await kai.tasks.create({ title: 'One', reviewer: 'rev' });
    await rev.tasks.claim(id);
    await rev.tasks.move(id, { to: 'review' });
    await refused(rev.tasks.decide(id, { accept: true }), 'illegal_move');
    await rev.tasks.release(id);
    await refused(rev.tasks.decide(id, { accept: true }), 'illegal_move');
    expect((await kai.tasks.decide(id, { accept: true })).status).toBe('done');
  });
});

describe('a blocked task', () => {
  it('TSK-4: says why, or what it waits for', async () => {
    const kai = await open();
    const one = await kai.tasks.create({ title: 'One' });
    const other = await kai.tasks.create({ title: 'Other' });
    await refused(kai.tasks.move(one.id, { to: 'blocked' }), 'invalid');
    await refused(kai.tasks.move(one.id, { to: 'doing', on: [other.id] }), 'invalid');
    const blocked = await kai.tasks.move(one.id, { to: 'blocked', reason: 'No key yet' });
    expect(blocked.blocked).toMatchObject({
      reason: 'No key yet',
      former: 'todo',
      on: [],
      by: { handle: 'kai' },
    });
    await kai.tasks.link(other.id, { kind: 'blocks', to: one.id });
    await kai.tasks.move(other.id, { to: 'done' });
    // It waits for no task: somebody has to move it.
    expect((await kai.tasks.get(one.id)).status).toBe('blocked');
    const made = await kai.tasks.create({ title: 'Made', status: 'blocked', blockedBy: [one.id] });
    expect(made).toMatchObject({
      status: 'blocked',
      blocked: { former: 'todo', on: [{ short: one.short }] },
    });
    await kai.tasks.move(one.id, { to: 'cancelled' });
    expect(await kai.tasks.get(made.id)).toMatchObject({ status: 'todo', ready: true });
    await refused(kai.tasks.move(one.id, { to: 'todo', on: [made.id] }), 'invalid');
    await kai.tasks.move(one.id, { to: 'todo' });
    const error = await refused(kai.tasks.move(one.id, { to: 'blocked', on: [made.id] }), 'cycle');
    expect(error.message).toContain('cycle');
    expect((await kai.tasks.get(one.id)).status).toBe('todo');
  });

  it('TSK-6: is what it was once nothing blocks it: done, cancelled, unlinked; and blocked again', async () => {
    const at = home();
    const kai = await open(at);
    const [one, two] = [await kai.tasks.create({ title: 'One' }), await kai.tasks.create({ title: 'Two' })];
    const { id } = await kai.tasks.create({ title: 'It' });
    await kai.tasks.claim(id);
    const status = async () => (await kai.tasks.get(id)).status;
    expect(await kai.tasks.move(id, { to: 'blocked', on: [one.short, two.id] })).toMatchObject({
      status: 'blocked',
      blocked: { former: 'doing' },
    });
    await kai.tasks.move(one.id, { to: 'done' });
    expect(await status()).toBe('blocked');
    const error = await refused(kai.tasks.move(id, { to: 'review' }), 'illegal_move');
    expect(error.legal).toEqual(['todo', 'doing', 'cancelled']);
    await kai.tasks.move(two.id, { to: 'cancelled' });
    expect(await kai.tasks.get(id)).not.toHaveProperty('blocked');
    expect(await status()).toBe('doing');
    expect((await feedOf(kai)).at(-1)).toMatchObject({ type: 'revised', subject: id });
    await kai.tasks.move(two.id, { to: 'todo' });
    expect(await status()).toBe('blocked');
    await kai.tasks.unlink(two.id, { kind: 'blocks', to: id });
    expect(await status()).toBe('doing');
    await kai.tasks.link(two.id, { kind: 'blocks', to: id });
    expect(await status()).toBe('blocked');
    expect(titles(await kai.tasks.list({ status: 'blocked' }))).toEqual(['It']);
    await kai.tasks.move(two.id, { to: 'done' });
    expect((await kai.tasks.move(id, { to: 'review' })).status).toBe('review');
    await kai.tasks.move(two.id, { to: 'todo' });
    expect(await status()).toBe('review');
    await anew(kai, at);
  });

  it('TSK-6: every replica says the same, in whatever order it heard of the blocker and of the block', async () => {
    const all = await peers(['ana', 'bo', 'cy'], () => clock());
    const [ana, bo, cy] = all;
    if (!ana || !bo || !cy) throw new Error('no peers');
    const one = await ana.replica.tasks.create({ title: 'One' });
    const it = await ana.replica.tasks.create({ title: 'It' });
    await meet(...all);
    await ana.replica.tasks.move(one.id, { to: 'done' });
    await bo.replica.tasks.move(it.id, { to: 'blocked', on: [one.id] });
    expect((await bo.replica.tasks.get(it.id)).status).toBe('blocked');
    await pull(ana, cy);
    await pull(bo, cy);
    await meet(...all);
    for (const { replica } of all)
      expect(await replica.tasks.get(it.id)).toMatchObject({ status: 'todo', ready: true });
    await equal(ana, bo, cy);
  });
});

describe('ready', () => {
  it('TSK-7: by priority, then due, then age; never what is held, blocked or over', async () => {
    const home1 = home();
    const kai = await open(home1);
    const due = (day: number) => `2031-01-0${day}T00:00:00.000Z`;
    const made = [
      ['late', { priority: 'P1', due: due(3) }],
      ['old', { priority: 'P1' }],
      ['new', { priority: 'P1' }],
      ['soon', { priority: 'P1', due: due(2) }],
      ['first', { priority: 'P0', due: due(9) }],
      ['last', {}],
      ['held', { priority: 'P0' }],
      ['granted', { priority: 'P0' }],
      ['waits', { priority: 'P0' }],
      ['over', { priority: 'P0' }],
    ] as const;
    const ids: Record<string, string> = {};
    for (const [title, fields] of made) ids[title] = (await kai.tasks.create({ title, ...fields })).id;
    const at = (title: string): string => ids[title] ?? '';
    await kai.tasks.claim(at('held'));
    await kai.tasks.move(at('held'), { to: 'todo' });
    await kai.tasks.claim(at('granted'), { need: 'granted' });
    await kai.tasks.move(at('granted'), { to: 'todo' });
    await kai.tasks.link(at('last'), { kind: 'blocks', to: at('waits') });
    await kai.tasks.move(at('over'), { to: 'cancelled' });
    const order = ['first', 'soon', 'late', 'old', 'new', 'last'];
    expect(titles(await kai.tasks.ready())).toEqual(order);
    expect((await allOf((page) => kai.tasks.ready(page), 2)).map(({ title }) => title)).toEqual(order);
    await kai.tasks.update(at('new'), { due: due(1), priority: 'P0' });
    await kai.tasks.update(at('late'), { due: null });
    await kai.tasks.release(at('held'));
    await kai.tasks.unlink(at('last'), { kind: 'blocks', to: at('waits') });
    const then = ['new', 'first', 'held', 'waits', 'soon', 'late', 'old', 'last'];
    expect(titles(await kai.tasks.ready())).toEqual(then);
    await anew(kai, home1);
  });

  it('TSK-7: holds exactly what the state of each task says, whatever was done', async () => {
    const seed = Number(process.env['COTERIE_SEED'] ?? Math.floor(Math.random() * 0x7fffffff));
    console.info(`seed ${seed}`);
    const next = numbers(seed);
    const one = <T>(list: readonly [T, ...T[]]): T => list[Math.floor(next() * list.length)] ?? list[0];
    const at = home();
    const kai = await open(at);
    const rin = kai.as('rin');
    const first = (await kai.tasks.create({ title: 'T' })).id;
    const ids: [string, ...string[]] = [first];
    for (let i = 0; i < 4; i++) ids.push((await kai.tasks.create({ title: `T${i}` })).id);
    type Act = (id: string, other: string, who: Replica['tasks']) => Promise<unknown>;
    const acts: [Act, ...Act[]] = [
      (id, _, who) => who.move(id, { to: one(['todo', 'doing', 'done', 'cancelled', 'review']) }),
      (id, other, who) => who.move(id, { to: 'blocked', on: [other] }),
      (id, other, who) => who.move(id, { to: 'blocked', on: [other] }),
      (id, other, who) => who.link(id, { kind: 'blocks', to: other }),
      (id, other, who) => who.unlink(id, { kind: 'blocks', to: other }),
      (id, _, who) => who.claim(id),
      (id, _, who) => who.release(id),
      (id, _, who) => who.update(id, { priority: one(['P0', 'P1', 'P2', 'P3']) }),
      (id, _, who) => who.move(id, { to: 'blocked', reason: 'why' }),
    ];
    for (let step = 1; step <= 240; step++) {
      const act = one(acts);
      await act(one(ids), one(ids), one([kai.tasks, rin.tasks])).catch(() => undefined);
      if (step % 20 !== 0) continue;
      const all = await allOf((page) => kai.tasks.list(page));
      for (const task of all) {
        const isFree = task.status === 'todo' && task.claim === null && task.blockers.length === 0;
        expect(task.ready).toBe(isFree);
        if (task.blocked && task.blocked.on.length > 0) expect(task.blockers.length).toBeGreaterThan(0);
      }
      const ready = (await kai.tasks.ready()).items.map(({ id }) => id).sort();
      expect(ready).toEqual(all.flatMap((task) => (task.ready ? [task.id] : [])).sort());
    }
    await anew(kai, at);
  }, 60_000);
});

describe('what a task says of itself', () => {
  it('TSK-8: how many of its parts are done, and of their parts; what is cancelled is none', async () => {
    const kai = await open();
    const top = await kai.tasks.create({ title: 'Top' });
    expect(top).not.toHaveProperty('progress');
    const part = await kai.tasks.create({ title: 'Part', parent: top.id });
    const gone = await kai.tasks.create({ title: 'Gone', parent: top.id });
    const leaf = await kai.tasks.create({ title: 'Leaf', parent: part.id });
    await kai.tasks.link(top.id, { kind: 'parent', to: leaf.id });
    await kai.tasks.create({ title: 'Other leaf', parent: part.id });
    await kai.tasks.move(gone.id, { to: 'cancelled' });
    await kai.tasks.move(leaf.id, { to: 'done' });
    const progress = { done: 1, total: 2 };
    expect((await kai.tasks.get(top.id)).progress).toEqual({ ...progress, deep: { done: 1, total: 3 } });
    const listed = (await kai.tasks.list()).items.find(({ id }) => id === top.id);
    expect(listed?.progress).toEqual(progress);
    await refused(kai.tasks.link(leaf.id, { kind: 'parent', to: top.id }), 'cycle');
    await refused(kai.tasks.link(leaf.id, { kind: 'parent', to: leaf.id }), 'cycle');
  });

  it('TSK-9: that it is overdue, by the clock here, while it is open', async () => {
    const time = clock();
    const kai = await open(undefined, {}, { now: time.now });
    const due = new Date(time.now() + 60_000).toISOString();
    const { id } = await kai.tasks.create({ title: 'One', due });
    await kai.tasks.create({ title: 'Other' });
    expect(await kai.tasks.list({ overdue: true })).toEqual({ items: [] });
    time.advance(60_001);
    expect((await kai.tasks.get(id)).overdue).toBe(true);
    expect(titles(await kai.tasks.list({ overdue: true }))).toEqual(['One']);
    expect(await kai.tasks.move(id, { to: 'done' })).not.toHaveProperty('overdue');
  });

  it('TSK-10: that nobody seems to be at it: its lease is over, or nothing is heard of who holds it', async () => {
    const time = clock();
    const kai = await open(undefined, {}, { now: time.now });
    const rin = kai.as('rin');
    const one = await kai.tasks.create({ title: 'Leased' });
    const other = await kai.tasks.create({ title: 'Silent' });
    await rin.tasks.claim(one.id, { ttl: 600_000 });
    const silent = await rin.tasks.claim(other.id);
    expect(await kai.tasks.list({ stale: true })).toEqual({ items: [] });
    time.advance(3_600_001);
    const stale = await kai.tasks.list({ stale: true });
    expect(titles(stale).sort()).toEqual(['Leased', 'Silent']);
    expect((await kai.tasks.get(other.id)).stale).toMatchObject({ why: 'silent', since: silent.updated });
    await rin.presence.set({ state: 'working', task: other.id });
    expect(await kai.tasks.get(other.id)).not.toHaveProperty('stale');
    await rin.tasks.move(one.id, { to: 'done' });
    expect(await kai.tasks.list({ stale: true })).toEqual({ items: [] });
  });
});
