import { describe, expect, it } from 'vitest';
import { legalMoves, type Task, taskStatuses } from '../../schemas/index.ts';
import type { Replica } from '../../src/replica/surface.ts';
import { allOf, healthy, home, open, refused, reopen } from './support/open.ts';

const titles = (tasks: readonly Task[]) => tasks.map(({ title }) => title);

describe('tasks', () => {
  it('REP-6 are counted by handle, and found by short id or id', async () => {
    const at = home();
    let kai = await open(at);
    const one = await kai.tasks.create({ title: 'One' });
    const two = await kai.tasks.create({ title: 'Two' });
    const other = await kai.as('rin').tasks.create({ title: 'Other' });
    expect([one.short, two.short, other.short]).toEqual(['kai-1', 'kai-2', 'rin-1']);
    kai = await reopen(kai, at);
    expect((await kai.tasks.create({ title: 'Three' })).short).toBe('kai-3');
    expect((await kai.tasks.get('kai-2')).id).toBe(two.id);
    expect(await kai.tasks.get(one.id)).toEqual(one);
    await refused(kai.tasks.get('kai-4'), 'not_found');
    await refused(kai.tasks.get('aaaaaaaaaaaaaaaaaaaaaaaaaa'), 'not_found');
    await refused(kai.tasks.get(''), 'not_found');
  });

  it('may name their author as reviewer in its very first write', async () => {
    const kai = await open();
    const { reviewer } = await kai.tasks.create({ title: 'One', reviewer: 'kai' });
    expect(reviewer).toMatchObject({ handle: 'kai' });
  });

  it('made at once by one member have numbers without gaps or twins', async () => {
    const kai = await open();
    const made = await Promise.all(
      Array.from({ length: 30 }, (_, i) => kai.tasks.create({ title: `T${i}` })),
    );
    expect(made.map(({ short }) => short).sort((a, b) => Number(a.slice(4)) - Number(b.slice(4)))).toEqual(
      Array.from({ length: 30 }, (_, i) => `kai-${i + 1}`),
    );
  });

  it('hold every field that they were given, and clear what is cleared', async () => {
    const at = home();
    let kai = await open(at);
    await kai.as('rin').messages.post('general', { text: 'hello' });
    const made = await kai.tasks.create({
      title: 'Ship it',
      description: 'All *of* it',
      criteria: 'It is shipped',
      priority: 'P0',
      assignee: 'rin',
      reviewer: '@rin',
      due: '2031-01-01T00:00:00.000Z',
      status: 'blocked',
      labels: ['b', 'a'],
    });
    expect(made).toMatchObject({
      title: 'Ship it',
      description: 'All *of* it',
      criteria: 'It is shipped',
      status: 'blocked',
      priority: 'P0',
      assignee: { handle: 'rin' },
      reviewer: { handle: 'rin' },
      due: '2031-01-01T00:00:00.000Z',
      labels: ['a', 'b'],
      legalMoves: legalMoves.blocked,
      ready: false,
    });
    const updated = await kai.tasks.update(made.short, {
      title: 'Shipped',
      description: '',
      assignee: null,
      due: null,
      priority: 'P3',
      addLabels: ['c'],
      removeLabels: ['a', 'never'],
      addEvidence: [{ kind: 'commit', ref: 'abc' }],
    });
    expect(updated).toMatchObject({
      title: 'Shipped',
      description: null,
      criteria: 'It is shipped',
      assignee: null,
      reviewer: { handle: 'rin' },
      due: null,
      priority: 'P3',
      labels: ['b', 'c'],
      evidence: [{ kind: 'commit', ref: 'abc' }],
    });
    await refused(kai.tasks.update(made.id, { assignee: 'nobody' }), 'not_found');
    kai = await reopen(kai, at);
    expect(await kai.tasks.get(made.id)).toEqual(updated);
  });

  it('REP-7 move as the table says, and a refusal lists the legal moves', async () => {
    const kai = await open();
    for (const from of taskStatuses) {
      for (const to of taskStatuses) {
        const task = await kai.tasks.create({ title: `${from} to ${to}`, status: from });
        if (to === from || legalMoves[from].includes(to))
          expect((await kai.tasks.move(task.id, { to, reason: 'why' })).status).toBe(to);
        else {
          const error = await refused(kai.tasks.move(task.id, { to }), 'illegal_move');
          expect([...(error.legal ?? [])].sort()).toEqual([...legalMoves[from]].sort());
          expect((await kai.tasks.get(task.id)).status).toBe(from);
        }
      }
    }
  }, 60_000);

  it('REP-8 are claimed once: the holder may repeat, others are told who holds', async () => {
    const at = home();
    let kai = await open(at);
    let rin = kai.as('rin');
    const { id } = await kai.tasks.create({ title: 'Mine' });
    const claimed = await rin.tasks.claim(id);
    expect(claimed).toMatchObject({
      status: 'doing',
      claim: { by: { handle: 'rin' }, certainty: 'tentative' },
    });
    expect((await rin.tasks.claim(id)).claim).toEqual(claimed.claim);
    expect((await refused(kai.tasks.claim(id), 'held')).message).toContain('rin');
    await refused(kai.tasks.release(id), 'not_held');
    await refused(kai.tasks.claim(id, { need: 'granted' }), 'held');
    kai = await reopen(kai, at);
    rin = kai.as('rin');
    await refused(kai.tasks.claim(id), 'held');
    expect(await rin.tasks.release(id, { reason: 'lunch' })).toMatchObject({ status: 'todo', claim: null });
    expect((await kai.tasks.claim(id)).claim?.by.handle).toBe('kai');
    expect(await kai.tasks.move(id, { to: 'done' })).toMatchObject({ claim: null, status: 'done' });
    await refused(rin.tasks.claim(id), 'illegal_move');
    await refused(rin.tasks.release(id), 'not_held');
  });

  it('wanted by twenty at once go to exactly one', async () => {
    const kai = await open();
    const { id } = await kai.tasks.create({ title: 'Wanted' });
    const tries = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => kai.as(`m${i}`).tasks.claim(id)),
    );
    const won = tries.filter(({ status }) => status === 'fulfilled');
    expect(won).toHaveLength(1);
    const { claim } = await kai.tasks.get(id);
    expect(claim?.lost).toBeUndefined();
    expect(tries.findIndex(({ status }) => status === 'fulfilled')).toBe(Number(claim?.by.handle.slice(1)));
  });

  it('claimed from one stale base are held by one, and both are told', async () => {
    const kai = await open();
    const { id, base } = await kai.tasks.create({ title: 'Contested' });
    await kai.as('rin').tasks.claim(id, { base });
    const seen = await kai.as('pip').tasks.claim(id, { base });
    expect(seen.claim?.by.handle).toBe('rin');
    expect(seen.claim?.lost?.map(({ by }) => by.handle)).toEqual(['pip']);
  });

  it('are linked both ways, and a cycle is refused and leaves nothing', async () => {
    const kai = await open();
    const [a, b, c] = await Promise.all(['A', 'B', 'C'].map((title) => kai.tasks.create({ title })));
    if (!a || !b || !c) throw new Error('three tasks');
    await kai.tasks.link(a.id, { kind: 'blocks', to: b.short });
    await kai.tasks.link(b.id, { kind: 'blocks', to: c.id });
    await kai.tasks.link(b.id, { kind: 'blocks', to: c.id });
    await kai.tasks.link(a.id, { kind: 'related', to: c.id });
    await kai.tasks.link(c.id, { kind: 'related', to: a.id });
    const closing = await refused(kai.tasks.link(c.id, { kind: 'blocks', to: a.id }), 'cycle');
    const [first, second, third] = [a.short, b.short, c.short];
    expect(closing.legal).toEqual([`${first} blocks ${second}`, `${second} blocks ${third}`]);
    expect(closing.message).toContain(`${third} blocks ${first} would close a cycle`);
    const own = await refused(kai.tasks.link(a.id, { kind: 'parent', to: a.id }), 'cycle');
    expect([own.message, own.legal]).toEqual([`${first} parent ${first} is a cycle of one.`, undefined]);
    await refused(kai.tasks.link(a.id, { kind: 'blocks', to: 'kai-77' }), 'not_found');
    const shown = await kai.tasks.get(b.id);
    expect(shown.links).toEqual([{ kind: 'blocks', id: c.id, short: c.short }]);
    expect(shown.inverse).toEqual([{ kind: 'blocks', id: a.id, short: a.short }]);
    expect(shown.blockers).toEqual([{ id: a.id, short: a.short }]);
    expect((await kai.tasks.get(c.id)).dropped).toBeUndefined();
    await kai.tasks.unlink(a.id, { kind: 'blocks', to: b.id });
    await kai.tasks.unlink(a.id, { kind: 'blocks', to: b.id });
    expect((await kai.tasks.get(b.id)).ready).toBe(true);
    await kai.tasks.link(c.id, { kind: 'blocks', to: a.id });
    await healthy(kai);
  });

  it('REP-9 are ready when todo, unblocked and unclaimed: by priority, then age', async () => {
    const kai = await open();
    const blocker = await kai.tasks.create({ title: 'blocker', priority: 'P3' });
    await kai.tasks.create({ title: 'late', priority: 'P1', blockedBy: [blocker.id] });
    await kai.tasks.create({ title: 'old' });
    await kai.tasks.create({ title: 'urgent', priority: 'P0' });
    await kai.tasks.create({ title: 'young' });
    await kai.tasks.create({ title: 'begun', status: 'doing' });
    const ready = async () => titles(await allOf((page) => kai.tasks.ready(page), 2));
    expect(await ready()).toEqual(['urgent', 'old', 'young', 'blocker']);
    await kai.tasks.claim('kai-4');
    expect(await ready()).toEqual(['old', 'young', 'blocker']);
    await kai.tasks.move(blocker.id, { to: 'cancelled' });
    expect(await ready()).toEqual(['late', 'old', 'young']);
    await kai.tasks.move(blocker.id, { to: 'todo' });
    await kai.tasks.update('kai-3', { priority: 'P3' });
    expect(await ready()).toEqual(['young', 'blocker', 'old']);
  });

  it('have parents and blockers from the beginning', async () => {
    const kai = await open();
    const parent = await kai.tasks.create({ title: 'Parent' });
    const blocker = await kai.tasks.create({ title: 'Blocker' });
    const child = await kai.tasks.create({
      title: 'Child',
      parent: parent.short,
      blockedBy: [blocker.short],
    });
    expect(child.inverse.map(({ kind, short }) => [kind, short]).sort()).toEqual([
      ['blocks', 'kai-2'],
      ['parent', 'kai-1'],
    ]);
    expect(child.ready).toBe(false);
    const { operations } = (await kai.status()).counts;
    await refused(kai.tasks.create({ title: 'x', parent: 'kai-9' }), 'not_found');
    await refused(kai.tasks.create({ title: 'x', blockedBy: ['kai-1', 'kai-9'] }), 'not_found');
    expect((await kai.status()).counts.operations).toBe(operations);
  });

  it('take comments, which are edited and redacted like messages', async () => {
    const kai = await open();
    const rin = kai.as('rin');
    const { id, short } = await kai.tasks.create({ title: 'Discussed' });
    await rin.messages.post('general', { text: 'hi' });
    const comment = await kai.tasks.comment(short, { text: 'what now, @rin?' });
    expect(comment).toMatchObject({ task: id, text: 'what now, @rin?', mentions: [{ handle: 'rin' }] });
    const answer = await rin.tasks.comment(id, { text: 'this' });
    await refused(rin.messages.edit(comment.id, { text: 'no' }), 'forbidden');
    expect((await kai.messages.edit(comment.id, { text: 'what?' })).text).toBe('what?');
    await rin.messages.redact(answer.id);
    const { items } = await kai.tasks.comments(id);
    expect(items.map(({ text, removed }) => [text, removed !== undefined])).toEqual([
      ['what?', false],
      [null, true],
    ]);
    expect((await kai.tasks.get(id)).comments).toBe(2);
    await refused(kai.tasks.comment('kai-9', { text: 'x' }), 'not_found');
    await refused(kai.messages.thread(comment.id), 'not_found');
  });

  it('REP-3 changed from one stale base show every value to both', async () => {
    const at = home();
    let kai = await open(at);
    const rin = kai.as('rin');
    const { id, base } = await kai.tasks.create({ title: 'One' });
    await kai.tasks.update(id, { title: 'Kai', priority: 'P0', base });
    await kai.tasks.move(id, { to: 'doing', base });
    const seen = await rin.tasks.update(id, { title: 'Rin', base });
    await rin.tasks.move(id, { to: 'done', base });
    expect(seen.siblings?.['title']?.map(({ value, by }) => [value, by.handle])).toEqual([
      ['Rin', 'rin'],
      ['Kai', 'kai'],
    ]);
    const task = await kai.tasks.get(id);
    expect(task).toMatchObject({ title: 'Rin', priority: 'P0', status: 'done' });
    expect(task.siblings?.['status']?.map(({ value }) => value)).toEqual(['done', 'doing']);
    kai = await reopen(kai, at);
    expect(await kai.tasks.get(id)).toEqual(task);
    const merged = await kai.tasks.update(id, { title: 'Both', base: task.base });
    expect(merged.siblings?.['title']).toBeUndefined();
    expect((await kai.tasks.move(id, { to: 'review' })).siblings).toBeUndefined();
  });

  it('refuse a base that is none of theirs', async () => {
    const kai = await open();
    const one = await kai.tasks.create({ title: 'One' });
    const two = await kai.tasks.create({ title: 'Two' });
    await refused(kai.tasks.update(one.id, { title: 'x', base: two.base }), 'invalid');
    await refused(kai.tasks.update(one.id, { title: 'x', base: ['aaaaaaaaaaaaaaaaaaaaaaaaaa'] }), 'invalid');
    await refused(kai.tasks.update(one.id, { title: 'x', base: ['not a hash'] }), 'invalid');
    await refused(kai.tasks.update(one.id, { title: 'x', base: Array(65).fill(one.id) }), 'invalid');
    expect((await kai.tasks.get(one.id)).title).toBe('One');
  });

  it('are listed by status, assignee, holder, priority and label, newest first', async () => {
    const kai = await open();
    await kai.as('rin').messages.post('general', { text: 'hi' });
    for (let i = 0; i < 12; i++)
      await kai.tasks.create({
        title: String(i),
        status: i % 2 ? 'doing' : 'todo',
        priority: i % 3 ? 'P2' : 'P1',
        ...(i % 4 ? {} : { assignee: 'rin', labels: ['four'] }),
      });
    await kai.as('rin').tasks.claim('kai-2');
    const list = async (query: Parameters<Replica['tasks']['list']>[0]) =>
      titles(await allOf((page) => kai.tasks.list({ ...query, ...page }), 2));
    expect(await list({})).toEqual(['11', '10', '9', '8', '7', '6', '5', '4', '3', '2', '1', '0']);
    expect(await list({ status: 'doing' })).toEqual(['11', '9', '7', '5', '3', '1']);
    expect(await list({ status: 'todo', priority: 'P1' })).toEqual(['6', '0']);
    expect(await list({ assignee: 'rin' })).toEqual(['8', '4', '0']);
    expect(await list({ label: 'four', status: 'done' })).toEqual([]);
    expect(await list({ holder: 'rin' })).toEqual(['1']);
    await refused(kai.tasks.list({ assignee: 'nobody' }), 'not_found');
  });
});
