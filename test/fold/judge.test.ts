import { describe, expect, it } from 'vitest';
import { judge, type Op } from '../../src/fold/index.ts';
import { folded, team } from './membership.ts';
import { hashOf } from './random.ts';

describe('judging other logs', () => {
  /** An operation in the log of tasks. `r2` wrote t1 to t9 there, in this order. */
  const task = (
    t: ReturnType<typeof team>,
    n: number,
    replica = 'r2',
    member: string | undefined = t.bob,
    more = {},
  ): Op => ({
    hash: hashOf(`t${n}`),
    role: undefined,
    header: {
      ...t.genesis.header,
      workspace: t.genesis.hash,
      log: 'tasks',
      type: 'task.update',
      replica: hashOf(replica),
      ...(member === '' ? {} : { member }),
      ...more,
    },
  });
  const numbered = Array.from({ length: 9 }, (_, i) => hashOf(`t${i + 1}`));
  const isAtOrBefore = (hash: string, last: readonly string[]): boolean =>
    last.some((end) => numbered.indexOf(hash) <= numbered.indexOf(end));
  const judged = (t: ReturnType<typeof team>, op: Op) => judge(op, folded(t.ops).state, isAtOrBefore);

  it('FOLD-50: an unknown replica is waited for; a member is spoken for by its hosts alone', () => {
    const t = team();
    expect(judged(t, task(t, 1, 'r9'))).toMatchObject({
      verdict: undefined,
      waiting: [{ kind: 'key', replica: hashOf('r9') }],
    });
    expect(judged(t, task(t, 1))).toEqual({ verdict: undefined, role: 'member' });
    expect(judged(t, task(t, 1, 'r1', t.ann))).toEqual({ verdict: undefined, role: 'owner' });
    expect(judged(t, task(t, 1, 'r2', t.ann)).verdict).toMatchObject({ reason: 'permission' });
    expect(judged(t, task(t, 1, 'r2', hashOf('nobody'))).verdict).toMatchObject({ reason: 'permission' });
  });

  it('FOLD-51: a replica speaks for itself only where the type lets it', () => {
    const t = team();
    expect(judged(t, task(t, 1, 'r2', '')).verdict).toMatchObject({ reason: 'permission' });
    expect(judged(t, task(t, 1, 'r2', '', { type: 'join' }))).toEqual({
      verdict: undefined,
      role: undefined,
    });
  });

  it('FOLD-52: a reader writes nothing but its own mark', () => {
    const t = team();
    const frontier = {};
    t.write('r1', 'role.demote', [t.last], { role: 'reader', frontier }, { member: t.ann, subject: t.bob });
    expect(judged(t, task(t, 1)).verdict).toMatchObject({ reason: 'permission' });
    const mark = (log: string) => task(t, 1, 'r2', t.bob, { type: 'mark.set', log });
    expect(judged(t, mark(`marks.${t.bob}`)).verdict).toBeUndefined();
    expect(judged(t, mark(`marks.${t.ann}`)).verdict).toMatchObject({ reason: 'permission' });
  });

  it('FOLD-53: a narrowing reaches operations beyond its frontier alone; a later grant widens without time', () => {
    const t = team();
    const frontier = { [hashOf('r2')]: { tasks: [hashOf('t4')], members: [t.last.hash] } };
    const admin = t.write('r1', 'role.grant', [t.last], { role: 'admin' }, { member: t.ann, subject: t.bob });
    const demote = t.write(
      'r1',
      'role.demote',
      [admin],
      { role: 'member', frontier },
      { member: t.ann, subject: t.bob },
    );
    expect([4, 5].map((n) => judged(t, task(t, n)).role)).toEqual(['admin', 'member']);
    const unbind = t.write(
      'r1',
      'replica.unbind',
      [demote],
      { replica: hashOf('r2'), frontier },
      { member: t.ann, subject: t.bob },
    );
    expect(judged(t, task(t, 4)).role).toBe('admin');
    expect(judged(t, task(t, 5)).verdict).toMatchObject({ reason: 'frontier' });
    // Bound again: all that it wrote counts again.
    const bind = t.write(
      'r1',
      'replica.bind',
      [unbind],
      { replica: hashOf('r2') },
      { member: t.ann, subject: t.bob },
    );
    expect(judged(t, task(t, 5))).toEqual({ verdict: undefined, role: 'member' });
    t.write('r1', 'replica.revoke', [bind], { replica: hashOf('r2'), frontier }, { member: t.ann });
    expect(judged(t, task(t, 4)).verdict).toBeUndefined();
    expect(judged(t, task(t, 5, 'r2', '', { type: 'claim.grant' })).verdict).toMatchObject({
      reason: 'frontier',
    });
    // Another log of the same replica is not listed: nothing of it counts.
    expect(judged(t, task(t, 1, 'r2', t.bob, { log: 'memory' })).verdict).toMatchObject({
      reason: 'frontier',
    });
  });

  it.each([
    ['replica.revoke', ''],
    ['replica.unbind', 'bob'],
    ['role.demote', 'bob'],
  ])('FOLD-47, FOLD-53: of two %s made apart neither gives back what the other took', (type, subject) => {
    for (const order of [
      [4, 6],
      [6, 4],
    ]) {
      const t = team();
      for (const n of order) {
        const frontier = { [hashOf('r2')]: { tasks: [hashOf(`t${n}`)], members: [t.last.hash] } };
        const data =
          type === 'role.demote' ? { role: 'reader', frontier } : { replica: hashOf('r2'), frontier };
        const about = subject === '' ? {} : { subject: t.bob };
        t.write('r1', type, [t.last], data, { member: t.ann, ...about });
      }
      const counting = [1, 4, 5, 6, 7].filter((n) => judged(t, task(t, n)).verdict === undefined);
      expect(counting).toEqual([1, 4]);
    }
  });
});
