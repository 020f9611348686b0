import { expect, it } from 'vitest';
import type { Hash } from '../../schemas/index.ts';
import { acknowledgeRun, covers, emptyMark, type Mark } from '../../src/fold/index.ts';
import type { Database } from '../../src/replica/commit/database.ts';
import { type BlockRow, blockOf, type ChainRow, keys } from '../../src/replica/commit/rows.ts';
import type { Reading } from '../../src/replica/reading/context.ts';
import { createCounting } from '../../src/replica/reading/waiting/pending.ts';
import { randomFrom, runSeed } from '../support/storage.ts';

const [log, replica, me] = ['ch.general', 'r', 'me'] as [string, Hash, Hash];

/** A chain of so many operations as rows, with what is news to `me`, and how often ranges of them are read. */
function chainOf(length: number, random: (below: number) => number) {
  const rows = new Map<string, ChainRow>();
  const blocks = new Map<number, { held: number; waits: number; news: number; own: Record<Hash, number> }>();
  const news: number[] = [];
  for (let seq = 1; seq <= length; seq++) {
    const by = random(6) === 0 ? me : 'other';
    const isNews = random(10) > 0;
    rows.set(keys.chain(log, replica, seq), { hash: `${seq}`, by, ...(isNews ? { news: 1 } : {}) });
    const block = blocks.get(blockOf(seq)) ?? { held: 0, waits: 0, news: 0, own: {} };
    blocks.set(blockOf(seq), block);
    block.held++;
    if (!isNews) continue;
    block.news++;
    block.own[by] = (block.own[by] ?? 0) + 1;
    if (by !== me) news.push(seq);
  }
  let looks = 0;
  const database: Pick<Database, 'list' | 'under' | 'getMany'> = {
    async list<T>({ gte, lt }: { gte: string; lt: string }) {
      looks++;
      return [...rows].filter(([key]) => key >= gte && key < lt) as [string, T][];
    },
    async under<T>() {
      const all = [...blocks].map(([n, row]) => [keys.block(log, replica, n), row satisfies BlockRow]);
      return all as [string, T][];
    },
    async getMany<T>(names: readonly string[]) {
      looks++;
      return names.map((name) => rows.get(name) as T | undefined);
    },
  };
  const counting = createCounting({ database } as unknown as Reading, me);
  return { news, blocks: blocks.size, counting, looks: () => looks };
}

/** A mark that covers about one operation out of `every`, or all but so many, below and between. */
function scattered(length: number, random: (below: number) => number): Mark {
  let mark = acknowledgeRun(emptyMark, log, replica, 1, random(length));
  const every = 2 + random(40);
  const isMost = random(2) === 0;
  for (let seq = 1; seq <= length; seq++)
    if ((random(every) === 0) !== isMost) mark = acknowledgeRun(mark, log, replica, seq, seq);
  return mark;
}

it('REP-16 counts what a mark with holes leaves pending, with a look a block at most', async () => {
  const seed = runSeed();
  const random = randomFrom(seed);
  for (let round = 0; round < 40; round++) {
    const length = 1 + random(1500);
    const { news, blocks, counting, looks } = chainOf(length, random);
    const mark = scattered(length, random);
    const count = await counting.beyond({ log, replica, head: { seq: length } }, mark);
    const open = news.filter((seq) => !covers(mark, log, replica, seq));
    expect(count, `seed ${seed}, round ${round}`).toBe(open.length);
    expect(looks(), `seed ${seed}, round ${round}`).toBeLessThanOrEqual(blocks);
  }
});
