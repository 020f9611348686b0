import { expect, it } from 'vitest';
import type { TaskState } from '../../src/fold/types.ts';
import { answersTo } from '../../src/replica/arbiter/answers.ts';

it('CLM-18: the arbiter looks again at a lease of any length at a whole millisecond, when there is something to say', () => {
  const epoch = { term: 0, move: 'm', counter: 1 };
  for (const ttl of [5000, 5001, 5002, 5003]) {
    const asked = { op: 'r', stamp: 's', by: 'ana', need: 'granted', incarnation: '' } as const;
    const state = {
      ...{ kind: 'task', id: 't', status: [] },
      requests: [{ ...asked, ttl }],
      claims: [{ ...asked, until: ttl, grant: { op: 'g', epoch } }],
    } as unknown as TaskState;
    const { answers, again } = answersTo(state, 0, [], () => true);
    expect(answers).toEqual([]);
    expect(again).toBe(Math.ceil(again ?? 0.5));
    expect(answersTo(state, again ?? 0, [], () => true).answers).toHaveLength(1);
  }
});
