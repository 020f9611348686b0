import { describe, expect, it } from 'vitest';
import { syncSourceOf } from '../../src/replica/sync/index.ts';
import { allOf, feedOf, home, open, refused, reopen } from './support/open.ts';

/** A clock and the timers that it runs. */
function clockwork() {
  let time = Date.UTC(2031, 0, 1);
  const timers = new Set<{ at: number; task: () => void }>();
  return {
    now: () => time,
    timer(task: () => void, ms: number) {
      const one = { at: time + ms, task };
      timers.add(one);
      return () => void timers.delete(one);
    },
    pass(ms: number): void {
      time += ms;
      for (const one of [...timers]) if (one.at <= time && timers.delete(one)) one.task();
    },
  };
}

describe('presence', () => {
  it('PRS-1 says what a member does, on which task or for whom, with a note, since when', async () => {
    const clock = clockwork();
    const kai = await open(home(), {}, { now: clock.now });
    const rin = kai.as('rin');
    await rin.messages.post('general', { text: 'hello' });
    const task = await kai.tasks.create({ title: 'One' });
    const began = new Date(clock.now()).toISOString();
    const said = await kai.presence.set({ state: 'working', task: task.short, note: 'the parser' });
    expect(said).toMatchObject({
      member: { handle: 'kai' },
      state: 'working',
      task: { id: task.id, short: task.short },
      note: 'the parser',
      since: began,
      replica: kai.id,
      sessions: 1,
    });
    clock.pass(60_000);
    await rin.presence.set({ state: 'waiting', waitingFor: '@kai' });
    expect((await kai.presence.list()).items.map(({ member, state }) => [member.handle, state])).toEqual([
      ['kai', 'working'],
      ['rin', 'waiting'],
    ]);
    expect((await kai.presence.list({ member: 'rin' })).items[0]?.waitingFor?.handle).toBe('kai');
    // Said again it is renewed, and goes on since it began.
    const renewed = await kai.presence.set({ state: 'working', task: task.id, note: 'still' });
    expect(renewed).toMatchObject({ since: began, note: 'still' });
    expect(Date.parse(renewed.until ?? '') - clock.now()).toBe(300_000);
    clock.pass(1000);
    expect((await kai.presence.set({ state: 'idle' })).since).not.toBe(began);
    await refused(kai.presence.set({ state: 'idle', task: task.id }), 'invalid');
    await refused(kai.presence.set({ state: 'idle', waitingFor: 'rin' }), 'invalid');
    await refused(kai.presence.set({ state: 'working', task: 'kai-99' }), 'not_found');
    await refused(kai.presence.set({ state: 'waiting', waitingFor: 'nobody' }), 'not_found');
    await refused(kai.presence.set({ state: 'asleep' as 'idle' }), 'invalid');
    await refused(kai.presence.set({ state: 'idle', member: 'rin' } as never), 'invalid');
  });

  it('PRS-2 ends by itself when it is not said again, each session for itself, and that is told', async () => {
    const clock = clockwork();
    const kai = await open(home(), {}, { now: clock.now, timer: clock.timer });
    await kai.messages.post('general', { text: 'hello' });
    const changes: string[] = [];
    syncSourceOf(kai).presence.onChange((member) => changes.push(member));
    const state = async () => {
      const [mine] = (await kai.presence.list({ member: 'kai' })).items;
      return [mine?.state, mine?.sessions];
    };
    await kai.presence.set({ state: 'working', session: 'a', ttl: 100 });
    await kai.presence.set({ state: 'away', session: 'b', ttl: 1000 });
    expect(await state()).toEqual(['working', 2]);
    expect(changes).toHaveLength(1);
    clock.pass(60_000);
    await kai.presence.set({ state: 'working', session: 'a', ttl: 100 });
    expect(changes).toHaveLength(1);
    clock.pass(99_000);
    expect(await state()).toEqual(['working', 2]);
    clock.pass(1_000);
    expect(changes).toHaveLength(2);
    expect(await state()).toEqual(['away', 1]);
    await kai.presence.set({ state: 'offline', session: 'b' });
    expect(changes).toHaveLength(3);
    expect(await state()).toEqual(['offline', 0]);
    expect((await kai.presence.list({ offline: false })).items).toEqual([]);
  });

  it('PRS-3 stores nothing, makes nobody, and last seen is derived', async () => {
    const at = home();
    let kai = await open(at);
    const rin = kai.as('rin');
    await rin.messages.post('general', { text: 'hello' });
    const before = { feed: await feedOf(kai), status: await kai.status() };
    await kai.as('zoe').presence.set({ state: 'idle' });
    await rin.presence.set({ state: 'idle' });
    expect((await kai.presence.list({ offline: false })).items.map(({ member }) => member.handle)).toEqual([
      'rin',
      'zoe',
    ]);
    expect(await feedOf(kai)).toEqual(before.feed);
    expect((await kai.status()).counts).toEqual(before.status.counts);
    await refused(kai.members.get('zoe'), 'not_found');
    kai = await reopen(kai, at);
    const { items } = await kai.presence.list();
    expect(items.map(({ member, state }) => [member.handle, state])).toEqual([['rin', 'offline']]);
    expect(items[0]?.seen).toBe(before.feed.at(-1)?.at);
    await kai.messages.post('general', { text: 'later' });
    expect((await kai.presence.list()).items.map(({ member }) => member.handle)).toEqual(['kai', 'rin']);
    expect(await allOf((page) => kai.presence.list(page), 1)).toHaveLength(2);
  });

  it('PRS-3 holds few sessions of a member', async () => {
    const kai = await open();
    for (let i = 0; i < 40; i++) await kai.presence.set({ state: 'idle', session: `s${i}` });
    expect((await kai.presence.set({ state: 'working', session: 's39' })).sessions).toBe(32);
  });
});
