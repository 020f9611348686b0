import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Event, Task } from '../../schemas/index.ts';
import type { Replica } from '../../src/replica/surface.ts';
import { restoreBackup } from '../../src/replica/upkeep/restore.ts';
import { type Clock, clock } from './support/clock.ts';
import { feedOf, refused } from './support/open.ts';
import { equal, meet, type Peer, peer, peers, pull } from './sync/support.ts';

/** Replicas with one clock; the first is the arbiter, and each made itself known. */
async function team(...names: string[]): Promise<[clock: Clock, ...all: Peer[]]> {
  const time = clock();
  const all = await peers(names, () => time);
  for (const { replica } of all) await replica.messages.post('general', { text: 'here' });
  await meet(...all);
  return [time, ...all];
}

/** Resolves when so many events of a type are in the feed. */
async function told(replica: Replica, type: string, count = 1): Promise<Event> {
  let seen = 0;
  for await (const event of replica.events({ since: '0', types: type })) if (++seen === count) return event;
  throw new Error('the replica closed');
}

/** What a call ends with, kept until it is asked for. */
const kept = <T>(work: Promise<T>): Promise<T> => {
  work.catch(() => undefined);
  return work;
};

/** Asks for a grant; resolves when the request is on disk. */
async function asks(one: Peer, id: string, input: Parameters<Replica['tasks']['claim']>[1] = {}) {
  const before = (await types(one)).filter((type) => type === 'claim.request').length;
  const claim = kept(one.replica.tasks.claim(id, { need: 'granted', ...input }));
  await Promise.race([told(one.replica, 'claim.request', before + 1), claim.catch(() => undefined)]);
  return { claim };
}

const types = async ({ replica }: Peer): Promise<string[]> =>
  (await feedOf(replica)).map(({ type }) => type).filter((type) => /^(claim|lease)\./.test(type));

const holder = ({ claim }: Task) => claim && [claim.by.handle, claim.certainty];

describe('a claim that needs a grant', () => {
  it('CLM-10: is granted by the arbiter when the request arrives there, and counts when that is back', async () => {
    const [, ana, bo] = await team('ana', 'bo');
    if (!ana || !bo) throw new Error('no peers');
    const { id } = await ana.replica.tasks.create({ title: 'One' });
    await meet(ana, bo);
    const { claim } = await asks(bo, id);
    expect((await bo.replica.tasks.get(id)).claim).toBeNull();
    await pull(bo, ana);
    await told(ana.replica, 'claim.grant');
    await pull(ana, bo);
    expect(holder(await claim)).toEqual(['bo', 'granted']);
    await meet(ana, bo);
    expect(holder(await ana.replica.tasks.get(id))).toEqual(['bo', 'granted']);
    await equal(ana, bo);
  });

  it('CLM-10: of many who ask for one task one is granted it, and the others are told who', async () => {
    const [, ana, bo, cy] = await team('ana', 'bo', 'cy');
    if (!ana || !bo || !cy) throw new Error('no peers');
    const { id } = await ana.replica.tasks.create({ title: 'One' });
    await meet(ana, bo, cy);
    const claims = [await asks(bo, id), await asks(cy, id)].map(({ claim }) => claim);
    await pull(bo, ana);
    await pull(cy, ana);
    await told(ana.replica, 'claim.grant');
    await meet(ana, bo, cy);
    const ended = await Promise.allSettled(claims);
    expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await refused(claims[1]!, 'held');
    await meet(ana, bo, cy);
    for (const one of [ana, bo, cy])
      expect(holder(await one.replica.tasks.get(id))).toEqual(['bo', 'granted']);
    expect((await types(ana)).filter((type) => type === 'claim.grant')).toHaveLength(1);
    await equal(ana, bo, cy);
  });

  it('CLM-12: many may wait at once, and no process is warned of it', async () => {
    const [, ana, bo] = await team('ana', 'bo');
    if (!ana || !bo) throw new Error('no peers');
    const { id } = await ana.replica.tasks.create({ title: 'One' });
    await meet(ana, bo);
    const warnings: string[] = [];
    const note = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', note);
    onTestFinished(() => void process.off('warning', note));
    const claims = Array.from({ length: 12 }, (_, n) =>
      kept(bo.replica.as(`bo-${n}`).tasks.claim(id, { need: 'granted' })),
    );
    await told(bo.replica, 'claim.request', 12);
    await bo.replica.close();
    await Promise.all(claims.map((claim) => refused(claim, 'closed')));
    expect(warnings).toEqual([]);
  });

  it('CLM-12: leaves no claim behind on a timeout, also where the grant was on its way', async () => {
    const [time, ana, bo] = await team('ana', 'bo');
    if (!ana || !bo) throw new Error('no peers');
    const { id } = await ana.replica.tasks.create({ title: 'One' });
    await meet(ana, bo);
    const { claim } = await asks(bo, id, { timeout: 2000 });
    await pull(bo, ana);
    await told(ana.replica, 'claim.grant');
    expect(holder(await ana.replica.tasks.get(id))).toEqual(['bo', 'granted']);
    time.advance(2000);
    const error = await refused(claim, 'not_certain');
    expect(error.hint).toContain('Nothing is left');
    expect((await bo.replica.tasks.get(id)).claim).toBeNull();
    await meet(ana, bo);
    for (const one of [ana, bo]) expect((await one.replica.tasks.get(id)).claim).toBeNull();
    await equal(ana, bo);
    // The task is free for the next.
    expect(holder(await ana.replica.tasks.claim(id, { need: 'granted' }))).toEqual(['ana', 'granted']);
  });

  it('CLM-11: nothing is granted after the time of a request, by the clock of the arbiter', async () => {
    const [time, ana, bo] = await team('ana', 'bo');
    if (!ana || !bo) throw new Error('no peers');
    const { id } = await ana.replica.tasks.create({ title: 'One' });
    const { id: next } = await ana.replica.tasks.create({ title: 'Two' });
    await meet(ana, bo);
    const { claim } = await asks(bo, id, { timeout: 2000 });
    // It goes down while it waits: nothing withdraws the request.
    await bo.reopen();
    await refused(claim, 'closed');
    time.advance(2000);
    await pull(bo, ana);
    await ana.replica.tasks.claim(next, { need: 'granted' });
    expect((await told(ana.replica, 'claim.grant')).subject).toBe(next);
    expect((await ana.replica.tasks.get(id)).claim).toBeNull();
  });

  it('CLM-12: is no claim where the task is done meanwhile, or the request counts no more', async () => {
    const [, ana, bo] = await team('ana', 'bo');
    if (!ana || !bo) throw new Error('no peers');
    const { id } = await ana.replica.tasks.create({ title: 'One' });
    const { id: other } = await ana.replica.tasks.create({ title: 'Two' });
    await meet(ana, bo);
    const { claim } = await asks(bo, id);
    await bo.replica.tasks.move(id, { to: 'cancelled' });
    expect((await refused(claim, 'illegal_move')).legal).toContain('todo');
    const { claim: second } = await asks(bo, other);
    await ana.replica.replicas.revoke(bo.replica.id);
    await pull(ana, bo);
    await refused(second, 'not_certain');
    expect((await bo.replica.tasks.get(other)).claim).toBeNull();
  });

  it('CLM-13: a repeat of its key answers what the first was answered', async () => {
    const [time, ana, bo] = await team('ana', 'bo');
    if (!ana || !bo) throw new Error('no peers');
    const { id } = await ana.replica.tasks.create({ title: 'One' });
    await meet(ana, bo);
    const key = { key: 'k1' };
    const input = { need: 'granted' as const, timeout: 2000 };
    const claims = [0, 1].map(() => kept(bo.replica.tasks.claim(id, input, key)));
    await told(bo.replica, 'claim.request');
    time.advance(2000);
    for (const claim of claims) await refused(claim, 'not_certain');
    await refused(bo.replica.tasks.claim(id, { ...input, timeout: 100 }, key), 'not_certain');
    expect(await types(bo)).toEqual(['claim.request', 'claim.withdraw']);

    const first = await ana.replica.tasks.claim(id, input, key);
    expect(await ana.replica.tasks.claim(id, input, key)).toEqual(first);
    await ana.replica.tasks.release(id);
    // It was granted once: the answer is the task as it is.
    expect((await ana.replica.tasks.claim(id, input, key)).claim).toBeNull();
    expect((await types(ana)).filter((type) => type === 'claim.grant')).toHaveLength(1);
  });
});

describe('leases', () => {
  it('CLM-11: end by the clock of the arbiter, also when that is over before it opens', async () => {
    const [time, ana, bo] = await team('ana', 'bo');
    if (!ana || !bo) throw new Error('no peers');
    const [one, two] = [
      await ana.replica.tasks.create({ title: 'One' }),
      await ana.replica.tasks.create({ title: 'Two' }),
    ];
    const until = time.now() + 60_000;
    for (const { id } of [one, two])
      expect(await ana.replica.tasks.claim(id, { need: 'granted', ttl: 60_000 })).toMatchObject({
        claim: { until: new Date(until).toISOString() },
      });
    time.advance(59_000);
    expect(holder(await ana.replica.tasks.get(one.id))).toEqual(['ana', 'granted']);
    // Who asks for it now is told who holds it.
    await meet(ana, bo);
    await refused(bo.replica.tasks.claim(one.id, { need: 'granted' }), 'held');
    time.advance(1000);
    await told(ana.replica, 'lease.expire', 2);
    for (const { id } of [one, two]) expect((await ana.replica.tasks.get(id)).claim).toBeNull();

    const again = await ana.replica.tasks.claim(one.id, { need: 'granted', ttl: 60_000 });
    expect(holder(again)).toEqual(['ana', 'granted']);
    await ana.replica.close();
    time.advance(60_000);
    await ana.reopen(time);
    await told(ana.replica, 'lease.expire', 3);
    expect((await ana.replica.tasks.get(one.id)).claim).toBeNull();
  });

  it('CLM-10: a lease whose time is over is given to who asks next', async () => {
    const [time, ana, bo] = await team('ana', 'bo');
    if (!ana || !bo) throw new Error('no peers');
    const { id } = await ana.replica.tasks.create({ title: 'One' });
    await ana.replica.tasks.claim(id, { need: 'granted', ttl: 60_000 });
    await meet(ana, bo);
    time.advance(61_000);
    // It did not hear yet that the lease ended, and asks all the same.
    const { claim } = await asks(bo, id);
    await pull(bo, ana);
    await told(ana.replica, 'claim.grant', 2);
    await meet(ana, bo);
    expect(holder(await claim)).toEqual(['bo', 'granted']);
    await meet(ana, bo);
    await equal(ana, bo);
  });

  it.each(['granted', 'tentative'] as const)(
    'CLM-7: of a %s claim are what its holder asks for again',
    async (need) => {
      const [time, ana] = await team('ana');
      if (!ana) throw new Error('no peer');
      const { id } = await ana.replica.tasks.create({ title: 'One' });
      const claimed = (ttl?: number) =>
        ana.replica.tasks.claim(id, { need, ...(ttl === undefined ? {} : { ttl }) });
      const until = (ttl: number) => ({ claim: { until: new Date(time.now() + ttl).toISOString() } });
      const first = await claimed(60_000);
      expect(first).toMatchObject(until(60_000));
      expect(await claimed()).toEqual(first);
      expect(await claimed(60_000)).toEqual(first);
      expect(await claimed(600_000)).toMatchObject(until(600_000));
      expect(await claimed(60_000)).toMatchObject(until(60_000));
      expect(holder(await ana.replica.tasks.get(id))).toEqual(['ana', need]);
    },
  );

  it('CLM-7: are renewed by the arbiter, at most once in half of their time', async () => {
    const [time, ana, bo] = await team('ana', 'bo');
    if (!ana || !bo) throw new Error('no peers');
    const { id } = await ana.replica.tasks.create({ title: 'One' });
    await meet(ana, bo);
    await refused(bo.replica.tasks.renew(id), 'not_held');
    const { claim } = await asks(bo, id, { ttl: 60_000 });
    await pull(bo, ana);
    await told(ana.replica, 'claim.grant');
    await pull(ana, bo);
    const first = (await claim).claim?.until;
    expect((await bo.replica.tasks.renew(id, { ttl: 60_000 })).claim?.until).toBe(first);
    expect(await types(bo)).toEqual(['claim.request', 'claim.grant']);

    time.advance(40_000);
    const renewing = kept(bo.replica.tasks.renew(id, { ttl: 60_000 }));
    await told(bo.replica, 'claim.request', 2);
    await pull(bo, ana);
    await told(ana.replica, 'claim.grant', 2);
    await pull(ana, bo);
    expect((await renewing).claim?.until).toBe(new Date(time.now() + 60_000).toISOString());
    await refused(ana.replica.tasks.renew(id), 'not_held');

    // The arbiter does not hear of the next: the lease ends when it would have.
    time.advance(40_000);
    const late = kept(bo.replica.tasks.renew(id, { ttl: 60_000, timeout: 1000 }));
    await told(bo.replica, 'claim.request', 3);
    time.advance(1000);
    await refused(late, 'not_certain');
    expect(holder(await bo.replica.tasks.get(id))).toEqual(['bo', 'granted']);
    time.advance(60_000);
    await refused(bo.replica.tasks.renew(id), 'not_held');
    // A tentative claim is its holder's to renew.
    const { id: other } = await bo.replica.tasks.create({ title: 'Two' });
    await bo.replica.tasks.claim(other, { ttl: 60_000 });
    time.advance(40_000);
    expect((await bo.replica.tasks.renew(other, { ttl: 60_000 })).claim).toMatchObject({
      certainty: 'tentative',
      until: new Date(time.now() + 60_000).toISOString(),
    });
  });
});

describe('who holds a task', () => {
  it('CLM-5: another session takes over, and an admin takes it by force with a reason', async () => {
    const [, ana, bo] = await team('ana', 'bo');
    if (!ana || !bo) throw new Error('no peers');
    const { replica } = ana;
    const { id } = await replica.tasks.create({ title: 'One' });
    const first = await replica.tasks.claim(id, { need: 'granted', incarnation: 'i1' });
    // A session that does not say which it is goes on with what its predecessor holds.
    expect(await replica.tasks.claim(id)).toEqual(first);
    const second = await replica.tasks.claim(id, { incarnation: 'i2' });
    expect(second.claim).toMatchObject({ certainty: 'granted', incarnation: 'i2' });
    expect(second.claim?.lost).toBeUndefined();

    await refused(replica.as('cy').tasks.claim(id, { force: true, reason: 'because' }), 'forbidden');
    await replica.tasks.release(id);
    await replica.as('cy').tasks.claim(id, { need: 'granted' });
    await refused(replica.tasks.claim(id, { need: 'granted' }), 'held');
    await refused(replica.tasks.claim(id, { need: 'granted', force: true }), 'invalid');
    const forced = await replica.tasks.claim(id, { need: 'granted', force: true, reason: 'Cy is away' });
    expect(holder(forced)).toEqual(['ana', 'granted']);
    const said = (await feedOf(replica)).find(({ data }) => data['force'] === true);
    expect(said?.body?.['reason']).toBe('Cy is away');
    await meet(ana, bo);
    await equal(ana, bo);
  });

  it('CLM-4: apart, a grant beats a tentative claim, and of two tentative ones the first holds', async () => {
    const [time, ana, bo, cy] = await team('ana', 'bo', 'cy');
    if (!ana || !bo || !cy) throw new Error('no peers');
    const { id: one } = await ana.replica.tasks.create({ title: 'One' });
    const { id: two } = await ana.replica.tasks.create({ title: 'Two' });
    await meet(ana, bo, cy);
    await bo.replica.tasks.claim(one);
    time.advance(10);
    await ana.replica.tasks.claim(one, { need: 'granted' });
    await bo.replica.tasks.claim(two);
    time.advance(10);
    await cy.replica.tasks.claim(two);
    await meet(ana, bo, cy);
    for (const { replica } of [ana, bo, cy]) {
      const [granted, plain] = [await replica.tasks.get(one), await replica.tasks.get(two)];
      expect([holder(granted), granted.claim?.lost?.map(({ by }) => by.handle)]).toEqual([
        ['ana', 'granted'],
        ['bo'],
      ]);
      expect([holder(plain), plain.claim?.lost?.map(({ by }) => by.handle)]).toEqual([
        ['bo', 'tentative'],
        ['cy'],
      ]);
    }
    await equal(ana, bo, cy);
  });

  it('CLM-17: who lost a claim made apart is told on every replica, as long as it stands behind another', async () => {
    const [time, ana, bo, cy] = await team('ana', 'bo', 'cy');
    if (!ana || !bo || !cy) throw new Error('no peers');
    const { id, short } = await ana.replica.tasks.create({ title: 'One' });
    await meet(ana, bo, cy);
    await bo.replica.tasks.claim(id);
    time.advance(10);
    await cy.replica.tasks.claim(id);
    await ana.replica.tasks.claim(id, { need: 'granted' });
    const lost = async ({ replica }: Peer, handle: string) =>
      (await replica.as(handle).inbox()).items.filter(({ kind }) => kind === 'lost');
    await meet(ana, bo, cy);
    const ids = new Set<string>();
    for (const one of [ana, bo, cy]) {
      expect(await lost(one, 'ana')).toEqual([]);
      for (const handle of ['bo', 'cy']) {
        const items = await lost(one, handle);
        expect(items).toMatchObject([{ subject: id, place: short }]);
        expect(items[0]?.text).toBe('claim lost to ana (granted), now doing: One');
        for (const item of items) ids.add(item.id);
      }
    }
    expect(ids.size).toBe(2);
    // A longer lease of the holder is nothing new. Then it gives the task back, and the first of the others holds it.
    time.advance(40 * 60_000);
    await ana.replica.tasks.renew(id);
    await meet(ana, bo, cy);
    expect(ids.has((await lost(bo, 'bo'))[0]?.id ?? '')).toBe(true);
    await ana.replica.tasks.release(id);
    await meet(ana, bo, cy);
    for (const one of [ana, bo, cy]) {
      expect(holder(await one.replica.tasks.get(id))).toEqual(['bo', 'tentative']);
      expect(await lost(one, 'bo')).toEqual([]);
      expect(await lost(one, 'cy')).toMatchObject([{ by: { handle: 'cy' } }]);
    }
  });

  it('CLM-8: a result of somebody else is contested, and the reviewer decides', async () => {
    const [, ana, bo] = await team('ana', 'bo');
    if (!ana || !bo) throw new Error('no peers');
    const { id } = await ana.replica.tasks.create({ title: 'One' });
    await meet(ana, bo);
    await ana.replica.as('cy').tasks.claim(id, { need: 'granted' });
    await bo.replica.tasks.claim(id);
    const result = await bo.replica.tasks.move(id, { to: 'done' });
    expect(result).toMatchObject({ status: 'done', claim: null });
    await meet(ana, bo);
    for (const { replica } of [ana, bo])
      expect((await replica.tasks.get(id)).contested).toMatchObject({
        results: [{ by: { handle: 'bo' } }],
        grants: [{ by: { handle: 'cy' } }],
      });
    const asked = (await ana.replica.inbox()).items.filter(({ kind }) => kind === 'review');
    expect(asked).toMatchObject([{ subject: id, by: { handle: 'bo' } }]);
    await refused(ana.replica.as('cy').tasks.decide(id, { accept: true }), 'forbidden');
    const back = await ana.replica.tasks.decide(id, { accept: false, reason: 'Not yet' });
    expect([back.status, holder(back), back.contested]).toEqual(['doing', ['cy', 'granted'], undefined]);
    await refused(ana.replica.tasks.decide(id, { accept: true }), 'illegal_move');
    await meet(ana, bo);
    await equal(ana, bo);
  });
});

it('CLM-10: a restored arbiter grants nothing before it synced with a peer', async () => {
  const time = clock();
  const [ana, bo] = await peers(['ana', 'bo'], () => time);
  if (!ana || !bo) throw new Error('no peers');
  const { id } = await ana.replica.tasks.create({ title: 'One' });
  await bo.replica.messages.post('general', { text: 'here' });
  await meet(ana, bo);
  const backup = join(ana.at.root, 'backup');
  await ana.replica.backup({ directory: backup });
  // What it granted after the backup, it does not know.
  const first = await asks(bo, id);
  await pull(bo, ana);
  await told(ana.replica, 'claim.grant');
  await meet(ana, bo);
  expect(holder(await first.claim)).toEqual(['bo', 'granted']);
  const { grant } = (await bo.replica.tasks.get(id)).claim ?? {};
  await ana.replica.close();
  const directory = join(ana.at.root, 'restored');
  await restoreBackup({ backup, directory });
  const restored = await peer('restored', ana.at.root, time);
  const { id: other } = await bo.replica.tasks.create({ title: 'Two' });
  const second = await asks(bo, other);
  await pull(bo, restored);
  time.advance(1500);
  expect((await restored.replica.tasks.get(other)).claim).toBeNull();
  expect(await types(restored)).toContain('claim.grant');
  await restored.source.caughtUp();
  time.advance(1500);
  await told(restored.replica, 'claim.grant', 2);
  await meet(bo, restored);
  const later = (await second.claim).claim;
  expect(holder(await restored.replica.tasks.get(id))).toEqual(['bo', 'granted']);
  expect(later?.grant?.epoch.counter).toBeGreaterThan(grant?.epoch.counter ?? 0);
  await meet(bo, restored);
  await equal(bo, restored);
});
