import { describe, expect, it } from 'vitest';
import { ndcg, recall } from '../../bench/search/metrics.ts';

const relevant = [
  { id: 'a', grade: 2 },
  { id: 'b', grade: 1 },
];
/** 2 / log2(2) + 1 / log2(3), by hand. */
const best = 2.63093;

describe('the figures of search', () => {
  it('are one for the best order, whatever comes after', () => {
    expect(ndcg(['a', 'b', 'x', 'y'], relevant, 10)).toBeCloseTo(1, 10);
    expect(recall(['a', 'b', 'x', 'y'], relevant, 10)).toBe(1);
  });

  it('weigh a place by the logarithm of its rank', () => {
    // b second, a third: 1 / log2(3) + 2 / log2(4) = 0.63093 + 1
    expect(ndcg(['x', 'b', 'a'], relevant, 10)).toBeCloseTo(1.63093 / best, 5);
    // b first, a second: 1 + 2 / log2(3) = 1 + 1.26186
    expect(ndcg(['b', 'a'], relevant, 10)).toBeCloseTo(2.26186 / best, 5);
    // One that is relevant, in the tenth place: 1 / log2(11) = 0.28906
    const tenth = [...'qrstuvwxy', 'a'];
    expect(ndcg(tenth, [{ id: 'a', grade: 2 }], 10)).toBeCloseTo(0.28906, 5);
  });

  it('look no further than their depth', () => {
    const eleventh = [...'pqrstuvwxy', 'a'];
    expect(ndcg(eleventh, relevant, 10)).toBe(0);
    expect(recall(eleventh, relevant, 10)).toBe(0);
    // The best that one place can have is the better one of the two.
    expect(ndcg(['a'], relevant, 1)).toBe(1);
    expect(ndcg(['b'], relevant, 1)).toBe(0.5);
  });

  it('are zero for no answer, and half for one of two', () => {
    expect(ndcg([], relevant, 10)).toBe(0);
    expect(recall([], relevant, 10)).toBe(0);
    expect(recall(['x', 'b'], relevant, 10)).toBe(0.5);
    expect(ndcg(['a'], relevant, 10)).toBeCloseTo(2 / best, 5);
  });

  it('count once what is named twice', () => {
    expect(ndcg(['a', 'a', 'b'], relevant, 10)).toBeCloseTo(2.5 / best, 5);
    expect(recall(['a', 'a'], relevant, 10)).toBe(0.5);
  });
});
