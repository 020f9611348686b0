import { describe, expect, it } from 'vitest';
import type { Event } from '../../schemas/index.ts';
import type { Replica } from '../../src/replica/surface.ts';
import { feedOf, home, open } from './support/open.ts';
import { equal, meet, type Peer, peers, pull } from './sync/support.ts';

async function told(replica: Replica, type: string): Promise<Event> {
  for await (const event of replica.events({ since: '0', types: type })) return event;
  throw new Error('the replica closed');
}

const claims = async ({ replica }: Peer): Promise<string[]> =>
  (await feedOf(replica)).map(({ type }) => type).filter((type) => type.startsWith('claim.'));

/** An arbiter, another replica, and a task that both know. */
async function pair(): Promise<[ana: Peer, bo: Peer, id: string]> {
  const [ana, bo] = await peers(['ana', 'bo']);
  if (!ana || !bo) throw new Error('no peers');
  for (const { replica } of [ana, bo]) await replica.messages.post('general', { text: 'here' });
  await meet(ana, bo);
  const { id } = await ana.replica.tasks.create({ title: 'One' });
  await meet(ana, bo);
  return [ana, bo, id];
}

describe('a claim that is cancelled', () => {
  it('CLM-12: is withdrawn where its signal aborts while it waits, and a grant on its way is void', async () => {
    const [ana, bo, id] = await pair();
    const stop = new AbortController();
    const claim = bo.replica.tasks.claim(id, { need: 'granted', timeout: 600_000 }, { signal: stop.signal });
    claim.catch(() => undefined);
    await told(bo.replica, 'claim.request');
    await pull(bo, ana);
    await told(ana.replica, 'claim.grant');
    const why = new Error('enough');
    stop.abort(why);
    await expect(claim).rejects.toBe(why);
    expect(await claims(bo)).toEqual(['claim.request', 'claim.withdraw']);
    await meet(ana, bo);
    for (const { replica } of [ana, bo]) {
      expect(await replica.tasks.get(id)).toMatchObject({ claim: null, status: 'todo', ready: true });
    }
    await equal(ana, bo);
  });

  it('CLM-12: is given back where it was granted before that was seen', async () => {
    const kai = await open(home());
    const { id } = await kai.tasks.create({ title: 'One' });
    const stop = new AbortController();
    const claim = kai.tasks.claim(id, { need: 'granted' }, { signal: stop.signal });
    stop.abort();
    await expect(claim).rejects.toBe(stop.signal.reason);
    expect(await kai.tasks.get(id)).toMatchObject({ claim: null, status: 'todo' });
  });

  it('CLM-13: leaves alone what an earlier call under its key came by', async () => {
    const kai = await open(home());
    const { id } = await kai.tasks.create({ title: 'One' });
    const { claim } = await kai.tasks.claim(id, { need: 'granted' }, { key: 'k' });
    const stop = new AbortController();
    const again = kai.tasks.claim(id, { need: 'granted' }, { key: 'k', signal: stop.signal });
    stop.abort();
    await expect(again).rejects.toBe(stop.signal.reason);
    expect((await kai.tasks.get(id)).claim?.operation).toBe(claim?.operation);
  });
});
