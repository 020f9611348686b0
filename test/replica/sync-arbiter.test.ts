import { describe, expect, it } from 'vitest';
import type { Task } from '../../schemas/index.ts';
import type { Replica } from '../../src/replica/surface.ts';
import { type Clock, clock } from './support/clock.ts';
import { feedOf, refused } from './support/open.ts';
import { equal, meet, type Peer, peers, pull } from './sync/support.ts';

async function team(): Promise<{ time: Clock; ana: Peer; bo: Peer; cy: Peer }> {
  const time = clock();
  const [ana, bo, cy] = await peers(['ana', 'bo', 'cy'], () => time);
  if (!ana || !bo || !cy) throw new Error('no peers');
  for (const { replica } of [ana, bo, cy]) {
    await replica.messages.post('general', { text: 'here' });
    await meet(ana, bo, cy);
  }
  return { time, ana, bo, cy };
}

async function told(replica: Replica, type: string, count = 1): Promise<void> {
  let seen = 0;
  for await (const _ of replica.events({ since: '0', types: type })) if (++seen === count) return;
}

const claims = (one: Peer, id: string, ttl?: number) => {
  const claim = one.replica.tasks.claim(id, { need: 'granted', ...(ttl === undefined ? {} : { ttl }) });
  claim.catch(() => undefined);
  return claim;
};

const holder = ({ claim }: Task) => claim && [claim.by.handle, claim.certainty];

describe('the office of arbiter', () => {
  it('CLM-16: is shown by every replica', async () => {
    const { ana, bo, cy } = await team();
    expect(await ana.replica.arbiter.get()).toMatchObject({
      ...{
        replica: ana.replica.id,
        self: true,
        term: 1,
        how: 'genesis',
        by: null,
        grants: 0,
        revoked: false,
      },
    });
    const { id } = await ana.replica.tasks.create({ title: 'One' });
    await ana.replica.tasks.claim(id, { need: 'granted' });
    await refused(bo.replica.arbiter.move({ to: cy.replica.id }), 'forbidden');
    await meet(ana, bo, cy);
    const shown = await ana.replica.arbiter.move({ to: bo.replica.id }, { key: 'k' });
    expect(shown).toMatchObject({
      replica: bo.replica.id,
      self: false,
      term: 2,
      how: 'hand-over',
      grants: 1,
    });
    expect(await ana.replica.arbiter.move({ to: bo.replica.id }, { key: 'k' })).toEqual(shown);
    await refused(ana.replica.arbiter.move({ to: cy.replica.id }), 'forbidden');
    await refused(ana.replica.arbiter.move({ to: 'nobody' }), 'not_found');
    await meet(ana, bo, cy);
    expect(await cy.replica.arbiter.get()).toEqual(shown);
    await equal(ana, bo, cy);
  });

  it('CLM-14: is handed over with grants of members who are not known yet, and the next one honours them', async () => {
    const { ana, bo, cy } = await team();
    const { id } = await ana.replica.tasks.create({ title: 'One' });
    await meet(ana, bo, cy);
    const claim = claims(bo, id);
    // The first operation on tasks after dan was made says so, and not that of dan himself.
    const dan = ana.replica.as('dan');
    await dan.messages.post('general', { text: 'here' });
    await ana.replica.tasks.create({ title: 'Two' });
    expect(holder(await dan.tasks.claim(id, { need: 'granted' }))).toEqual(['dan', 'granted']);
    await ana.replica.arbiter.move({ to: bo.replica.id });
    // So the grant comes before anybody knows who asked for it.
    for (const document of ['log/tasks/1', 'log/members/1']) {
      const update = await ana.source.diff(document, await bo.source.stateVector(document));
      expect(await bo.source.receive(document, update, 998)).toMatchObject({ ok: true });
    }
    await bo.source.idle();
    await refused(claim, 'held');
    await meet(ana, bo, cy);
    for (const { replica } of [ana, bo, cy])
      expect(holder(await replica.tasks.get(id))).toEqual(['dan', 'granted']);
    const grants = (await feedOf(bo.replica)).filter(({ type }) => type === 'claim.grant');
    expect(grants).toHaveLength(1);
  });

  it('CLM-14: is handed over with every grant, and the next one honours what it has not seen', async () => {
    const { time, ana, bo, cy } = await team();
    const tasks: string[] = [];
    for (let n = 0; n < 70; n++) tasks.push((await ana.replica.tasks.create({ title: `T${n}` })).id);
    await meet(ana, bo, cy);
    for (const id of tasks) await ana.replica.tasks.claim(id, { need: 'granted', ttl: 60_000 });
    const { term } = await ana.replica.arbiter.move({ to: bo.replica.id });
    expect(term).toBe(3);
    const lists = (await feedOf(ana.replica)).filter(({ type }) => type === 'arbiter.handover');
    expect(lists.flatMap(({ data }) => data['grants'] as unknown[])).toHaveLength(70);

    // The next arbiter hears of its office, and not of the grants.
    const members = await ana.source.diff('log/members/1', await bo.source.stateVector('log/members/1'));
    expect(await bo.source.receive('log/members/1', members, 999)).toMatchObject({ ok: true });
    await bo.source.idle();
    expect(await bo.replica.arbiter.get()).toMatchObject({ self: true, term: 3, grants: 0 });
    const [first = '', second = ''] = tasks;
    const claim = claims(bo, first);
    const { id: free } = await bo.replica.tasks.create({ title: 'free' });
    expect(holder(await bo.replica.tasks.claim(free, { need: 'granted' }))).toEqual(['bo', 'granted']);
    expect((await bo.replica.tasks.get(first)).claim).toBeNull();
    await meet(ana, bo, cy);
    await refused(claim, 'held');
    await meet(ana, bo, cy);
    for (const { replica } of [ana, bo, cy])
      for (const id of [first, second])
        expect(holder(await replica.tasks.get(id))).toEqual(['ana', 'granted']);

    // The new arbiter ends the old one's leases, and gives the tasks to others.
    time.advance(60_000);
    await told(bo.replica, 'lease.expire', 70);
    await meet(ana, bo, cy);
    const next = claims(cy, first);
    await told(cy.replica, 'claim.request', 72);
    await pull(cy, bo);
    await told(bo.replica, 'claim.grant', 72);
    await meet(bo, cy);
    expect(holder(await next)).toEqual(['cy', 'granted']);
    await meet(ana, bo, cy);
    await equal(ana, bo, cy);
  });

  it('CLM-15: is moved by force, and what the old arbiter granted apart from that is no claim, and is told of', async () => {
    const { ana, bo, cy } = await team();
    const [one, two, three] = await Promise.all(
      ['One', 'Two', 'Three'].map(async (title) => (await ana.replica.tasks.create({ title })).id),
    );
    if (!one || !two || !three) throw new Error('no tasks');
    await meet(ana, bo, cy);
    const early = claims(cy, one);
    await told(cy.replica, 'claim.request');
    await pull(cy, ana);
    await told(ana.replica, 'claim.grant');
    await meet(ana, cy, bo);
    expect(holder(await early)).toEqual(['cy', 'granted']);
    await meet(ana, bo, cy);

    // The arbiter and cy are apart from bo, who has the office moved.
    const late = claims(cy, two);
    await told(cy.replica, 'claim.request', 2);
    await pull(cy, ana);
    await told(ana.replica, 'claim.grant', 2);
    await pull(ana, cy);
    expect(holder(await late)).toEqual(['cy', 'granted']);
    // Made by the owner's machine and not the first, bo is a member there: an admin is who may.
    await refused(bo.replica.arbiter.move({ to: bo.replica.id, force: true }), 'forbidden');
    const moved = await ownerOn(bo).arbiter.move({ to: bo.replica.id, force: true });
    expect(moved).toMatchObject({ self: true, term: 2, how: 'move', by: { handle: 'ana' }, grants: 1 });
    expect(holder(await bo.replica.tasks.claim(two, { need: 'granted' }))).toEqual(['bo', 'granted']);

    await meet(ana, bo, cy);
    for (const one of [ana, bo, cy]) await one.source.idle();
    await meet(ana, bo, cy);
    for (const { replica } of [ana, bo, cy]) {
      expect(holder(await replica.tasks.get(one))).toEqual(['cy', 'granted']);
      expect(holder(await replica.tasks.get(two))).toEqual(['bo', 'granted']);
      expect((await replica.tasks.get(two)).claim?.lost).toBeUndefined();
    }
    const lost = (await cy.replica.inbox()).items.filter(({ kind }) => kind === 'lost');
    expect(lost).toMatchObject([{ subject: two }]);
    expect(lost[0]?.text).toBe('grant cut as the arbiter was moved, held by bo (granted), now doing: Two');
    const events = await feedOf(cy.replica);
    expect(events.some(({ type, subject }) => type === 'revised' && subject === two)).toBe(true);
    // The old arbiter knows, and grants nothing.
    const asked = claims(ana, three);
    await told(ana.replica, 'claim.request', 4);
    expect((await ana.replica.tasks.get(three)).claim).toBeNull();
    await pull(ana, bo);
    await told(bo.replica, 'claim.grant', 3);
    await pull(bo, ana);
    expect(holder(await asked)).toEqual(['ana', 'granted']);
    await meet(ana, bo, cy);
    await equal(ana, bo, cy);
  });

  it('CLM-15: moved by force, grants nothing before it has what the frontier lets count', async () => {
    const { time, ana, bo, cy } = await team();
    const { id: one } = await ana.replica.tasks.create({ title: 'One' });
    const { id: two } = await ana.replica.tasks.create({ title: 'Two' });
    await meet(ana, bo, cy);
    // What ana granted reaches bo alone, who moves the office to cy; cy hears of the move and of no grant.
    await ana.replica.tasks.claim(one, { need: 'granted' });
    await pull(ana, bo);
    await ownerOn(bo).arbiter.move({ to: cy.replica.id, force: true });
    const members = await bo.source.diff('log/members/1', await cy.source.stateVector('log/members/1'));
    expect(await cy.source.receive('log/members/1', members, 997)).toMatchObject({ ok: true });
    await cy.source.idle();
    expect(await cy.replica.arbiter.get()).toMatchObject({ self: true, how: 'move' });

    const early = cy.replica.tasks.claim(one, { need: 'granted', timeout: 500 });
    const refusal = refused(early, 'not_certain');
    await told(cy.replica, 'claim.request');
    time.advance(500);
    expect((await refusal).hint).toContain('where the office was moved');
    const waits = claims(cy, two);
    await told(cy.replica, 'claim.request', 2);
    expect((await cy.replica.tasks.get(two)).claim).toBeNull();
    await pull(bo, cy);
    // It looks again by itself.
    time.advance(1000);
    expect(holder(await waits)).toEqual(['cy', 'granted']);
    await refused(cy.replica.tasks.claim(one, { need: 'granted' }), 'held');
    await meet(ana, bo, cy);
    for (const { replica } of [ana, bo, cy])
      expect(holder(await replica.tasks.get(one))).toEqual(['ana', 'granted']);
    await equal(ana, bo, cy);
  });
});

/** The owner, who is a member of the same machine: any of its replicas speaks for it. */
const ownerOn = ({ replica }: Peer) => replica.as('ana');
