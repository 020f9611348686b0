import { describe, expect, it } from 'vitest';
import type { PresenceStatement } from '../../schemas/index.ts';
import { statementBytes } from '../../src/replica/presence/statements.ts';
import { clock } from './support/clock.ts';
import { meet, type Peer, peers, pull, session } from './sync/support.ts';

const minute = 60_000;

/** Replicas with one clock, each with a member that is known to all. */
async function team(...names: string[]) {
  const time = clock();
  const all = await peers(names, () => time);
  for (const { replica } of all) await replica.messages.post('general', { text: 'here' });
  await meet(...all);
  return { time, all };
}

/** Resolves with the name of the next statement that is new to a replica. */
const next = ({ source }: Peer): Promise<string> =>
  new Promise((resolve) => {
    const stop = source.statements.onNew((name) => {
      stop();
      resolve(name);
    });
  });

/** Says something; resolves once it is signed. */
async function says(peer: Peer, input: Parameters<Peer['replica']['presence']['set']>[0]): Promise<void> {
  const told = next(peer);
  await peer.replica.presence.set(input);
  await told;
}

/** Gives what one replica holds to another, as a session would. */
async function tell(from: Peer, to: Peer): Promise<void> {
  for (const name of from.source.statements.names()) {
    const statement = from.source.statements.named(name);
    if (statement) await to.source.statements.take(statement, session());
  }
}

/** A statement that a replica signs whatever it says. */
async function signedBy(peer: Peer, said: Partial<PresenceStatement>, workspace = peer.source.workspace) {
  const text = JSON.stringify({
    member: peer.replica.member.id,
    replica: peer.replica.id,
    session: '',
    state: 'working',
    ttl: 5 * minute,
    ...said,
  });
  return { text, sig: await peer.source.sign(statementBytes(workspace, text)), age: 0 };
}

const shown = async ({ replica }: Peer, member: string) => {
  const [found] = (await replica.presence.list({ member })).items;
  return found && [found.state, found.note, found.replica];
};

const faults = ({ source }: Peer) => Object.fromEntries(source.statements.faults());

describe('presence between replicas', () => {
  it('PRS-6: is seen elsewhere with its task, since when, and through another; it ends there by itself', async () => {
    const { time, all } = await team('ana', 'bo', 'cy');
    const [ana, bo, cy] = all as [Peer, Peer, Peer];
    const task = await ana.replica.tasks.create({ title: 'One' });
    await meet(...all);
    await says(ana, { state: 'working', task: task.short, note: 'the parser', ttl: 100 });
    const since = new Date(time.now()).toISOString();
    time.advance(40_000);
    await tell(ana, bo);
    await tell(bo, cy);
    const [there] = (await cy.replica.presence.list({ member: 'ana' })).items;
    expect(there).toMatchObject({
      member: { handle: 'ana' },
      state: 'working',
      task: { id: task.id, short: task.short },
      note: 'the parser',
      since,
      replica: ana.replica.id,
      sessions: 1,
    });
    // It holds as long as where it was said, and not as long again from its arrival on.
    const changes: string[] = [];
    cy.source.presence.onChange((member) => changes.push(member));
    time.advance(59_999);
    expect(await shown(cy, 'ana')).toEqual(['working', 'the parser', ana.replica.id]);
    time.advance(1);
    expect(changes).toEqual([ana.replica.member.id]);
    expect(await shown(cy, 'ana')).toEqual(['offline', null, null]);
    expect(cy.source.statements.names()).toEqual([]);
  });

  it('PRS-6: renewed or ended where it was said it is so elsewhere, each session for itself', async () => {
    const { time, all } = await team('ana', 'bo');
    const [ana, bo] = all as [Peer, Peer];
    await says(ana, { state: 'working', session: 'a', ttl: 100 });
    await says(ana, { state: 'idle', session: 'b', ttl: 100 });
    await tell(ana, bo);
    time.advance(90_000);
    await says(ana, { state: 'idle', session: 'b', ttl: 100 });
    await tell(ana, bo);
    time.advance(10_000);
    expect(await shown(bo, 'ana')).toEqual(['idle', null, ana.replica.id]);
    await says(ana, { state: 'offline', session: 'b' });
    // Who was not there when it ended hears of it later.
    await tell(ana, bo);
    expect(await shown(bo, 'ana')).toEqual(['offline', null, null]);
    expect(faults(bo)).toEqual({});
  });

  it('PRS-6: waits for the members log, where its member or its replica is not known yet', async () => {
    const time = clock();
    const [ana, bo] = (await peers(['ana', 'bo'], () => time)) as [Peer, Peer];
    // Said before the first write: it is told once the member is made.
    await ana.replica.presence.set({ state: 'waiting' });
    expect(ana.source.statements.names()).toEqual([]);
    const told = next(ana);
    await ana.replica.messages.post('general', { text: 'hello' });
    await told;
    await tell(ana, bo);
    expect(bo.source.statements.names()).toEqual([]);
    const heard = next(bo);
    await pull(ana, bo);
    await heard;
    expect(await shown(bo, 'ana')).toEqual(['waiting', null, ana.replica.id]);
  });

  it('PRS-7: a replica says nothing of a member that it does not host: it is left out and counted', async () => {
    const { time, all } = await team('ana', 'bo', 'cy');
    const [ana, bo, cy] = all as [Peer, Peer, Peer];
    const about = { clock: time.now(), since: time.now() };
    const ofAna = { ...about, member: ana.replica.member.id };
    const take = async (statement: Awaited<ReturnType<typeof signedBy>>) =>
      bo.source.statements.take(statement, session());
    // Its own key, and the name of another's replica over its own signature.
    await take(await signedBy(cy, ofAna));
    await take(await signedBy(cy, { ...ofAna, replica: ana.replica.id }));
    const own = await signedBy(cy, about);
    await take({ ...own, text: own.text.replace('working', 'waiting') });
    await take({ ...own, text: 'no JSON' });
    await take(await signedBy(cy, { ...about, state: 'asleep' as 'idle' }));
    await take(await signedBy(cy, { ...about, since: about.clock + 1 }));
    expect(await shown(bo, 'ana')).toEqual(['offline', null, null]);
    expect(await shown(bo, 'cy')).toEqual(['offline', null, null]);
    expect(faults(bo)).toEqual({ spoofed: 1, forged: 2, malformed: 3 });
    const { warnings } = await bo.replica.status();
    expect(warnings.map(({ message }) => message).join()).toContain('for spoofed 1, forged 2');
    await take(own);
    expect(await shown(bo, 'cy')).toEqual(['working', null, cy.replica.id]);
    // Nor does a replica that was revoked, also of what it said before.
    await ana.replica.replicas.revoke(cy.replica.id);
    await pull(ana, bo);
    expect(await shown(bo, 'cy')).toEqual(['offline', null, null]);
    await take(await signedBy(cy, { clock: about.clock + 1, since: about.clock }));
    expect(faults(bo)).toEqual({ spoofed: 2, forged: 2, malformed: 3 });
  });

  it('PRS-8: what was said before, long ago, in another workspace, or by a clock far off, is not said again', async () => {
    const { time, all } = await team('ana', 'bo');
    const [ana, bo] = all as [Peer, Peer];
    const start = time.now();
    const take = async (statement: Awaited<ReturnType<typeof signedBy>>) =>
      bo.source.statements.take(statement, session());
    const old = await signedBy(ana, { clock: start, since: start, note: 'old' });
    await take(await signedBy(ana, { clock: start + 1, since: start, state: 'idle' }));
    await take(old);
    expect(await shown(bo, 'ana')).toEqual(['idle', null, ana.replica.id]);
    expect(faults(bo)).toEqual({});
    await take(await signedBy(ana, { clock: start + 2, since: start }, 'a'.repeat(26)));
    expect(faults(bo)).toEqual({ forged: 1 });
    // Whatever age is claimed for it, also by a replica that was opened again since.
    time.advance(10 * minute);
    await bo.reopen();
    await take(old);
    expect(await shown(bo, 'ana')).toEqual(['offline', null, null]);
    expect(faults(bo)).toEqual({ untimely: 1 });
    await take(await signedBy(ana, { clock: time.now() + 6 * minute, since: start }));
    expect(faults(bo)).toEqual({ untimely: 2 });
    // Clocks that differ by less are no trouble: for as long as it holds, and never longer than 5 minutes more.
    const late = await signedBy(ana, { clock: time.now() - 9 * minute, since: start });
    await take(late);
    expect(await shown(bo, 'ana')).toEqual(['working', null, ana.replica.id]);
    time.advance(minute);
    expect(await shown(bo, 'ana')).toEqual(['offline', null, null]);
  });

  it('PRS-8: a replica that was opened again with its clock behind is heard nevertheless', async () => {
    const { time, all } = await team('ana', 'bo');
    const [ana, bo] = all as [Peer, Peer];
    await says(ana, { state: 'working' });
    await tell(ana, bo);
    await ana.reopen({ now: () => time.now() - minute, timer: time.timer });
    // What it said itself comes back to it, and still holds.
    await tell(bo, ana);
    expect(await shown(ana, 'ana')).toEqual(['working', null, ana.replica.id]);
    await says(ana, { state: 'idle' });
    await tell(ana, bo);
    expect(await shown(bo, 'ana')).toEqual(['idle', null, ana.replica.id]);
  });

  it('PRS-9: whose clock is far ahead is told so, and so are the others, until it is right again', async () => {
    const { time, all } = await team('ana', 'bo');
    const [ana, bo] = all as [Peer, Peer];
    const told = async ({ replica }: Peer) => {
      const { warnings } = await replica.status();
      const { findings } = await replica.doctor();
      const [found] = warnings.filter(({ what }) => what === 'clock');
      const finding = findings.find(({ what }) => what === 'clock');
      expect(finding?.state).toBe(found ? 'warning' : 'ok');
      if (found) expect(finding?.message).toBe(found.message);
      return found?.message;
    };
    await bo.reopen({ now: () => time.now() + 48 * 60 * minute, timer: time.timer });
    for (const one of all) await says(one, { state: 'working' });
    await tell(ana, bo);
    await tell(bo, ana);
    expect(await shown(ana, 'bo')).toEqual(['offline', null, null]);
    expect(await shown(bo, 'ana')).toEqual(['offline', null, null]);
    expect(await told(bo)).toContain('the clock here is 2880 minutes ahead of that of ana');
    expect(await told(ana)).toContain('the clock here is 2880 minutes behind that of bo');
    await bo.reopen(time);
    await says(bo, { state: 'idle' });
    await tell(ana, bo);
    await tell(bo, ana);
    expect(await told(bo)).toBeUndefined();
    expect(await told(ana)).toBeUndefined();
  });
});
