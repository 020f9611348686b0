import { describe, expect, it } from 'vitest';
import type { Event, Task } from '../../schemas/index.ts';
import type { Replica } from '../../src/replica/surface.ts';
import { type Clock, clock } from './support/clock.ts';
import { feedOf, refused } from './support/open.ts';
import { equal, meet, type Peer, peers, pull, session } from './sync/support.ts';

const minute = 60_000;
const ttl = 20 * minute;

/** Replicas with one clock; the first is the arbiter. */
async function team(...names: string[]): Promise<{ time: Clock; all: Peer[] }> {
  const time = clock();
  const all = await peers(names, () => time);
  for (const { replica } of all) await replica.messages.post('general', { text: 'here' });
  await meet(...all);
  return { time, all };
}

const types = async ({ replica }: Peer): Promise<string[]> =>
  (await feedOf(replica)).map(({ type }) => type).filter((type) => /^(claim|lease)\./.test(type));

/** Resolves when so many events of a type are in the feed. */
async function told(replica: Replica, type: string, count = 1): Promise<Event> {
  let seen = 0;
  for await (const event of replica.events({ since: '0', types: type })) if (++seen === count) return event;
  throw new Error('the replica closed');
}

/** What is said at one replica next, once it is signed, is told to another. */
async function says(from: Peer, to: Peer, said: () => unknown): Promise<void> {
  const told = new Promise<string>((resolve) => {
    const stop = from.source.statements.onNew((name) => {
      stop();
      resolve(name);
    });
  });
  await said();
  const statement = from.source.statements.named(await told);
  if (statement) await to.source.statements.take(statement, session());
}

/** A task that bo was granted, by the arbiter ana. */
async function granted(ana: Peer, bo: Peer, incarnation?: string): Promise<Task> {
  const { id } = await ana.replica.tasks.create({ title: 'One' });
  await meet(ana, bo);
  const claim = bo.replica.tasks.claim(id, { need: 'granted', ttl, ...(incarnation ? { incarnation } : {}) });
  await told(bo.replica, 'claim.request');
  await pull(bo, ana);
  await told(ana.replica, 'claim.grant');
  await pull(ana, bo);
  return claim;
}

const holder = ({ claim }: Task) => claim && [claim.by.handle, claim.certainty];

describe('a claim whose session lives', () => {
  it('CLM-18: does not end while its holder says that it works on it; the arbiter writes once in most of a lease', async () => {
    const { time, all } = await team('ana', 'bo');
    const [ana, bo] = all as [Peer, Peer];
    const { id, short } = await granted(ana, bo);
    for (let round = 1; round <= 4; round++) {
      // Any number of heartbeats is no operation.
      for (let beat = 0; beat < 5; beat++) {
        await says(bo, ana, () => bo.replica.presence.set({ state: 'working', task: short }));
        time.advance(3 * minute);
      }
      await told(ana.replica, 'claim.renew', round);
      const { claim } = await ana.replica.tasks.get(id);
      expect(claim?.until).toBe(new Date(time.now() + ttl).toISOString());
    }
    expect(await types(ana)).toEqual(['claim.request', 'claim.grant', ...Array(4).fill('claim.renew')]);
    await meet(ana, bo);
    expect(holder(await bo.replica.tasks.get(id))).toEqual(['bo', 'granted']);
    await refused(ana.replica.tasks.claim(id, { need: 'granted' }), 'held');
    // The session ends, and with it the lease: as a fact, that an operation says.
    await says(bo, ana, () => bo.replica.presence.set({ state: 'idle' }));
    time.advance(ttl);
    await told(ana.replica, 'lease.expire');
    await meet(ana, bo);
    const error = await refused(bo.replica.tasks.renew(id), 'not_held');
    expect(error).toMatchObject({ message: 'Nobody holds this task.', legal: ['claim'] });
    await ana.replica.tasks.claim(id, { need: 'granted' });
    await meet(ana, bo);
    expect((await refused(bo.replica.tasks.renew(id), 'not_held')).hint).toContain('@ana');
    await equal(ana, bo);
  });

  it('CLM-18: lives by its own session, and not by another of its member', async () => {
    const { time, all } = await team('ana', 'bo');
    const [ana, bo] = all as [Peer, Peer];
    const { id } = await granted(ana, bo, 'second');
    await says(bo, ana, () => bo.replica.presence.set({ state: 'idle', session: 'second', ttl: 3600 }));
    time.advance((ttl * 3) / 4);
    await told(ana.replica, 'claim.renew');
    await says(bo, ana, () => bo.replica.presence.set({ state: 'offline', session: 'second' }));
    await says(bo, ana, () => bo.replica.presence.set({ state: 'idle', session: 'first', ttl: 3600 }));
    time.advance(ttl);
    await told(ana.replica, 'lease.expire');
    expect((await ana.replica.tasks.get(id)).claim).toBeNull();
  });

  it('CLM-18: lives while its member follows a stream of events, and shows nothing of that', async () => {
    const { time, all } = await team('ana', 'bo');
    const [ana, bo] = all as [Peer, Peer];
    const { id } = await granted(ana, bo);
    const gone = new AbortController();
    const stream = bo.replica.events({ signal: gone.signal })[Symbol.asyncIterator]();
    const next = stream.next();
    await says(bo, ana, () => time.advance(5000));
    // Renewed each minute, by nothing that is written.
    for (let passed = 1; passed < 15; passed++) await says(bo, ana, () => time.advance(minute));
    time.advance(minute);
    await told(ana.replica, 'claim.renew');
    expect((await ana.replica.presence.list({ member: 'bo' })).items[0]).toMatchObject({
      state: 'offline',
      sessions: 0,
    });
    await says(bo, ana, async () => {
      gone.abort();
      await next;
      await stream.return?.();
    });
    time.advance(ttl);
    await told(ana.replica, 'lease.expire');
    expect((await ana.replica.tasks.get(id)).claim).toBeNull();
  });

  it('CLM-18: stays as long where it is tentative, and nothing is written for it', async () => {
    const { time, all } = await team('ana', 'bo');
    const [ana, bo] = all as [Peer, Peer];
    const { id, short } = await bo.replica.tasks.create({ title: 'Two' });
    await bo.replica.tasks.claim(id, { ttl });
    await meet(ana, bo);
    await says(bo, ana, () => bo.replica.presence.set({ state: 'working', task: short, ttl: 3600 }));
    time.advance(ttl + minute);
    expect((await ana.replica.tasks.get(id)).claim?.certainty).toBe('tentative');
    expect(await types(ana)).toEqual(['claim.request']);
    time.advance(60 * minute);
    await told(ana.replica, 'lease.expire');
  });

  it('CLM-18: is not renewed once the task is done: who is done needs no lease', async () => {
    const { time, all } = await team('ana', 'bo');
    const [ana, bo] = all as [Peer, Peer];
    const other = await granted(ana, bo);
    await says(bo, ana, () => bo.replica.presence.set({ state: 'working', task: other.id, ttl: 3600 }));
    await bo.replica.tasks.move(other.id, { to: 'done' });
    await meet(ana, bo);
    time.advance(ttl);
    expect(await types(ana)).not.toContain('claim.renew');
  });
});
