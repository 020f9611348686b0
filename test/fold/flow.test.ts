import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { legalMoves } from '../../schemas/index.ts';
import { counted, foldSubject, folds, type Op } from '../../src/fold/index.ts';
import { check, hashOf, shuffled } from './random.ts';
import { histories, kinds, play } from './world.ts';
import { fold, member, type Said, shown, write } from './write.ts';

const make = (data: Said['data'] = {}): Op =>
  write('task.create', [], { by: 'lead', data: { short: 'lead-1', ...data }, body: true });
const to = (status: string, after: readonly Op[], said: Said = {}): Op =>
  write('task.move', after, { ...said, data: { to: status, ...said.data } });
const judged = (...ops: readonly [Op, ...Op[]]) => fold(folds.task, ...ops).verdict(ops.at(-1) ?? ops[0]);

const refused = { state: 'rejected', reason: 'illegal_move' };

describe('done', () => {
  it('TSK-1: a task with criteria is not done without evidence that the move saw', () => {
    const made = make({ texts: ['title', 'criteria'] });
    const early = to('done', [made]);
    const verdict = judged(made, early);
    expect(verdict).toMatchObject(refused);
    expect(verdict).toMatchObject({ legal: legalMoves.todo.filter((status) => status !== 'done') });
    const shows = write('task.update', [made], { data: { addEvidence: [{ kind: 'commit', ref: 'abc' }] } });
    expect(judged(made, shows, to('done', [shows]))).toEqual(counted);
    // Evidence that was added apart from it changes nothing.
    expect(fold(folds.task, made, shows, early).verdict(early)).toMatchObject(refused);
    const cleared = write('task.update', [made], { data: { clear: ['criteria'] } });
    expect(judged(made, cleared, to('done', [cleared]))).toEqual(counted);
    expect(fold(folds.task, made, cleared, early).verdict(early)).toMatchObject(refused);
    expect(judged(made, to('done', [made], { role: 'admin', data: { force: true } }))).toEqual(counted);
    const imported = { at: 1, source: 'elsewhere' };
    expect(judged(made, to('done', [made], { imported }))).toEqual(counted);
    expect(judged(made, to('review', [made]))).toEqual(counted);
  });

  it('TSK-2: with a reviewer only the reviewer or an admin says done, and nobody of her own work', () => {
    const made = make({ reviewer: member('rev') });
    const review = to('review', [made], { by: 'ann' });
    for (const by of ['ann', 'bob', 'lead'])
      expect(judged(made, review, to('done', [review], { by }))).toMatchObject({
        ...refused,
        legal: ['todo', 'doing', 'blocked', 'cancelled'],
      });
    for (const said of [{ by: 'rev' }, { by: 'eve', role: 'admin' } as const])
      expect(judged(made, review, to('done', [review], said))).toEqual(counted);
    const own = to('review', [made], { by: 'rev' });
    expect(judged(made, own, to('done', [own], { by: 'rev' }))).toMatchObject(refused);
    const claim = write('claim.request', [made], {
      by: 'rev',
      data: { need: 'tentative', incarnation: 'i' },
    });
    expect(judged(made, claim, to('done', [claim], { by: 'rev' }))).toMatchObject(refused);
    const forced = { by: 'rev', role: 'admin', data: { force: true } } as const;
    expect(judged(made, claim, to('done', [claim], forced))).toEqual(counted);
    // A reviewer who was named apart from it changes nothing.
    const plain = make();
    const done = to('done', [plain], { by: 'ann' });
    const named = write('task.update', [plain], { data: { reviewer: member('rev') } });
    expect(fold(folds.task, plain, named, done).verdict(done)).toEqual(counted);
  });

  it('TSK-3: what goes back from review is of who had brought it there', () => {
    const made = make({ reviewer: member('rev') });
    const review = to('review', [made], { by: 'ann' });
    const back = to('doing', [review], { by: 'rev' });
    expect(fold(folds.task, made, review, back).state.status[0]?.returned).toBe(member('ann'));
    const self = to('doing', [review], { by: 'ann' });
    expect(fold(folds.task, made, review, self).state.status[0]).not.toHaveProperty('returned');
  });
});

describe('blocked', () => {
  it('TSK-4: it says what it was and what it waits for; blocked again it is still what it was', () => {
    const made = make();
    const doing = to('doing', [made]);
    const on = [hashOf('a'), hashOf('b')];
    const blocked = to('blocked', [doing], { data: { on } });
    const again = to('blocked', [blocked], { data: { on: on.slice(1) } });
    expect(fold(folds.task, made, doing, blocked).state.status[0]).toMatchObject({ former: 'doing', on });
    const { state } = fold(folds.task, made, doing, blocked, again);
    expect(state.status[0]).toMatchObject({ former: 'doing', on: on.slice(1) });
    // Only the link graph knows whether it is blocked still: what was legal before is.
    expect(judged(made, doing, blocked, to('review', [blocked]))).toEqual(counted);
    const reason = to('blocked', [doing]);
    expect(fold(folds.task, made, doing, reason).state.status[0]).not.toHaveProperty('on');
    expect(judged(made, doing, reason, to('review', [reason]))).toMatchObject(refused);
  });

  it('TSK-4: apart from a block, what others wrote stands beside it', () => {
    const made = make();
    const blocked = to('blocked', [made], { at: 5, data: { on: [hashOf('a')] } });
    const doing = to('doing', [made], { at: 6 });
    for (const ops of [
      [made, blocked, doing],
      [doing, blocked, made],
    ]) {
      const { status } = fold(folds.task, ...ops).state;
      expect([shown(status), status[1]]).toMatchObject(['doing', { value: 'blocked', former: 'todo' }]);
    }
  });
});

it('TSK-5: the same operations give the same status and verdicts, in whatever order they come', () => {
  const { creation, write: next } = kinds['task']!;
  check(
    fc.property(histories(60), fc.nat(), (history, seed) => {
      const world = play(history, creation, next);
      const one = foldSubject(folds.task, world.ops, world.admitted);
      const other = foldSubject(folds.task, shuffled(world.ops, seed), world.admitted);
      expect(other.state).toEqual(one.state);
      expect(other.verdicts).toEqual(one.verdicts);
    }),
  );
});
