import { CoterieError, type Hash } from '../../../schemas/index.ts';
import {
  acknowledgeForked,
  acknowledgeRun,
  emptyMark,
  type Mark,
  mergeMarks,
  type Run,
} from '../../fold/index.ts';
import type { ItemRow } from '../commit/rows.ts';
import { operation, type Reading } from '../reading/context.ts';
import { type Feed, feedRows, firstKept } from '../reading/feed/feed.ts';
import { type ChainHead, type Counting, vectorOf } from '../reading/waiting/pending.ts';
import { chainsEach } from './context.ts';

interface Source {
  readonly reading: Reading;
  readonly feed: Feed;
}

/** Numbers of what came into the feed after `n`, a chain at a time: also below what was there by then. */
async function cameAfter({ reading, feed }: Source, n: number): Promise<Map<string, number[]>> {
  const came = new Map<string, number[]>();
  const end = feed.end();
  // What was done after the receipt is told by the feed; where that was compacted, nobody can tell.
  if (n < end && (await firstKept(reading, feed)) > n + 1)
    throw new CoterieError('receipt_unknown', 'The feed was compacted beyond this receipt.');
  for (let from = n; from < end; from += 1024) {
    for (const [, row] of await feedRows(reading, from, Math.min(end, from + 1024))) {
      const header = 'hash' in row ? operation(reading, row.hash)?.header : undefined;
      if (!header) continue;
      const chain = `${header.log} ${header.replica}`;
      const numbers = came.get(chain);
      if (numbers) numbers.push(header.seq);
      else came.set(chain, [header.seq]);
    }
  }
  return came;
}

/** What a receipt covers: of each chain all that stood in the feed up to `n`, but for what was cut. */
export async function coveredBy(
  source: Source,
  heads: readonly ChainHead[],
  counting: Counting,
  mark: Mark,
  n: number,
  cut: readonly ItemRow[],
): Promise<Mark> {
  const { reading } = source;
  const left = leftOut(reading, cut, await cameAfter(source, n));
  let covered: Mark = emptyMark;
  for (const chain of heads) {
    const { log, replica } = chain;
    const from = vectorOf(mark, log, replica);
    // What is missing, or waits, was not shown: it stays to be told of when it counts.
    for (const [first, to] of await counting.settled(chain, from, chain.head.seq))
      for (const [one, end] of without(first, to, left.get(`${log} ${replica}`) ?? []))
        covered = acknowledgeRun(covered, log, replica, one === from + 1 ? 1 : one, end);
    for (const hash of await counting.forked(chain, mark))
      if (
        cut.every(({ operations }) => operations[0] !== hash) &&
        (operation(reading, hash)?.feed ?? n + 1) <= n
      )
        covered = acknowledgeForked(covered, hash);
  }
  return covered;
}

/** Numbers of what was cut, and of what came later, a chain at a time, ascending. */
function leftOut(
  reading: Reading,
  cut: readonly ItemRow[],
  left: Map<string, number[]>,
): ReadonlyMap<string, readonly number[]> {
  for (const {
    operations: [hash = ''],
  } of cut) {
    const header = operation(reading, hash)?.header;
    if (!header) continue;
    const chain = `${header.log} ${header.replica}`;
    left.set(chain, [...(left.get(chain) ?? []), header.seq]);
  }
  for (const numbers of left.values()) numbers.sort((a, b) => a - b);
  return left;
}

/** A run without some of its numbers. */
function without(from: number, to: number, numbers: readonly number[]): Run[] {
  const runs: Run[] = [];
  let first = from;
  for (const n of numbers) {
    if (n < first || n > to) continue;
    if (n > first) runs.push([first, n - 1]);
    first = n + 1;
  }
  return first > to ? runs : [...runs, [first, to]];
}

/** The vector takes in what needs no acknowledgement, and runs that touch it. */
export async function absorbed(mark: Mark, heads: readonly ChainHead[], counting: Counting): Promise<Mark> {
  let next = mark;
  for (const chain of heads) {
    const at = vectorOf(next, chain.log, chain.replica);
    let to = await counting.freeUpTo(chain, at);
    for (const [from, end] of next.acks[chain.log]?.[chain.replica] ?? []) {
      if (from > to + 1) break;
      to = await counting.freeUpTo(chain, Math.max(to, end));
    }
    if (to > at)
      next = mergeMarks(next, { vector: { [chain.log]: { [chain.replica]: to } }, acks: {}, forked: [] });
  }
  return next;
}

/** Runs, and ids, in one operation: a header holds 8 KiB. */
const runsEach = 150;
const idsEach = 200;

/** A mark as the data of operations that each fit into a header; nothing when it says nothing. */
export function partsOf({ vector, acks, forked, items = [] }: Mark): Record<string, unknown>[] {
  const parts: Record<string, unknown>[] = [];
  const chains = Object.entries(vector).flatMap(([log, replicas]) =>
    Object.entries(replicas).map(([replica, seq]) => ({ log, replica, seq })),
  );
  for (const some of chunks(chains, chainsEach)) {
    const table: Record<string, Record<Hash, number>> = {};
    for (const { log, replica, seq } of some) table[log] = { ...table[log], [replica]: seq };
    parts.push({ vector: table });
  }
  const runs = Object.entries(acks).flatMap(([log, replicas]) =>
    Object.entries(replicas).flatMap(([replica, of]) => of.map((run) => ({ log, replica, run }))),
  );
  for (const some of chunks(runs, runsEach)) {
    const table: Record<string, Record<Hash, Run[]>> = {};
    for (const { log, replica, run } of some) {
      const row = table[log] ?? {};
      table[log] = { ...row, [replica]: [...(row[replica] ?? []), run] };
    }
    parts.push({ vector: {}, acks: table });
  }
  for (const some of chunks(forked, idsEach)) parts.push({ vector: {}, forked: some });
  for (const some of chunks(items, idsEach)) parts.push({ vector: {}, items: some });
  return joined(parts);
}

/** What is little goes into one operation. */
function joined(parts: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  const whole = Object.assign({}, ...parts.toReversed()) as Record<string, unknown>;
  const [first] = parts;
  if (first?.['vector'] !== undefined) whole['vector'] = first['vector'];
  const names = parts.flatMap((part) => Object.keys(part).filter((name) => name !== 'vector'));
  const isLittle = new Set(names).size === names.length && JSON.stringify(whole).length <= littleBytes;
  const vectors = parts.filter((part) => Object.keys(part['vector'] as object).length > 0).length;
  return isLittle && vectors < 2 && parts.length > 0 ? [whole] : [...parts];
}

const littleBytes = 6 * 1024;

function* chunks<T>(all: readonly T[], size: number): Generator<T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}
