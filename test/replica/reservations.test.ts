import { describe, expect, it } from 'vitest';
import type { Replica } from '../../src/replica/surface.ts';
import { reservationsContract } from '../contracts/reservations.ts';
import { feedOf, healthy, home, open, refused } from './support/open.ts';
import { asTexts } from './sync/hand.ts';
import { equal, meet, session } from './sync/support.ts';
import { couple, newcomer } from './sync/team.ts';

reservationsContract(async () => {
  const kai = await open();
  await kai.messages.post('general', { text: 'first' });
  return { kai, ann: kai.as('ann') };
});

const minute = 60_000;
const types = async (replica: Replica) =>
  (await feedOf(replica))
    .map(({ type }) => type)
    .filter((type) => type.startsWith('reservation.') || type === 'lease.expire');

describe('the deadline of a reservation', () => {
  it('RSV-10: is over by the clock of who looks, which is shown and is no fact', async () => {
    let now = Date.now();
    const kai = await open(home(), {}, { now: () => now });
    const ann = kai.as('ann');
    const mine = await kai.reservations.reserve({ globs: ['a/**'], ttl: minute });
    const theirs = await ann.reservations.reserve({ globs: ['a/b'], ttl: 5 * minute });
    now += minute;
    const seen = await kai.reservations.get(mine.id);
    expect([seen.state, seen.ended, seen.conflicts]).toEqual(['expired', undefined, []]);
    expect((await ann.reservations.get(theirs.id)).conflicts).toEqual([]);
    const listed = async (state: 'held' | 'expired') =>
      (await kai.reservations.list({ state })).items.map(({ id }) => id);
    expect([await listed('held'), await listed('expired')]).toEqual([[theirs.id], [mine.id]]);
    // No operation ended it, so its holder may go on.
    expect((await kai.reservations.renew(mine.id)).state).toBe('held');
    expect((await ann.reservations.get(theirs.id)).conflicts).toMatchObject([{ id: mine.id }]);
  });

  it('RSV-14: becomes a fact when somebody reserves minutes later', async () => {
    let now = Date.now();
    const kai = await open(home(), {}, { now: () => now });
    const old: string[] = [];
    for (let i = 0; i < 25; i++)
      old.push((await kai.reservations.reserve({ globs: [`${i}`], ttl: minute })).id);
    now += 5 * minute;
    await kai.as('ann').reservations.reserve({ globs: ['x'] });
    expect(await types(kai)).not.toContain('lease.expire');
    now += 2 * minute;
    await kai.as('ann').reservations.reserve({ globs: ['y'] });
    expect((await types(kai)).filter((type) => type === 'lease.expire')).toHaveLength(20);
    await kai.as('ann').reservations.reserve({ globs: ['z'] });
    expect((await types(kai)).filter((type) => type === 'lease.expire')).toHaveLength(25);
    const over = await kai.reservations.get(old[0]!);
    expect(over).toMatchObject({ state: 'expired', ended: { by: null } });
    const error = await refused(kai.reservations.renew(over.id), 'not_held');
    expect(error.message).toBe('The time of the reservation is over.');
    expect(await kai.reservations.release(over.id)).toEqual(over);
    expect((await kai.reservations.reserve({ globs: ['0'] })).id).not.toBe(over.id);
  });
});

describe('reservations of several replicas', () => {
  it('RSV-11: made apart, both are shown the conflict once they met, and what became of them is the same', async () => {
    const [ana, bo] = await couple();
    await ana.replica.messages.post('general', { text: 'a' });
    await meet(ana, bo);
    const mine = await ana.replica.reservations.reserve({ globs: ['src/*/a.ts'], reason: 'one' });
    const theirs = await bo.replica.reservations.reserve({ globs: ['src/b/*.ts'] });
    expect([mine.conflicts, theirs.conflicts]).toEqual([[], []]);
    await meet(ana, bo);
    for (const one of [ana, bo]) {
      const { items } = await one.replica.reservations.list();
      expect(items.map(({ conflicts }) => conflicts.map(({ id }) => id))).toEqual([[mine.id], [theirs.id]]);
    }
    // Released here and renewed there: the release is final for both.
    await ana.replica.reservations.release(mine.id);
    await ana.replica.reservations.reserve({ globs: ['other'] });
    await meet(ana, bo);
    await equal(ana, bo);
    const shown = await ana.replica.reservations.list({ state: 'all' });
    expect(await bo.replica.reservations.list({ state: 'all' })).toEqual(shown);
    await ana.reopen();
    expect(await ana.replica.reservations.list({ state: 'all' })).toEqual(shown);
    await healthy(ana.replica);
    // Who wrote each value, and what it was before the end.
    const { items } = await ana.replica.history(mine.id);
    const { state } = await ana.replica.history(mine.id, { at: items[0]?.at });
    expect(state?.fields.map(({ field, by }) => [field, by?.handle])).toEqual([
      ['globs', 'ana'],
      ['reason', 'ana'],
      ['until', 'ana'],
    ]);
    expect((await ana.replica.history(mine.id)).state?.fields.at(-1)).toMatchObject({ field: 'released' });
  });

  it('RSV-12: what is no glob and came from elsewhere is shown as such and holds nothing', async () => {
    const [ana, bo] = await couple();
    await ana.replica.messages.post('general', { text: 'a' });
    const { eve, admission, member } = await newcomer(ana);
    await ana.source.take('log/members/1', asTexts(admission, member), session());
    const until = Date.now() + 60 * minute;
    const make = (globs: string[], more: object = {}) =>
      eve.make({
        log: 'reservations',
        type: 'reservation.create',
        member: eve.member('eve'),
        data: { globs, until, incarnation: 'i', ...more },
      });
    const odd = await make(['/src/**', 'x'.repeat(300), 'docs/*']);
    const far = await make(['**'], { until: 281_474_976_710_655 });
    await ana.source.take('log/reservations/1', asTexts(odd, far), session());
    const mine = await ana.replica.reservations.reserve({ globs: ['src/a', 'docs/b'] });
    expect(mine.conflicts.map(({ id }) => id).sort()).toEqual([odd.hash, far.hash].sort());
    expect(await ana.replica.reservations.get(odd.hash)).toMatchObject({
      invalid: ['/src/**', 'x'.repeat(300)],
      conflicts: [{ overlaps: [{ glob: 'docs/*', with: 'docs/b', path: 'docs/b' }] }],
    });
    expect((await ana.replica.reservations.get(far.hash)).until).toMatch(/^9999-/);
    // An expiry that comes too early is rejected, whoever writes it.
    const early = await eve.make({
      log: 'reservations',
      type: 'lease.expire',
      subject: mine.id,
      after: [mine.id],
      data: { lease: mine.id },
    });
    await ana.source.take('log/reservations/1', asTexts(early), session());
    expect((await ana.replica.reservations.get(mine.id)).state).toBe('held');
    expect((await ana.replica.history(mine.id)).items.at(-1)).toMatchObject({ state: 'rejected' });
    await meet(ana, bo);
    await equal(ana, bo);
  });

  it('RSV-11: what takes too long to compare is counted, and said', async () => {
    const [ana] = await couple();
    await ana.replica.messages.post('general', { text: 'a' });
    const { eve, admission, member } = await newcomer(ana);
    await ana.source.take('log/members/1', asTexts(admission, member), session());
    const hostile = async (data: object) =>
      eve.make({
        log: 'reservations',
        type: 'reservation.create',
        member: eve.member('eve'),
        data: { until: Date.now() + 60 * minute, incarnation: 'i', ...data },
      });
    const slow = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        hostile({ globs: Array.from({ length: 25 }, (_, j) => `${'*a'.repeat(120)}${i}${j}`) }),
      ),
    );
    await ana.source.take('log/reservations/1', asTexts(...slow), session());
    const globs = Array.from({ length: 25 }, (_, j) => `${'*b'.repeat(120)}${j}`);
    const mine = await ana.replica.reservations.reserve({ globs });
    expect(mine.conflicts).toEqual([]);
    expect(mine.uncompared).toBe(8);
    const wide = await Promise.all(Array.from({ length: 30 }, () => hostile({ globs: ['**'] })));
    await ana.source.take('log/reservations/1', asTexts(...wide), session());
    const few = await ana.replica.reservations.reserve({ globs: ['plain'] });
    expect(few.conflicts).toHaveLength(20);
    expect(few.uncompared).toBeGreaterThanOrEqual(10);
  });
});
