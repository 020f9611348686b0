import { expect, it } from 'vitest';
import { hashOf } from '../../../src/search/meaning/content.ts';
import { Meaning } from '../../../src/search/meaning/meaning.ts';

const form = { id: 'model', dimensions: 384 };
const unit = (at: number): Float32Array => {
  const vector = new Float32Array(form.dimensions);
  vector[at % form.dimensions] = 1;
  return vector;
};
const text = (number: number): string => `memory ${number}`;

it('what there is no room for is counted, and has its turn when something else goes', async () => {
  let woken = 0;
  const meaning = new Meaning(['memory'], undefined, () => woken++, 1);
  const all = Array.from({ length: 100 }, (_, number) => number);
  meaning.use(form);
  for (const number of all)
    meaning.add(number, { id: `m${number}`, kind: 'memory', text: text(number), at: 0 });
  expect(woken).toBe(1);
  await meaning.lacks(200);
  const vectors = all.map((number) => ({ hash: hashOf(text(number)), vector: unit(number) }));
  await meaning.take(form, { vectors, gone: [], later: [] });

  const placed = meaning.vectors?.count ?? 0;
  expect(placed).toBeGreaterThan(50);
  expect([meaning.unplaced, meaning.left]).toEqual([100 - placed, 0]);

  // A copy of what has a vector finds no room either.
  meaning.add(100, { id: 'copy', kind: 'memory', text: text(0), at: 0 });
  expect(meaning.unplaced).toBe(101 - placed);
  meaning.kill(100);

  meaning.kill(0);
  expect([meaning.unplaced, meaning.left, woken]).toEqual([99 - placed, 1, 2]);
  const [next] = await meaning.lacks(200);
  await meaning.take(form, {
    vectors: vectors.filter(({ hash }) => hash === next?.hash),
    gone: [],
    later: [],
  });
  expect([meaning.vectors?.count, meaning.unplaced, meaning.left]).toEqual([placed, 99 - placed, 0]);

  // What goes without ever having found room leaves none.
  meaning.kill(99);
  expect([meaning.unplaced, meaning.left]).toEqual([98 - placed, 0]);
  meaning.use({ id: 'other', dimensions: 2 });
  expect([meaning.unplaced, meaning.left]).toEqual([0, 98]);
});
