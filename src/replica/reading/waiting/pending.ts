import type { Hash } from '../../../../schemas/index.ts';
import { coversForked, emptyMark, type Mark, type Run } from '../../../fold/index.ts';
import {
  type BlockRow,
  blockOf,
  blockSize,
  type ChainRow,
  type CountersRow,
  type ForkedRow,
  type HeadRow,
  keys,
  type MarkRow,
  under,
} from '../../commit/rows.ts';
import type { Reading } from '../context.ts';

/** A replica's chain in a log, as it stands, up to where it forks. */
export interface ChainHead {
  readonly log: string;
  readonly replica: Hash;
  readonly head: Pick<HeadRow, 'seq' | 'trunk'>;
}

export const markOfMember = (reading: Reading, member: Hash): MarkRow =>
  reading.database.get<MarkRow>(keys.mark(member)) ?? { mark: emptyMark, written: emptyMark, low: 0 };

/** Chains whose operations can be pending for someone: all but membership and marks. */
export async function chainHeads(reading: Reading): Promise<ChainHead[]> {
  const rows = await reading.database.list<HeadRow>(under('v/head/'));
  return rows.flatMap(([key, { seq, trunk }]) => {
    const [, , log = '', replica = ''] = key.split('/');
    if (log === 'members' || log.startsWith('marks.')) return [];
    return [{ log, replica, head: trunk === undefined ? { seq } : { seq: Math.min(seq, trunk), trunk } }];
  });
}

const looks = 20;

/**
 * The chains and the feed's end of one instant. A group that lands between the two looks would put operations into the
 * chains that the end does not cover.
 */
export async function instant(reading: Reading): Promise<{ heads: ChainHead[]; end: number }> {
  for (let tries = 1; ; tries++) {
    const before = await feedEnd(reading);
    const heads = await chainHeads(reading);
    // Under writes without a pause the earlier end errs on the safe side: some of what is shown stays pending.
    if (tries === looks || before === (await feedEnd(reading))) return { heads, end: before };
  }
}

async function feedEnd({ database }: Reading): Promise<number> {
  const key = keys.meta('counters');
  const [row] = await database.list<CountersRow>({ gte: key, lt: `${key}\u0000` });
  return row?.[1].feed ?? 0;
}

export const vectorOf = (mark: Mark, log: string, replica: Hash): number => mark.vector[log]?.[replica] ?? 0;

const blockEnd = (block: number): number => (block + 1) * blockSize;

/** So many of a block that lie apart are read one by one rather than with all between. */
const mostSingly = 64;

/** What of `first` to `last` lies in none of the runs, which are in order and apart. */
function gapsOf(first: number, last: number, runs: readonly Run[]): Run[] {
  const gaps: Run[] = [];
  let from = first;
  for (const run of runs) {
    if (run[1] < from) continue;
    if (run[0] > last) break;
    if (run[0] > from) gaps.push([from, run[0] - 1]);
    from = run[1] + 1;
  }
  if (from <= last) gaps.push([from, last]);
  return gaps;
}

/** Counts what can be pending by whole blocks, and one by one at the ends of a range. */
export function createCounting(reading: Reading, member: Hash) {
  const { database } = reading;
  const blocks = new Map<string, Promise<ReadonlyMap<number, BlockRow>>>();

  function blocksOf({ log, replica }: ChainHead): Promise<ReadonlyMap<number, BlockRow>> {
    const prefix = `v/block/${log}/${replica}/`;
    let known = blocks.get(prefix);
    if (!known) {
      known = database
        .under<BlockRow>(prefix)
        .then((rows) => new Map(rows.map(([key, row]) => [Number(key.slice(prefix.length)), row])));
      blocks.set(prefix, known);
    }
    return known;
  }

  /** Operations `from` to `to` that are here. */
  async function each({ log, replica }: ChainHead, from: number, to: number): Promise<[number, ChainRow][]> {
    const rows = await database.list<ChainRow>({
      gte: keys.chain(log, replica, from),
      lt: keys.chain(log, replica, to + 1),
    });
    return rows.map(([key, row]) => [Number(key.slice(key.lastIndexOf('/') + 1)), row]);
  }

  const isNews = (row: Pick<ChainRow, 'news' | 'by'>): boolean => row.news === 1 && row.by !== member;

  /** Operations of the numbers in these runs, those that are here. */
  async function singly({ log, replica }: ChainHead, runs: readonly Run[]): Promise<ChainRow[]> {
    const names: string[] = [];
    for (const [from, to] of runs)
      for (let seq = from; seq <= to; seq++) names.push(keys.chain(log, replica, seq));
    return (await database.getMany<ChainRow>(names)).filter((row) => row !== undefined);
  }

  /** News by others from `first` to `last`, which are of one block, but for what is covered. */
  async function open(
    chain: ChainHead,
    first: number,
    last: number,
    covered: readonly Run[],
  ): Promise<number> {
    const gaps = gapsOf(first, last, covered);
    const [gap] = gaps;
    if (gap === undefined) return 0;
    if (gaps.length === 1) return (await each(chain, ...gap)).filter(([, row]) => isNews(row)).length;
    const count = gaps.reduce((sum, gap) => sum + gap[1] - gap[0] + 1, 0);
    if (count <= mostSingly) return (await singly(chain, gaps)).filter(isNews).length;
    const isOpen = (seq: number): boolean => gaps.some((gap) => gap[0] <= seq && seq <= gap[1]);
    return (await each(chain, first, last)).filter(([seq, row]) => isNews(row) && isOpen(seq)).length;
  }

  /** News by others in (from, to] of a chain, but for what runs cover that are in order and apart. */
  async function between(
    chain: ChainHead,
    from: number,
    to: number,
    covered: readonly Run[] = [],
  ): Promise<number> {
    if (to <= from) return 0;
    let count = 0;
    // Those that are here: numbers are what their replicas say, and may be as high as numbers are.
    for (const [block, row] of await blocksOf(chain)) {
      if (block < blockOf(from + 1) || block > blockOf(to)) continue;
      const first = Math.max(from, blockEnd(block - 1)) + 1;
      const last = Math.min(to, blockEnd(block));
      const news = row.news - (row.own[member] ?? 0);
      if (news === 0) continue;
      // What came since the chain's head was read is in its block as well.
      const start = blockEnd(block - 1);
      const whole = first === start + 1 && (last === blockEnd(block) || row.held === last - start);
      const untouched = !covered.some((run) => run[0] <= last && run[1] >= first);
      if (whole && untouched && chain.head.trunk === undefined) count += news;
      else count += await open(chain, first, last, covered);
    }
    return count;
  }

  /** News by others beyond a fork that a mark doesn't cover. */
  async function forked({ log, replica, head }: ChainHead, mark: Mark): Promise<Hash[]> {
    if (head.trunk === undefined) return [];
    const rows = await database.under<ForkedRow>(`v/forked/${log}/${replica}/`);
    return rows
      .filter(([, row]) => isNews(row))
      .map(([key]) => key.slice(key.lastIndexOf('/') + 1))
      .filter((hash) => !coversForked(mark, hash));
  }

  /** News by others that a mark doesn't cover. */
  async function beyond(chain: ChainHead, mark: Mark): Promise<number> {
    const { log, replica, head } = chain;
    const runs = mark.acks[log]?.[replica] ?? [];
    const count = await between(chain, vectorOf(mark, log, replica), head.seq, runs);
    return count + (await forked(chain, mark)).length;
  }

  /** The highest seq from `from` on with no news by others between, none missing and none that waits. */
  async function freeUpTo(chain: ChainHead, from: number): Promise<number> {
    const all = await blocksOf(chain);
    let at = from;
    while (at < chain.head.seq) {
      const block = blockOf(at + 1);
      const row = all.get(block);
      const last = Math.min(blockEnd(block), chain.head.seq);
      const full = row !== undefined && row.waits === 0 && row.held === last - blockEnd(block - 1);
      if (full && chain.head.trunk === undefined && row.news === (row.own[member] ?? 0)) {
        at = last;
        continue;
      }
      for (const [seq, one] of await each(chain, at + 1, last)) {
        if (seq !== at + 1 || one.waits === 1 || isNews(one)) return at;
        at = seq;
      }
      if (at < last) return at;
    }
    return at;
  }

  /** Operations in (from, to] that are here and don't wait, as runs. */
  async function settled(chain: ChainHead, from: number, to: number): Promise<Run[]> {
    const all = await blocksOf(chain);
    const runs: [number, number][] = [];
    const add = (first: number, last: number): void => {
      const open = runs.at(-1);
      if (open && open[1] === first - 1) open[1] = last;
      else runs.push([first, last]);
    };
    for (const [block, row] of all) {
      if (block < blockOf(from + 1) || block > blockOf(to)) continue;
      const at = Math.max(from, blockEnd(block - 1));
      const last = Math.min(blockEnd(block), to);
      const size = Math.min(blockEnd(block), chain.head.seq) - blockEnd(block - 1);
      const full = row.waits === 0 && row.held >= size;
      if (full && chain.head.trunk === undefined) add(at + 1, last);
      else for (const [seq, one] of await each(chain, at + 1, last)) if (!one.waits) add(seq, seq);
    }
    return runs;
  }

  return { between, beyond, forked, freeUpTo, settled };
}

export type Counting = ReturnType<typeof createCounting>;
