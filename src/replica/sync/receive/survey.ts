import type { Hash } from '../../../../schemas/index.ts';
import type { CheckedEntry } from '../../../sync/guard/index.ts';
import type { Database } from '../../commit/database.ts';
import { type ChainRow, type HeadRow, keys } from '../../commit/rows.ts';
import { sure } from '../../commit/transaction.ts';
import { counters } from '../../ledger/state.ts';
import { earlyKeys } from '../../views/conversation.ts';
import { movedKey } from '../../views/order.ts';

/** Fewer operations than this are sooner looked up one by one. */
const few = 8;
/** Stretches of a chain with more holes than this are looked at one by one. */
const sparse = 4;

/** Of few operations: each that is not here is looked for at once, not when its turn comes. */
export async function confirm(database: Database, entries: readonly CheckedEntry[]): Promise<void> {
  if (entries.length >= few) return;
  await Promise.all(entries.map(({ hash }) => sure(database, keys.operation(hash))));
}

/**
 * Reads the chains that entries belong to, a stretch at a time. An operation that has no number in its chain is not
 * here, so each of a thousand new ones needs no look of its own.
 */
export async function survey(
  database: Database,
  entries: readonly CheckedEntry[],
  awaited: ReadonlySet<string>,
): Promise<void> {
  if (entries.length < few) return;
  await database.enumerate(earlyKeys);
  const chains = new Map<string, { log: string; replica: Hash; seqs: number[] }>();
  for (const { entry } of entries) {
    const { log, replica, seq } = entry.header;
    const name = `${log} ${replica}`;
    const chain = chains.get(name);
    if (chain) chain.seqs.push(seq);
    else chains.set(name, { log, replica, seqs: [seq] });
  }
  const read = new Set<string>();
  for (const [name, { log, replica, seqs }] of chains) {
    const from = Math.max(1, Math.min(...seqs) - 1);
    const to = Math.max(...seqs) + 1;
    if (to - from > sparse * seqs.length + 64) continue;
    const wanted: string[] = [];
    for (let seq = from; seq <= to; seq++) wanted.push(keys.chain(log, replica, seq));
    await database.survey(
      { gte: keys.chain(log, replica, from), lt: keys.chain(log, replica, to + 1) },
      wanted,
    );
    if (database.get<HeadRow>(keys.head(log, replica))?.trunk === undefined) read.add(name);
  }
  // Only what waits for a key, or was rejected for its signature, is here without a number.
  const all = counters(database).rejected === 0 && ![...awaited].some((name) => name.startsWith('key.'));
  for (const { entry, hash } of entries) {
    const { log, replica, seq } = entry.header;
    const key = keys.operation(hash);
    if (!read.has(`${log} ${replica}`) || (!all && database.get(key) !== undefined)) continue;
    if (database.get<ChainRow>(keys.chain(log, replica, seq)) === undefined)
      database.vacant([key, keys.state(hash), movedKey(hash)]);
  }
}
