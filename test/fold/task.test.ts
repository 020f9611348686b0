import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { legalMoves, type TaskStatus, taskStatuses } from '../../schemas/index.ts';
import {
  type ClaimState,
  compare,
  foldSubject,
  folds,
  type Op,
  stampTime,
  type TaskState,
} from '../../src/fold/index.ts';
import { check } from './random.ts';
import { day, histories, kinds, play, type World, type Write } from './world.ts';
import { fold, member, shown, write } from './write.ts';

const { creation, write: next } = kinds['task']!;
const counted = { state: 'counted' };
const whole = (world: World, ops: readonly Op[] = world.ops) => foldSubject(folds.task, ops, world.admitted);

const made = write('task.create', [], { data: { short: 'ann-1', texts: ['title'] }, body: true });
const request = (after: readonly Op[], by: string, at?: number, more: object = {}): Op =>
  write('claim.request', after, {
    by,
    ...(at === undefined ? {} : { at }),
    data: { need: 'tentative', incarnation: 'i1', ...more },
  });
const holder = (state: TaskState): string | undefined => state.claims[0]?.by;

describe('moves', () => {
  it('FOLD-17: a move counts when it is legal from a status that it saw, and otherwise says which are', () => {
    for (const from of taskStatuses)
      for (const to of taskStatuses) {
        const task = write('task.create', [], { data: { status: from, texts: ['title'] }, body: true });
        const move = write('task.move', [task], { at: -day, data: { to } });
        const { state, verdict } = fold(folds.task, move, task);
        const legal = from === to || legalMoves[from].includes(to);
        if (legal) expect(verdict(move)).toEqual(counted);
        else expect(verdict(move)).toMatchObject({ reason: 'illegal_move', legal: legalMoves[from] });
        expect(shown(state.status)).toBe(legal ? to : from);
      }
  });

  it('FOLD-17: in any history a move is judged by the statuses in its past alone', () => {
    check(
      fc.property(histories(60), (history) => {
        const world = play(history, creation, next);
        const { verdicts } = whole(world);
        for (const op of world.ops) {
          if (op.header.type !== 'task.move' || world.admitted(op)) continue;
          const before = whole(world, world.past(op)).state;
          const seen = before?.status.map(({ value }) => value) ?? [];
          const to = op.header.data['to'] as TaskStatus;
          const forced = op.header.data['force'] === true && op.role === 'admin';
          const legal = forced || seen.some((from) => from === to || legalMoves[from].includes(to));
          const state = verdicts.get(op.hash)?.state;
          // Who may say done where there is a reviewer is another rule: TSK-2.
          const reviewed = to === 'done' && before?.reviewer.some(({ value }) => value !== null);
          if (reviewed && !forced) expect(state === 'rejected' || legal).toBe(true);
          else expect(state).toBe(legal ? 'counted' : 'rejected');
        }
      }),
      100,
    );
  });

  it('FOLD-18: an admin forces a move, a member does not', () => {
    const done = write('task.move', [made], { data: { to: 'done' } });
    const back = (role: 'admin' | 'member'): Op =>
      write('task.move', [done], { role, data: { to: 'blocked', force: true } });
    const [admin, plain] = [back('admin'), back('member')];
    const { verdict } = fold(folds.task, made, done, admin, plain);
    expect([verdict(admin)?.state, verdict(plain)?.state]).toEqual(['counted', 'rejected']);
  });
});

describe('claims', () => {
  it('FOLD-19: of claims made apart all live, the lowest stamp holds, then the lowest hash', () => {
    const late = request([made], 'ann', 9000);
    const early = request([made], 'bob', 5000);
    const { state } = fold(folds.task, made, late, early);
    expect(state.claims.map(({ by }) => by)).toEqual([member('bob'), member('ann')]);
  });

  it('FOLD-20: who saw another’s live claim is refused; who repeats its own gets no second one', () => {
    const first = request([made], 'ann');
    const second = request([first], 'bob', -day);
    const again = request([first], 'ann');
    const { state, verdict } = fold(folds.task, made, first, second, again);
    expect(verdict(second)).toMatchObject({ state: 'rejected', reason: 'held' });
    expect(verdict(again)).toEqual(counted);
    expect(state.claims.map(({ op }) => op)).toEqual([first.hash]);
  });

  it('FOLD-21: an admin’s forced request ends the claims that it saw', () => {
    const first = request([made], 'ann');
    const forced = write('claim.request', [first], {
      by: 'bob',
      role: 'admin',
      data: { need: 'tentative', incarnation: 'i1', force: true },
    });
    const plain = request([first], 'cy', undefined, { force: true });
    const { state, verdict } = fold(folds.task, made, first, forced, plain);
    expect(state.claims.map(({ by }) => by)).toEqual([member('bob')]);
    expect(verdict(plain)).toMatchObject({ reason: 'held' });
  });

  it('FOLD-22: a new incarnation takes its member’s claim over, in its place in the line', () => {
    const first = request([made], 'ann', 10);
    const apart = request([made], 'bob', 20);
    const taken = request([first], 'ann', 30, { incarnation: 'i2' });
    const { state } = fold(folds.task, made, first, apart, taken);
    expect(state.claims.map(({ op, incarnation }) => [op, incarnation])).toEqual([
      [taken.hash, 'i2'],
      [apart.hash, 'i1'],
    ]);
    expect(state.claims[0]?.stamp).toBe(first.header.stamp);
    // Also when it saw those who lost to it; but who lost itself is refused.
    const saw = request([first, apart], 'ann', 40, { incarnation: 'i2' });
    const lost = request([first, apart], 'bob', 40, { incarnation: 'i2' });
    const both = fold(folds.task, made, first, apart, saw, lost);
    expect(both.verdict(saw)).toEqual(counted);
    expect(both.verdict(lost)).toMatchObject({ reason: 'held' });
    expect(both.state.claims.map(({ op }) => op)).toEqual([saw.hash, apart.hash]);
  });

  it('FOLD-23: a claim ends by a release or a withdrawal that names it, or when the task is over', () => {
    const first = request([made], 'ann');
    const others = write('claim.release', [first], { by: 'bob', data: { claim: first.hash } });
    const admins = write('claim.release', [first], { by: 'bob', role: 'admin', data: { claim: first.hash } });
    const own = write('claim.withdraw', [first], { data: { request: first.hash } });
    const done = write('task.move', [first], { by: 'bob', data: { to: 'done' } });
    expect(fold(folds.task, made, first, others).verdict(others)).toMatchObject({ reason: 'permission' });
    expect(holder(fold(folds.task, made, first, others).state)).toBe(member('ann'));
    for (const end of [admins, own, done]) {
      const after = fold(folds.task, made, first, end);
      expect(after.verdict(end)).toEqual(counted);
      expect(after.state.claims).toEqual([]);
      const then = request([end], 'bob', -day);
      expect(holder(fold(folds.task, made, first, end, then).state)).toBe(member('bob'));
    }
    // What is over can be released again: nothing happens. What was claimed apart from the end goes on.
    const late = write('claim.release', [done], { by: 'cy', data: { claim: first.hash } });
    const apart = request([made], 'bob');
    const all = fold(folds.task, made, first, done, late, apart);
    expect(all.verdict(late)).toEqual(counted);
    expect(all.state.claims.map(({ op }) => op)).toEqual([apart.hash]);
  });

  it('FOLD-24: a request that needs a grant is no claim before a grant names it', () => {
    const wanted = request([made], 'ann', undefined, { need: 'granted' });
    const { state, verdict } = fold(folds.task, made, wanted);
    expect(state.claims).toEqual([]);
    expect(verdict(wanted)).toEqual(counted);
  });

  it('FOLD-25: in any history the line is the same everywhere, and nobody stands in it twice unless apart', () => {
    check(
      fc.property(histories(60), (history) => {
        const world = play(history, creation, tentatively);
        const { state, verdicts } = whole(world);
        const claims = state?.claims ?? [];
        const line = [...claims].sort((a, b) => compare(asOp(a), asOp(b)));
        expect(claims).toEqual(line);
        for (const claim of claims) {
          const op = world.ops.find(({ hash }) => hash === claim.op)!;
          expect(verdicts.get(op.hash)).toEqual(counted);
          // Who saw another live claim has none beside it, but where it took over its own place before the other's.
          const seen = claims.filter((other) => world.past(op).some(({ hash }) => hash === other.op));
          const tookOver = claim.stamp !== op.header.stamp;
          expect(seen.filter((other) => !tookOver || other.by === claim.by)).toEqual([]);
        }
      }),
    );
  });

  it('FOLD-25: in line is what was claimed and what nothing that saw it ended', () => {
    check(
      fc.property(histories(40), (history) => {
        const world = play(history, creation, claiming);
        const opsOf = (ops: readonly Op[]): string[] =>
          whole(world, ops).state?.claims.map(({ op }) => op) ?? [];
        const claimed = new Set<string>();
        const ended = new Set<string>();
        for (const op of world.ops) {
          const past = world.past(op);
          const before = opsOf(past);
          const after = opsOf([...past, op]);
          for (const claim of after) if (!before.includes(claim)) claimed.add(claim);
          for (const claim of before) if (!after.includes(claim)) ended.add(claim);
        }
        expect(opsOf(world.ops).sort()).toEqual([...claimed].filter((claim) => !ended.has(claim)).sort());
      }),
      150,
    );
  });
});

/** Steps without an arbiter, which come last in the list. */
const tentatively: Write = (step, known) => next({ ...step, pick: step.pick % 21 }, known);

/** Steps that do little else than claim, release and move. */
const claiming: Write = (step, known) => {
  const chosen = next({ ...step, pick: [7, 8, 12, 13, 14, 16, 17, 9, 12, 14][step.pick % 10]! }, known);
  return chosen.type === 'task.move' ? { ...chosen, data: { to: ['done', 'todo'][step.a % 2]! } } : chosen;
};

const asOp = (claim: ClaimState) => ({ hash: claim.op, header: { stamp: claim.stamp } });

describe('the task', () => {
  it('FOLD-26: it says when it was updated last; rejected operations and joins are no updates', () => {
    const late = write('task.update', [made], { at: 50_000, data: { priority: 'P0' } });
    const early = write('task.update', [late], { at: 10, data: { priority: 'P1' } });
    const refused = write('task.move', [early], { at: 90_000, data: { to: 'nowhere' } });
    const join = write('join', [early], { at: 95_000 });
    expect(fold(folds.task, made, late, early, refused, join).state.updated).toBe(
      stampTime(late.header.stamp),
    );
  });

  it('FOLD-26: evidence only grows', () => {
    const one = write('task.update', [made], { data: { addEvidence: [{ kind: 'commit', ref: 'abc' }] } });
    const two = write('task.update', [one], { data: { addEvidence: [{ kind: 'note', ref: 'seen' }] } });
    expect(fold(folds.task, made, two, one).state.evidence).toEqual([
      { kind: 'commit', ref: 'abc', op: one.hash },
      { kind: 'note', ref: 'seen', op: two.hash },
    ]);
  });
});
