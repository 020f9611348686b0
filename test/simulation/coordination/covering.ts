import type { Hash } from '../../../schemas/index.ts';
import { covers, coversForked, emptyMark, type Mark } from '../../../src/fold/index.ts';
import { type HeadRow, keys, type MarkRow, type OperationRow } from '../../../src/replica/commit/rows.ts';
import type { Station } from '../station.ts';
import { isNews, operationsAt } from './model.ts';

export interface Looked {
  readonly operations: ReadonlyMap<Hash, OperationRow>;
  readonly mark: Mark;
  /** The last number before a chain forks, by log and replica. */
  readonly trunks: ReadonlyMap<string, number>;
}

/** What a station holds, and how far a member's mark goes there. */
export async function look(station: Station, member: string): Promise<Looked> {
  const heads = await station.rows<HeadRow>('v/head/');
  const trunks = new Map<string, number>();
  for (const [key, { trunk }] of heads)
    if (trunk !== undefined) trunks.set(key.slice('v/head/'.length).replace('/', ' '), trunk);
  const [row] = await station.rows<MarkRow>(keys.mark(member));
  return { operations: await operationsAt(station), mark: row?.[1].mark ?? emptyMark, trunks };
}

/** How a mark has an operation: beyond a fork numbers say nothing. */
export function coverOf(looked: Looked, hash: Hash, row: OperationRow): 'vector' | 'single' | undefined {
  const { mark } = looked;
  const { log, replica, seq } = row.header;
  if (isForked(looked, row)) return coversForked(mark, hash) ? 'single' : undefined;
  if (seq <= (mark.vector[log]?.[replica] ?? 0)) return 'vector';
  return covers(mark, log, replica, seq) ? 'single' : undefined;
}

/** Whether its number is another's too. */
export function isForked({ trunks }: Looked, { header: { log, replica, seq } }: OperationRow): boolean {
  return seq > (trunks.get(`${log} ${replica}`) ?? Number.MAX_SAFE_INTEGER);
}

/** What others did in a log that a mark does not cover. */
export const beyondIn = (looked: Looked, log: string, member: string): Hash[] =>
  [...looked.operations].flatMap(([hash, row]) =>
    row.header.log === log &&
    isNews(row) &&
    row.header.member !== member &&
    coverOf(looked, hash, row) === undefined
      ? [hash]
      : [],
  );
