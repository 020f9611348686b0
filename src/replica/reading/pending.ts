import type { Hash } from '../../../schemas/index.ts';
import { emptyMark, type Mark } from '../../fold/index.ts';
import { type ChainRow, type CountersRow, type HeadRow, keys, type MarkRow, under } from '../commit/rows.ts';
import type { Reading } from './context.ts';

/** A replica's chain in a log, as it stands. */
export interface ChainHead {
  readonly log: string;
  readonly replica: Hash;
  readonly head: HeadRow;
}

export const markOfMember = (reading: Reading, member: Hash): MarkRow =>
  reading.database.get<MarkRow>(keys.mark(member)) ?? { mark: emptyMark, written: emptyMark, low: 0 };

/** Chains whose operations can be pending for someone: all but membership and marks. */
export async function chainHeads(reading: Reading): Promise<ChainHead[]> {
  const rows = await reading.database.list<HeadRow>(under('v/head/'));
  return rows.flatMap(([key, head]) => {
    const [, , log = '', replica = ''] = key.split('/');
    return log === 'members' || log.startsWith('marks.') ? [] : [{ log, replica, head }];
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

/** Counts what can be pending by subtraction of running counts, whatever the size of the range. */
export function createCounting(reading: Reading, member: Hash) {
  const { database } = reading;

  const arrivals = ({ log, replica, head }: ChainHead, seq: number): number => {
    if (seq <= 0) return 0;
    if (seq >= head.seq) return head.arrivals;
    return database.get<ChainRow>(keys.chain(log, replica, seq))?.arrivals ?? 0;
  };

  async function own({ log, replica }: ChainHead, seq: number): Promise<number> {
    if (seq <= 0) return 0;
    const prefix = `v/own/${member}/${log}/${replica}/`;
    const rows = await database.list<number>({
      gte: prefix,
      lt: `${keys.own(member, log, replica, seq)}\u0000`,
      reverse: true,
      limit: 1,
    });
    return rows[0]?.[1] ?? 0;
  }

  /** News by others in (from, to] of a chain. */
  async function between(chain: ChainHead, from: number, to: number): Promise<number> {
    if (to <= from) return 0;
    const all = arrivals(chain, to) - arrivals(chain, from);
    return all === 0 ? 0 : all - ((await own(chain, to)) - (await own(chain, from)));
  }

  /** News by others that a mark doesn't cover. */
  async function beyond(chain: ChainHead, mark: Mark): Promise<number> {
    let count = await between(chain, vectorOf(mark, chain.log, chain.replica), chain.head.seq);
    for (const [from, to] of mark.acks[chain.log]?.[chain.replica] ?? [])
      count -= await between(chain, from - 1, Math.min(to, chain.head.seq));
    return count;
  }

  /** The highest seq from `from` on with no news by others between. */
  async function freeUpTo(chain: ChainHead, from: number): Promise<number> {
    let low = from;
    let high = chain.head.seq;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((await between(chain, from, middle)) === 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  return { between, beyond, freeUpTo };
}

export type Counting = ReturnType<typeof createCounting>;
