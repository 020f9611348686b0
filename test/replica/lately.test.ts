import { expect, it } from 'vitest';
import { lately } from '../../src/replica/writing/context.ts';

it('what is made for a name is kept while it is asked for, and no more than so many', () => {
  const made: string[] = [];
  const of = lately((name) => {
    made.push(name);
    return { name };
  });
  const kai = of('kai');
  for (let i = 0; i < 1000; i++) {
    of(`${i}`);
    expect(of('kai')).toBe(kai);
  }
  expect(made).toHaveLength(1001);
  of('0');
  expect(made).toHaveLength(1002);
  expect(() =>
    lately(() => {
      throw new Error('none');
    })('x'),
  ).toThrow('none');
});
