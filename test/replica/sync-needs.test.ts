import { describe, expect, it } from 'vitest';
import type { InboxItem } from '../../schemas/index.ts';
import type { Replica, Surface } from '../../src/replica/surface.ts';
import { type Clock, clock } from './support/clock.ts';
import { feedOf } from './support/open.ts';
import { rebuilt } from './support/rebuilt.ts';
import { meet, type Peer, peers, pull } from './sync/support.ts';

const items = async (who: Surface): Promise<InboxItem[]> =>
  (await who.inbox({ limit: 1000, budget: 200_000 })).items;
const ids = async (who: Surface): Promise<string[]> => (await items(who)).map(({ id }) => id).sort();
const told = async (who: Surface): Promise<string[][]> =>
  (await items(who)).map(({ kind, text }) => [kind, text]);

/** Two replicas in step with one clock; the first is the arbiter, and its member an owner. */
async function pair(): Promise<{ time: Clock; ana: Peer; bo: Peer }> {
  const time = clock();
  const [ana, bo] = (await peers(['ana', 'bo'], () => time)) as [Peer, Peer];
  await ana.replica.messages.post('general', { text: 'ana is here' });
  await meet(ana, bo);
  await bo.replica.messages.post('general', { text: 'bo is here' });
  await meet(ana, bo);
  return { time, ana, bo };
}

/** Both say the same of both. */
async function alike(ana: Peer, bo: Peer): Promise<void> {
  for (const handle of ['ana', 'bo'])
    expect(await ids(ana.replica.as(handle))).toEqual(await ids(bo.replica.as(handle)));
}

describe('what needs a member besides what it was sent', () => {
  it('INB-11: paths that another reserved too: who was first is told, and who did not know of it', async () => {
    const { time, ana, bo } = await pair();
    const first = await ana.replica.reservations.reserve({ globs: ['src/**/*.ts', 'docs/*'], ttl: 600_000 });
    time.advance(1000);
    // On one replica who comes later was answered with the conflict.
    const cy = ana.replica.as('cy');
    expect((await cy.reservations.reserve({ globs: ['src/a.ts'], ttl: 600_000 })).conflicts).toHaveLength(1);
    expect(await told(ana.replica)).toEqual([['overlap', 'ana and cy reserved paths in common: src/a.ts']]);
    expect(await told(cy)).toEqual([]);
    await cy.reservations.reserve({ globs: ['test/**'], ttl: 600_000 });
    time.advance(1000);
    await bo.replica.reservations.reserve({ globs: ['docs/read?.md'], ttl: 600_000 });
    await meet(ana, bo);
    const both = ['overlap', 'ana and bo reserved paths in common: docs/read?.md'];
    expect((await told(ana.replica))[1]).toEqual(both);
    expect(await told(bo.replica)).toEqual([both]);
    await alike(ana, bo);
    // Catch-up tells of it by the operation, which is pending.
    expect((await ana.replica.catchUp()).items).toContainEqual(
      expect.objectContaining({ kind: 'operation', because: 'overlap' }),
    );
    // It stands while both do.
    await ana.replica.reservations.release(first.id);
    await meet(ana, bo);
    for (const who of [ana.replica, bo.replica]) expect(await told(who)).toEqual([]);
    // What is over by its own time when the next begins has nothing in common with it.
    time.advance(600_000);
    await bo.replica.reservations.reserve({ globs: ['src/a.ts'] });
    await meet(ana, bo);
    expect(await told(ana.replica.as('cy'))).toEqual([]);
    expect(await told(bo.replica)).toEqual([]);
  });

  it('INB-1: an edit calls whom it mentions, and not again whom the message did', async () => {
    const { ana, bo } = await pair();
    const { id } = await ana.replica.messages.post('dev', { text: 'see this' });
    await ana.replica.messages.edit(id, { text: 'see this, @bo' });
    await ana.replica.messages.edit(id, { text: 'do see this, @bo' });
    const task = await ana.replica.tasks.create({ title: 't' });
    const comment = await ana.replica.tasks.comment(task.id, { text: '@bo first' });
    await ana.replica.messages.edit(comment.id, { text: '@bo second' }).catch(() => undefined);
    await meet(ana, bo);
    expect(await told(bo.replica)).toEqual([
      ['mention', 'do see this, @bo'],
      ['mention', expect.stringMatching(/^@bo/)],
    ]);
    await alike(ana, bo);
    expect(await told(ana.replica)).toEqual([]);
    await bo.replica.acknowledge({ receipt: (await bo.replica.inbox()).receipt });
    expect(await told(bo.replica)).toEqual([]);
  });

  it('INB-1: an edit calls nobody again whom an edit far before it called', async () => {
    const { ana, bo } = await pair();
    const { id } = await ana.replica.messages.post('dev', { text: 'see this' });
    for (const text of ['see this, @bo', 'see this', 'see that', 'see that, @bo'])
      await ana.replica.messages.edit(id, { text });
    await meet(ana, bo);
    expect(await told(bo.replica)).toEqual([['mention', 'see that, @bo']]);
    await alike(ana, bo);
  });

  it('INB-5: members that took one handle apart are told, until one has another', async () => {
    const { ana, bo } = await pair();
    await ana.replica.members.update({ handle: 'max' });
    await bo.replica.members.update({ handle: 'max' });
    expect(await told(ana.replica)).toEqual([]);
    await meet(ana, bo);
    for (const { replica } of [ana, bo])
      expect(await items(replica)).toMatchObject([
        { kind: 'duplicate', place: '@max', text: expect.stringContaining('2 of one name, made apart') },
      ]);
    await alike(ana, bo);
    ana.replica = await rebuilt(ana.replica, ana.at);
    await alike(ana, bo);
    await bo.replica.members.update({ handle: 'mo' });
    await meet(ana, bo);
    for (const { replica } of [ana, bo]) expect(await told(replica.as('ana'))).toEqual([]);
    await alike(ana, bo);
  });

  it('CLM-17: who lost a claim by force, or as its lease ended, is told until it holds the task again', async () => {
    const { time, ana, bo } = await pair();
    const [one, two] = [
      await bo.replica.tasks.create({ title: 'One' }),
      await bo.replica.tasks.create({ title: 'Two' }),
    ];
    await bo.replica.tasks.claim(one.id);
    await bo.replica.tasks.claim(two.id, { ttl: 60_000 });
    await meet(ana, bo);
    await ana.replica.tasks.claim(one.id, { force: true, reason: 'urgent' });
    time.advance(60_000);
    await expired(ana.replica);
    await meet(ana, bo);
    expect(await told(bo.replica)).toEqual([
      ['lost', 'claim lost to ana (tentative), now doing: One'],
      ['lost', 'lease over, held by nobody, now doing: Two'],
    ]);
    await alike(ana, bo);
    await bo.replica.tasks.claim(two.id);
    await meet(ana, bo);
    expect((await items(bo.replica)).map(({ text }) => text)).toEqual([
      'claim lost to ana (tentative), now doing: One',
    ]);
    await alike(ana, bo);
  });

  it('CLM-19: who holds a task by a claim that a late one overtakes hears of it, on a stream and at catch-up', async () => {
    const { time, ana, bo } = await pair();
    const { id } = await ana.replica.tasks.create({ title: 'One' });
    await meet(ana, bo);
    await bo.replica.tasks.claim(id);
    time.advance(1000);
    await ana.replica.tasks.claim(id);
    expect((await ana.replica.tasks.get(id)).claim?.by.handle).toBe('ana');
    await pull(bo, ana);
    expect((await ana.replica.tasks.get(id)).claim?.by.handle).toBe('bo');
    const [claim] = (await feedOf(bo.replica)).filter(({ type }) => type === 'claim.request');
    const revised = (await feedOf(ana.replica)).filter(({ type }) => type === 'revised');
    expect(revised).toMatchObject([{ subject: id, cause: claim?.operation, by: { handle: 'bo' } }]);
    expect((await ana.replica.catchUp()).items).toContainEqual(
      expect.objectContaining({ item: expect.objectContaining({ kind: 'lost', subject: id }) }),
    );
    // The one who holds it all the time hears of no change.
    await meet(ana, bo);
    expect((await feedOf(bo.replica)).filter(({ type }) => type === 'revised')).toEqual([]);
  });
});

/** Resolves when the arbiter has ended a lease. */
async function expired(replica: Replica): Promise<void> {
  for await (const _ of replica.events({ since: '0', types: 'lease.expire' })) return;
}
