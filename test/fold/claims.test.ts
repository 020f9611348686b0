import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldSubject, folds, judge, type Op, type TaskState } from '../../src/fold/index.ts';
import { contestedOf } from '../../src/fold/subjects/results.ts';
import { folded, team } from './membership.ts';
import { check, hashOf, shuffled } from './random.ts';
import { day, histories, kinds, play, start } from './world.ts';
import { fold, member, type Said, write } from './write.ts';

const counted = { state: 'counted' };
const made = write('task.create', [], { data: { short: 'ann-1', texts: ['title'] }, body: true });

const ask = (after: readonly Op[], by: string, more: object = {}, said: Said = {}): Op =>
  write('claim.request', after, {
    by,
    ...said,
    data: { need: 'granted', incarnation: 'i1', until: start + day, ...more },
  });
const claim = (after: readonly Op[], by: string, more: object = {}, said: Said = {}): Op =>
  ask(after, by, { need: 'tentative', ...more }, said);

const epoch = (counter: number, term = 1, move = hashOf('genesis')) => ({ term, move, counter });
const byArbiter = (type: string, after: readonly Op[], data: object): Op => {
  const { header, ...op } = write(type, after, { data: data as Op['header']['data'] });
  const { member: _, ...rest } = header;
  return { ...op, header: rest, role: undefined };
};
const grant = (after: readonly Op[], request: Op, counter: number, more: object = {}): Op =>
  byArbiter('claim.grant', after, {
    request: request.hash,
    epoch: epoch(counter),
    until: start + day,
    ...more,
  });

const line = (state: TaskState) =>
  state.claims.map(({ by, grant: granted }) => [by, granted ? 'granted' : 'tentative']);

describe('the arbiter', () => {
  const numbered = Array.from({ length: 9 }, (_, i) => hashOf(`t${i + 1}`));
  const within = (hash: string, last: readonly string[]): boolean =>
    last.some((end) => numbered.indexOf(hash) <= numbered.indexOf(end));
  const said = (
    t: ReturnType<typeof team>,
    n: number,
    replica: string,
    move: Op,
    term: number,
    type: string,
  ) =>
    judge(
      {
        hash: hashOf(`t${n}`),
        header: {
          ...t.genesis.header,
          workspace: t.genesis.hash,
          log: 'tasks',
          type,
          replica: hashOf(replica),
          data: { epoch: epoch(n, term, move.hash) },
        },
      },
      folded(t.ops).state,
      within,
    ).verdict;

  it('CLM-1: what the arbiter writes counts under a term of its own', () => {
    for (const type of ['claim.grant', 'claim.renew', 'lease.expire']) {
      const t = team();
      const hand = t.write('r1', 'arbiter.handover', [t.last], { to: hashOf('r2'), term: 2, grants: [] });
      expect(said(t, 1, 'r1', t.genesis, 1, type)).toBeUndefined();
      expect(said(t, 2, 'r2', hand, 2, type)).toBeUndefined();
      expect(said(t, 3, 'r1', hand, 2, type)).toMatchObject({ reason: 'permission' });
      expect(said(t, 3, 'r2', t.genesis, 1, type)).toMatchObject({ reason: 'permission' });
      expect(said(t, 3, 'r2', hand, 3, type)).toMatchObject({ reason: 'permission' });
      expect(said(t, 3, 'r2', t.last, 2, type)).toMatchObject({ reason: 'permission' });
    }
  });

  it('CLM-1: a member that speaks through the arbiter grants nothing', () => {
    const t = team();
    const header = {
      ...t.genesis.header,
      log: 'tasks',
      type: 'claim.grant',
      replica: hashOf('r1'),
      member: t.ann,
      data: { epoch: epoch(1, 1, t.genesis.hash) },
    };
    expect(judge({ hash: hashOf('t1'), header }, folded(t.ops).state, within).verdict).toMatchObject({
      reason: 'permission',
    });
  });

  it('CLM-1: after a forced move nothing of an earlier term counts beyond its frontier', () => {
    const t = team();
    const frontier = { [hashOf('r1')]: { tasks: [hashOf('t3')] } };
    const to = { to: hashOf('r2'), term: 2, frontier };
    const move = t.write('r1', 'arbiter.move', [t.last], to, { member: t.ann });
    expect(said(t, 3, 'r1', t.genesis, 1, 'claim.grant')).toBeUndefined();
    expect(said(t, 4, 'r1', t.genesis, 1, 'claim.grant')).toMatchObject({ reason: 'frontier' });
    expect(said(t, 9, 'r2', move, 2, 'claim.grant')).toBeUndefined();
    // A hand-over apart from the move, under the same number: the one with the lower hash is an earlier term.
    const apart = t.write('r1', 'arbiter.handover', [t.last], { to: hashOf('r3'), term: 2, grants: [] });
    const cut = said(t, 5, 'r3', apart, 2, 'claim.grant');
    if (apart.hash > move.hash) expect(cut).toBeUndefined();
    else expect(cut).toMatchObject({ reason: 'frontier' });
  });
});

describe('grants', () => {
  it('CLM-2: a grant makes a claim of the request that it names, and of nothing else', () => {
    const wanted = ask([made], 'ann');
    const granted = grant([wanted], wanted, 1);
    const unseen = grant([made], wanted, 2);
    const plain = claim([made], 'bob');
    const odd = grant([plain], plain, 3);
    const { state, verdict } = fold(folds.task, made, wanted, granted, unseen, plain, odd);
    expect([verdict(granted), verdict(wanted)]).toEqual([counted, counted]);
    expect(verdict(unseen)).toMatchObject({ reason: 'not_found' });
    expect(verdict(odd)).toMatchObject({ reason: 'not_found' });
    expect(line(state)).toEqual([
      [member('ann'), 'granted'],
      [member('bob'), 'tentative'],
    ]);
    expect(state.claims[0]).toMatchObject({
      op: wanted.hash,
      until: start + day,
      grant: { op: granted.hash },
    });
  });

  it('CLM-3: a withdrawal voids a grant that is not before it, and ends one that is', () => {
    const wanted = ask([made], 'ann');
    const granted = grant([wanted], wanted, 1);
    for (const [type, data] of [
      ['claim.withdraw', { request: wanted.hash }],
      ['claim.release', { claim: wanted.hash }],
    ] as const)
      for (const [saw, at] of [
        [wanted, -day],
        [wanted, day],
        [granted, -day],
      ] as const) {
        const over = write(type, [saw], { at, data });
        const renewed = byArbiter('claim.renew', [granted], {
          claim: wanted.hash,
          epoch: epoch(2),
          until: start + 2 * day,
        });
        const { state, verdict } = fold(folds.task, made, wanted, granted, over, renewed);
        expect([granted, over].map(verdict)).toEqual([counted, counted]);
        expect([state.claims, state.requests, state.leases]).toEqual([[], [], []]);
        // What saw the end can't grant it.
        const late = grant([over], wanted, 3);
        expect(fold(folds.task, made, wanted, granted, over, late).verdict(late)).toMatchObject({
          reason: 'not_found',
        });
      }
    const others = write('claim.withdraw', [granted], { by: 'bob', data: { request: wanted.hash } });
    expect(fold(folds.task, made, wanted, granted, others).verdict(others)).toMatchObject({
      reason: 'permission',
    });
  });

  it('CLM-4: the highest epoch holds, whatever the stamps say; a grant before any tentative claim', () => {
    const one = ask([made], 'ann');
    const two = ask([made], 'bob');
    const early = claim([made], 'cy', {}, { at: -day });
    const moves = [hashOf('m1'), hashOf('m2')].sort();
    const low = { epoch: epoch(9, 1) };
    const ranked = [low, { epoch: epoch(5, 2, moves[0]) }, { epoch: epoch(1, 2, moves[1]) }];
    for (const [at, higher] of ranked.entries())
      for (const lower of ranked.slice(0, at)) {
        const first = grant([one], one, 1, lower);
        const second = grant([two], two, 1, higher);
        const { state } = fold(folds.task, made, one, two, early, first, second);
        expect(line(state)).toEqual([
          [member('bob'), 'granted'],
          [member('ann'), 'granted'],
          [member('cy'), 'tentative'],
        ]);
      }
    const counters = fold(folds.task, made, one, two, grant([one], one, 3), grant([two], two, 2));
    expect(counters.state.claims[0]?.by).toBe(member('ann'));
  });

  it('CLM-5: a grant ends its member’s other claims and granted ones that it saw, a forced one all', () => {
    const mine = claim([made], 'ann', { incarnation: 'i0' });
    const theirs = claim([made], 'bob');
    const wanted = ask([mine], 'ann');
    const first = grant([wanted, theirs], wanted, 1);
    const one = fold(folds.task, made, mine, theirs, wanted, first);
    expect(line(one.state)).toEqual([
      [member('ann'), 'granted'],
      [member('bob'), 'tentative'],
    ]);
    // The lease of the first seems over to who asks next.
    const next = ask([first], 'cy', {}, { at: 2 * day });
    const second = grant([next], next, 2);
    const two = fold(folds.task, made, mine, theirs, wanted, first, next, second);
    expect(two.verdict(next)).toEqual(counted);
    expect(line(two.state)).toEqual([
      [member('cy'), 'granted'],
      [member('bob'), 'tentative'],
    ]);
    const forced = ask([first], 'dee', { force: true }, { role: 'admin' });
    const third = grant([forced], forced, 2);
    const three = fold(folds.task, made, mine, theirs, wanted, first, forced, third);
    expect(line(three.state)).toEqual([[member('dee'), 'granted']]);
    // A new session of the holder takes over when it is granted, and until then the old one holds.
    const again = ask([first], 'ann', { incarnation: 'i2' });
    const four = fold(folds.task, made, wanted, first, again);
    expect(four.state.claims[0]?.incarnation).toBe('i1');
    const over = fold(folds.task, made, wanted, first, again, grant([again], again, 2));
    expect(over.state.claims.map(({ incarnation }) => incarnation)).toEqual(['i2']);
  });

  it('CLM-6: only an operation ends a lease; who asks after its time is not refused', () => {
    const wanted = ask([made], 'ann');
    const granted = grant([wanted], wanted, 1, { until: start + 1000 });
    const soon = ask([granted], 'bob', {}, { at: 900 });
    const later = ask([granted], 'bob', {}, { at: 1100 });
    const tentative = claim([granted], 'bob', {}, { at: 1100 });
    const { state, verdict } = fold(folds.task, made, wanted, granted, soon, later, tentative);
    expect(verdict(soon)).toMatchObject({ reason: 'held' });
    expect(verdict(later)).toEqual(counted);
    expect(verdict(tentative)).toMatchObject({ reason: 'held' });
    expect(line(state)).toEqual([[member('ann'), 'granted']]);
    for (const lease of [wanted.hash, granted.hash]) {
      const over = byArbiter('lease.expire', [granted], { lease, epoch: epoch(2) });
      expect(fold(folds.task, made, wanted, granted, over).state.claims).toEqual([]);
    }
    // A lease that is asked for with a tentative claim counts from its stamp.
    const leased = claim([made], 'ann', { ttl: 5000 }, { at: 100 });
    expect(fold(folds.task, made, leased).state.claims[0]?.until).toBe(start + 5100);
  });

  it('CLM-7: a holder renews by asking again for a lease; the arbiter by itself', () => {
    const plain = claim([made], 'ann', { ttl: 1000 }, { at: 0 });
    const again = claim([plain], 'ann', {}, { at: 500 });
    const longer = claim([again], 'ann', { ttl: 1000 }, { at: 600 });
    expect(fold(folds.task, made, plain, again).state.claims[0]?.until).toBe(start + 1000);
    const one = fold(folds.task, made, plain, again, longer);
    expect(one.state.claims).toMatchObject([{ until: start + 1600, stamp: plain.header.stamp }]);

    const wanted = ask([made], 'ann');
    const granted = grant([wanted], wanted, 1, { until: start + 1000 });
    const more = ask([granted], 'ann', { ttl: 9000 });
    expect(fold(folds.task, made, wanted, granted, ask([granted], 'ann')).state.requests).toHaveLength(1);
    const two = fold(folds.task, made, wanted, granted, more);
    expect(two.state.claims).toMatchObject([{ op: wanted.hash, until: start + 1000 }]);
    const second = grant([more], more, 2, { until: start + 9000 });
    const three = fold(folds.task, made, wanted, granted, more, second);
    expect(three.state.claims).toMatchObject([{ op: more.hash, until: start + 9000 }]);
    expect(three.state.leases).toHaveLength(1);

    const until = start + 5000;
    for (const of of [wanted, granted]) {
      const renewed = byArbiter('claim.renew', [granted], { claim: of.hash, epoch: epoch(2), until });
      const { state } = fold(folds.task, made, wanted, granted, renewed);
      expect(state.claims).toMatchObject([{ op: wanted.hash, until, grant: { op: renewed.hash } }]);
      expect(state.leases).toHaveLength(1);
    }
    const gone = write('claim.release', [granted], { data: { claim: wanted.hash } });
    const late = byArbiter('claim.renew', [gone], { claim: wanted.hash, epoch: epoch(2), until });
    expect(fold(folds.task, made, wanted, granted, gone, late).verdict(late)).toMatchObject({
      reason: 'not_found',
    });
  });
});

describe('results', () => {
  const reviewed = write('task.create', [], {
    by: 'lead',
    data: { short: 'lead-1', texts: ['title'], reviewer: member('rev') },
    body: true,
  });
  const wanted = ask([reviewed], 'ann');
  const granted = grant([wanted], wanted, 1);
  const done = (after: readonly Op[], by: string, said: Said = {}): Op =>
    write('task.move', after, { by, ...said, data: { to: 'done' } });

  it('CLM-8: done is contested only while a grant of another, or one that it did not see, is in force', () => {
    const held = [reviewed, wanted, granted];
    const cases: [Op, boolean][] = [
      [done([granted], 'rev'), false],
      [done([granted], 'eve', { role: 'admin' }), false],
      [done([granted], 'bob'), true],
      [done([granted], 'lead'), true],
      [done([wanted], 'rev'), false],
      [done([reviewed], 'rev'), true],
    ];
    for (const [move, contested] of cases) {
      const { state, verdict } = fold(folds.task, ...held, move);
      expect(verdict(move)).toEqual(counted);
      expect(contestedOf(state)?.moves.map(({ op }) => op)).toEqual(contested ? [move.hash] : undefined);
      expect(line(state)).toEqual(contested ? [[member('ann'), 'granted']] : []);
      const over = byArbiter('lease.expire', [granted], { lease: wanted.hash, epoch: epoch(2) });
      expect(contestedOf(fold(folds.task, ...held, move, over).state)).toBeUndefined();
    }
    // Cancelling is no result.
    const cancel = write('task.move', [granted], { by: 'bob', data: { to: 'cancelled' } });
    expect(fold(folds.task, ...held, cancel).state.claims).toEqual([]);
  });

  it('CLM-8: the reviewer takes the result, or does not; nobody else does', () => {
    const move = done([granted], 'bob');
    const held = [reviewed, wanted, granted, move];
    const decide = (accept: boolean, by: string, said: Said = {}, result = move): Op =>
      write('claim.decide', [move], { by, ...said, data: { move: result.hash, accept } });
    for (const by of ['ann', 'bob', 'lead']) {
      const refused = decide(true, by);
      expect(fold(folds.task, ...held, refused).verdict(refused)).toMatchObject({ reason: 'permission' });
    }
    const wrong = decide(true, 'rev', {}, granted);
    expect(fold(folds.task, ...held, wrong).verdict(wrong)).toMatchObject({ reason: 'not_found' });
    for (const yes of [decide(true, 'rev'), decide(true, 'eve', { role: 'admin' })]) {
      const { state } = fold(folds.task, ...held, yes);
      expect([state.status[0]?.value, state.claims, contestedOf(state)]).toEqual(['done', [], undefined]);
    }
    const no = fold(folds.task, ...held, decide(false, 'rev')).state;
    expect([no.status.map(({ value }) => value), line(no), contestedOf(no)]).toEqual([
      ['doing'],
      [[member('ann'), 'granted']],
      undefined,
    ]);
    // Without a reviewer who made the task decides.
    const own = [made, ask([made], 'bob')];
    const theirs = grant([own[1]!], own[1]!, 1);
    const called = done([theirs], 'cy');
    const yes = write('claim.decide', [called], { by: 'ann', data: { move: called.hash, accept: true } });
    expect(fold(folds.task, ...own, theirs, called, yes).state.claims).toEqual([]);
  });

  it('CLM-9: the same operations give the same holder, certainty and result in any order', () => {
    const { creation, write: next } = kinds['task']!;
    check(
      fc.property(histories(60), fc.nat(), (history, seed) => {
        const world = play(history, creation, (step, known) =>
          next({ ...step, pick: coordinating[step.pick % coordinating.length]! }, known),
        );
        const one = foldSubject(folds.task, world.ops, world.admitted);
        const other = foldSubject(folds.task, shuffled(world.ops, seed), world.admitted);
        expect(other).toEqual(one);
        const { state } = one;
        if (state === undefined) return;
        // Claims are what the requests and leases say, and a granted one stands before any other.
        for (const held of state.claims) expect(state.requests.some(({ op }) => op === held.op)).toBe(true);
        for (const lease of state.leases)
          expect(state.requests.some(({ op }) => op === lease.request)).toBe(true);
        const granted = state.claims.map(({ grant: by }) => by !== undefined);
        expect(granted).toEqual([...granted].sort((a, b) => Number(b) - Number(a)));
        // What was made apart never changes a verdict: each is that of its own past.
        for (const op of world.ops) {
          const alone = foldSubject(folds.task, [...world.past(op), op], world.admitted);
          expect(alone.verdicts.get(op.hash)).toEqual(one.verdicts.get(op.hash));
        }
      }),
      150,
    );
  });
});

/** Steps that claim, grant, renew, end and decide, by their place in the list of what may be written on a task. */
const coordinating = [7, 12, 14, 15, 16, 17, 21, 21, 22, 23, 24, 25, 26, 21, 15];
