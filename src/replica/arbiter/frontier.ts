import type { Hash } from '../../../schemas/index.ts';
import { isLater } from '../../fold/members/draft.ts';
import type { MembersState } from '../../fold/types.ts';
import {
  type BlockRow,
  blockSize,
  type ChainRow,
  type HeadRow,
  keys,
  type OperationRow,
} from '../commit/rows.ts';
import type { Reader } from '../commit/transaction.ts';

type Rows = Pick<Reader, 'get'>;

/** Where everything of a replica lies that an arbiter says or answers. */
const log = 'tasks';

/** Number of the first operation of a chain that is not here, or that waits. */
function firstMissing(rows: Rows, replica: Hash): number {
  let block = 0;
  for (;;) {
    const row = rows.get<BlockRow>(keys.block(log, replica, block));
    if (row?.held !== blockSize || row.waits > 0) break;
    block++;
  }
  let next = block * blockSize + 1;
  for (;;) {
    const row = rows.get<ChainRow>(keys.chain(log, replica, next));
    if (row === undefined || row.waits) return next;
    next++;
  }
}

/** The last operation of a replica on tasks before which all of its own are here and wait for nothing. */
export function lastWhole(rows: Rows, replica: Hash): Hash | undefined {
  const end = firstMissing(rows, replica) - 1;
  return rows.get<ChainRow>(keys.chain(log, replica, end))?.hash;
}

/** Whether an operation of a replica, and all of its own before it in that chain, are here and wait for nothing. */
function isWhole(rows: Rows, replica: Hash, hash: Hash): boolean {
  const whole = firstMissing(rows, replica);
  const trunk = rows.get<HeadRow>(keys.head(log, replica))?.trunk ?? Number.MAX_SAFE_INTEGER;
  // A branch is gone back along, up to where it is the chain.
  for (let at = hash; ; ) {
    const row = rows.get<OperationRow>(keys.operation(at));
    if (row === undefined || row.state?.state === 'waiting') return false;
    const { seq, prev } = row.header;
    if (seq <= trunk) return seq < whole;
    at = prev;
  }
}

/**
 * Whether all that the last forced move of the arbiter lets count is here. The frontier of a move lists all who were the
 * arbiter before, so those of earlier moves let nothing more count.
 */
export function holdsFrontier(
  rows: Rows,
  { terms, frontiers }: Pick<MembersState, 'terms' | 'frontiers'>,
): boolean {
  const moves = new Set(frontiers.flatMap(({ type, op }) => (type === 'arbiter.move' ? [op] : [])));
  const last = terms.reduce<(typeof terms)[number] | undefined>(
    (best, term) => (moves.has(term.op) && (!best || isLater(term, best)) ? term : best),
    undefined,
  );
  const frontier = frontiers.find(({ op }) => op === last?.op)?.frontier ?? {};
  for (const [replica, logs] of Object.entries(frontier))
    for (const hash of logs[log] ?? []) if (!isWhole(rows, replica, hash)) return false;
  return true;
}
