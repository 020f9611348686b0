import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { operationTypes } from '../../schemas/index.ts';
import {
  absorb,
  acknowledge,
  acknowledgeForked,
  acknowledgeRun,
  changesOf,
  covers,
  coversForked,
  emptyMark,
  type Mark,
  markOf,
  mergeMarks,
} from '../../src/fold/index.ts';
import { check, hashOf } from './random.ts';

const logs = ['tasks', 'memory'];
const replicas = [hashOf('r1'), hashOf('r2')];
const seqs = 24;

const chain = fc.tuple(fc.constantFrom(...logs), fc.constantFrom(...replicas));
const marks = fc
  .array(fc.tuple(chain, fc.integer({ min: 1, max: seqs }), fc.nat(4), fc.nat(9)), { maxLength: 12 })
  .map((list) =>
    list.reduce<Mark>((mark, [[log, replica], from, length, forked]) => {
      const next = acknowledgeRun(mark, log, replica, from, from + length);
      return forked === 0 ? acknowledgeForked(next, hashOf(`f${from}`)) : next;
    }, emptyMark),
  );

/** Everything that a mark covers, spelled out. */
function spelled(mark: Mark): Set<string> {
  const all = new Set<string>(mark.forked);
  for (const log of logs)
    for (const replica of replicas)
      for (let seq = 1; seq <= seqs + 6; seq++)
        if (covers(mark, log, replica, seq)) all.add(`${log} ${replica} ${seq}`);
  return all;
}

describe('marks', () => {
  it('FOLD-30: merging is commutative, associative and idempotent, and covers what either covers', () => {
    check(
      fc.property(marks, marks, marks, (a, b, c) => {
        expect(mergeMarks(a, b)).toEqual(mergeMarks(b, a));
        expect(mergeMarks(mergeMarks(a, b), c)).toEqual(mergeMarks(a, mergeMarks(b, c)));
        expect(mergeMarks(a, a)).toEqual(a);
        expect(mergeMarks(a, emptyMark)).toEqual(a);
        expect(spelled(mergeMarks(a, b))).toEqual(new Set([...spelled(a), ...spelled(b)]));
      }),
    );
  });

  it('FOLD-31: what is acknowledged is covered, and nothing else becomes so', () => {
    check(
      fc.property(marks, chain, fc.integer({ min: 1, max: seqs }), (mark, [log, replica], seq) => {
        const after = acknowledge(mark, log, replica, seq);
        expect(spelled(after)).toEqual(new Set([...spelled(mark), `${log} ${replica} ${seq}`]));
        expect(coversForked(acknowledgeForked(mark, hashOf('x')), hashOf('x'))).toBe(true);
      }),
    );
  });

  it('FOLD-32: runs are sorted, apart and beyond the vector; marks that cover the same are equal', () => {
    check(
      fc.property(marks, marks, (a, b) => {
        for (const [log, rows] of Object.entries(a.acks))
          for (const [replica, runs] of Object.entries(rows)) {
            let end = a.vector[log]?.[replica] ?? 0;
            expect(runs.length).toBeGreaterThan(0);
            for (const [from, to] of runs) {
              expect(from).toBeGreaterThan(end + 1);
              expect(to).toBeGreaterThanOrEqual(from);
              end = to;
            }
          }
        const [x, y] = [spelled(a), spelled(b)];
        if (x.size === y.size && [...x].every((one) => y.has(one))) expect(a).toEqual(b);
        const data = { whole: true, ...a, acks: a.acks, forked: [...a.forked] };
        expect(operationTypes['mark.set'].data.safeParse(data).success).toBe(true);
        expect(markOf(data)).toEqual(a);
      }),
    );
  });

  it('FOLD-33: the vector takes in what is free or acknowledged, up to the first that is neither', () => {
    check(
      fc.property(
        marks,
        fc.array(fc.boolean(), { minLength: seqs, maxLength: seqs }),
        fc.nat(seqs),
        (mark, free, last) => {
          const [log, replica] = [logs[0]!, replicas[0]!];
          const is = (_log: string, _replica: string, seq: number) => free[seq - 1] === true;
          const after = absorb(mark, [{ log, replica, last }], is);
          const expected = spelled(mark);
          for (let seq = (mark.vector[log]?.[replica] ?? 0) + 1; seq <= last; seq++) {
            if (!free[seq - 1] && !covers(mark, log, replica, seq)) break;
            expected.add(`${log} ${replica} ${seq}`);
          }
          expect(spelled(after)).toEqual(expected);
          expect(absorb(after, [{ log, replica, last }], is)).toEqual(after);
        },
      ),
    );
  });

  it('FOLD-34: what changed since, merged into what was, is what is', () => {
    check(
      fc.property(marks, marks, (before, more) => {
        const now = mergeMarks(before, more);
        expect(mergeMarks(before, changesOf(before, now))).toEqual(now);
        expect(changesOf(now, now)).toEqual(emptyMark);
      }),
    );
  });

  it('FOLD-30: data of another shape reads as nothing', () => {
    check(
      fc.property(fc.dictionary(fc.constantFrom('vector', 'acks', 'forked'), fc.jsonValue()), (data) => {
        const mark = markOf(data);
        expect(mergeMarks(mark, mark)).toEqual(mark);
      }),
    );
  });
});
