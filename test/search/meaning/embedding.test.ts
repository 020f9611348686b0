import { expect, test } from 'vitest';
import { contentOf, hashOf } from '../../../src/search/meaning/content.ts';
import { startEmbedding } from '../../../src/search/meaning/embedding.ts';
import type { SearchSource } from '../../../src/search/types.ts';

test('where much is written vectors are made few at a time, with rests; then faster again, and are worth a wait', async () => {
  let end = 0;
  /** How many entries come between two batches. */
  let growth = 1000;
  const asked: number[] = [];
  const rests: number[] = [];
  let now = 0;
  const soon: boolean[] = [];
  const text = 'the same in all';
  const source: SearchSource = {
    epoch: 'one',
    end: () => end,
    document: (id) => ({ id, kind: 'memory', text, at: 0 }),
    read: async () => ({ changes: [], next: end }),
  };
  await new Promise<void>((done) => {
    const embedding = startEmbedding(
      {
        form: async () => ({ id: 'one', dimensions: 1 }),
        async embed(texts) {
          now += 31;
          return texts.map(() => new Float32Array([1]));
        },
        close: async () => undefined,
      },
      source,
      {
        use: () => undefined,
        async lacks(most) {
          asked.push(most);
          soon.push(embedding.within(3000));
          end += growth;
          if (asked.length === 4) growth = 1;
          if (asked.length === 9) {
            done();
            return { wanted: [], left: 0, unplaced: 0 };
          }
          const hash = hashOf(contentOf({ text }));
          return { wanted: [{ id: 'a', hash }], left: asked.length < 6 ? 100 : 10, unplaced: 0 };
        },
        take: () => undefined,
      },
      (milliseconds, run) => {
        rests.push(milliseconds);
        now += milliseconds;
        queueMicrotask(run);
        return () => undefined;
      },
      () => now,
    );
    embedding.wake();
  });
  expect(asked).toEqual([16, 2, 2, 2, 2, 4, 8, 16, 16]);
  // Nobody waits for a hundred texts at 31 ms each, and for ten while each rests a second; for ten at 31 ms they do.
  expect(soon).toEqual([true, false, false, false, false, false, true, true, true]);
  expect(rests).toEqual([1000, 1000, 1000, 1000]);
});
