import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldSubject, folds, type Op } from '../../src/fold/index.ts';
import { check, shuffled } from './random.ts';
import { histories, kinds, play, start } from './world.ts';
import { fold, member, type Said, write } from './write.ts';

const reservation = folds.reservation;
const make = (until = 100): Op =>
  write('reservation.create', [], {
    at: 1,
    data: { globs: ['src/**'], until: start + until, incarnation: 'i1' },
  });
const renew = (after: Op[], until: number, said: Said = {}): Op =>
  write('reservation.renew', after, { ...said, data: { until: start + until } });
const expire = (made: Op, after: Op[], at: number): Op =>
  write('lease.expire', after, { at, data: { lease: made.hash } });
const release = (after: Op[], said: Said = {}): Op => write('reservation.release', after, said);

const counted = { state: 'counted' };
const tooLate = { state: 'rejected', reason: 'illegal_move' };

describe('a reservation', () => {
  it('RSV-6: its holder alone renews it; of deadlines written apart the latest shows', () => {
    const made = make();
    const [longer, shorter] = [renew([made], 500), renew([made], 300)];
    const other = renew([made], 900, { by: 'bob', role: 'admin' });
    const { state, verdict } = fold(reservation, made, shorter, longer, other);
    expect(state.leases.map(({ op }) => op)).toEqual([longer.hash, shorter.hash]);
    expect(state.until).toBe(start + 500);
    expect(verdict(other)).toMatchObject({ state: 'rejected', reason: 'permission' });
    const last = renew([longer, shorter], 200);
    expect(fold(reservation, made, shorter, longer, last).state.until).toBe(start + 200);
  });

  it('RSV-7: a release by its holder or an admin is final, also beside a renewal made apart', () => {
    const made = make();
    for (const said of [{}, { by: 'bob', role: 'admin' }] as const) {
      const ended = release([made], said);
      const apart = renew([made], 900);
      const late = renew([ended, apart], 900);
      const again = release([ended]);
      const { state, verdict } = fold(reservation, made, apart, ended, late, again);
      expect(state.releases.map(({ op, by }) => [op, by])).toEqual([
        [ended.hash, member('by' in said ? said.by : 'ann')],
      ]);
      expect([apart, late, again].map(verdict)).toMatchObject([counted, tooLate, counted]);
    }
    const refused = release([made], { by: 'bob' });
    expect(fold(reservation, made, refused).state.releases).toEqual([]);
  });

  it('RSV-8: an expiry ends the deadlines that it saw, and none that its stamp is not beyond', () => {
    const made = make(100);
    const early = expire(made, [made], 99);
    const due = expire(made, [made], 100);
    const apart = renew([made], 700);
    const late = renew([due], 700);
    const elsewhere = write('lease.expire', [made], { at: 200, data: { lease: member('other') } });
    const alone = fold(reservation, made, early, due, late, elsewhere);
    expect([early, due, late, elsewhere].map(alone.verdict)).toMatchObject([
      tooLate,
      counted,
      tooLate,
      { reason: 'not_found' },
    ]);
    expect(alone.state.leases).toEqual([]);
    expect(alone.state.expired?.op).toBe(due.hash);
    expect(alone.state.until).toBe(start + 100);
    const { state } = fold(reservation, made, due, apart);
    expect(state.leases.map(({ op }) => op)).toEqual([apart.hash]);
    expect(state.expired).toBeUndefined();
    const both = expire(made, [due, apart], 800);
    expect(fold(reservation, made, due, apart, both).state.expired?.op).toBe(both.hash);
  });

  it('RSV-9: the same operations give the same, in whatever order they arrive', () => {
    const { creation, write: next } = kinds['reservation']!;
    const ends = new Set<string>();
    check(
      fc.property(histories(30), fc.integer(), (history, seed) => {
        const world = play(history, creation, next);
        const once = foldSubject(reservation, world.ops, world.admitted);
        const again = foldSubject(reservation, shuffled(world.ops, seed), world.admitted);
        expect(again.state).toEqual(once.state);
        const sorted = ({ verdicts }: typeof once) => [...verdicts].sort(([a], [b]) => (a < b ? -1 : 1));
        expect(sorted(again)).toEqual(sorted(once));
        const { state } = once;
        if (!state) return;
        ends.add(state.releases.length > 0 ? 'released' : state.expired ? 'expired' : 'open');
        expect(state.expired === undefined || state.leases.length === 0).toBe(true);
        expect(state.leases.length > 0 || state.expired !== undefined).toBe(true);
        // A deadline is live where nothing that counted and saw it renewed or ended it.
        const live = world.ops.filter(
          (op) =>
            ['reservation.create', 'reservation.renew'].includes(op.header.type) &&
            once.verdicts.get(op.hash)?.state === 'counted' &&
            !world.ops.some(
              (other) =>
                ['reservation.renew', 'lease.expire'].includes(other.header.type) &&
                once.verdicts.get(other.hash)?.state === 'counted' &&
                world.past(other).includes(op),
            ),
        );
        expect(state.leases.map(({ op }) => op).sort()).toEqual(live.map(({ hash }) => hash).sort());
      }),
      300,
    );
    expect([...ends].sort()).toEqual(['expired', 'open', 'released']);
  });
});
