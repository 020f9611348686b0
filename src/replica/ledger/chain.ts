import type { Hash, Header } from '../../../schemas/index.ts';
import {
  type BlockRow,
  blockOf,
  type ChainRow,
  type ForkedRow,
  type HeadRow,
  keys,
  type MarkRow,
  type OperationRow,
} from '../commit/rows.ts';
import { type Draft, type Reader, sure } from '../commit/transaction.ts';
import type { Arriving } from '../views/context.ts';

/** News is what can be pending for someone: not membership, marks, joins, or history. */
export const isArrival = (header: Header): boolean =>
  header.imported === undefined &&
  header.log !== 'members' &&
  !header.log.startsWith('marks.') &&
  header.type !== 'join' &&
  // Each member's own affair.
  header.type !== 'thread.follow';

/** What an operation is to those who read a chain. `quiet`: nothing to be told of. */
export type Standing = 'news' | 'waits' | 'quiet';

const nothing: BlockRow = { held: 0, waits: 0, news: 0, own: {} };

const toldOf = (header: Header, standing: Standing) => ({
  ...(header.member === undefined ? {} : { by: header.member }),
  ...(standing === 'news' ? { news: 1 as const } : {}),
  ...(standing === 'waits' ? { waits: 1 as const } : {}),
});

/** A block with one more operation of a standing, or one less. */
function counted(block: BlockRow, { member }: Header, standing: Standing, by: 1 | -1): BlockRow {
  if (standing === 'quiet') return block;
  if (standing === 'waits') return { ...block, waits: block.waits + by };
  const own = member === undefined ? block.own : { ...block.own, [member]: (block.own[member] ?? 0) + by };
  return { ...block, news: block.news + by, own };
}

/**
 * Numbers an operation in its replica's chain. Two of one number, or of one `prev`, are a fork: both stay. Returns the
 * news of which the numbers say no more whether it was read.
 */
export async function enchain(draft: Draft, op: Arriving, standing: Standing): Promise<readonly Hash[]> {
  const { hash, header } = op;
  const { log, replica, seq, prev } = header;
  const headKey = keys.head(log, replica);
  const head = await sure<HeadRow>(draft, headKey);
  const follows = head === undefined ? seq === 1 : seq === head.seq + 1 && prev === head.hash;
  if (!follows && !(await fits(draft, op, head))) {
    return fork(draft, op, standing, head);
  }
  draft.put(keys.chain(log, replica, seq), { hash, ...toldOf(header, standing) } satisfies ChainRow);
  const key = keys.block(log, replica, blockOf(seq));
  const block = (await sure<BlockRow>(draft, key)) ?? nothing;
  draft.put(key, { ...counted(block, header, standing, 1), held: block.held + 1 } satisfies BlockRow);
  if (head?.trunk !== undefined && seq > head.trunk) {
    draft.put(keys.forked(log, replica, seq, hash), { seq, ...toldOf(header, standing) } satisfies ForkedRow);
    await noteFork(draft, op);
  }
  if (head !== undefined && seq < head.seq) return [];
  const members = header.members?.join(',') ?? head?.members ?? '';
  draft.put(headKey, { ...head, seq, hash, members } satisfies HeadRow);
  return [];
}

/** Whether the operation takes its number in the chain that is here: nothing else has it, and its neighbours agree. */
async function fits(draft: Draft, { hash, header }: Arriving, head: HeadRow | undefined): Promise<boolean> {
  const { log, replica, seq, prev } = header;
  const at = (n: number) => sure<ChainRow>(draft, keys.chain(log, replica, n));
  const there = await at(seq);
  if (there && there.hash !== hash) return false;
  const before = seq > 1 ? await at(seq - 1) : undefined;
  if (before && before.hash !== prev) return false;
  if (head === undefined || head.seq <= seq) return true;
  const after = await at(seq + 1);
  return !after || draft.get<OperationRow>(keys.operation(after.hash))?.header.prev === hash;
}

/** The operation stands beside the chain; from where the two part on each is counted singly. */
async function fork(
  draft: Draft,
  { hash, header }: Arriving,
  standing: Standing,
  head: HeadRow | undefined,
): Promise<readonly Hash[]> {
  const { log, replica, seq } = header;
  draft.put(keys.forked(log, replica, seq, hash), { seq, ...toldOf(header, standing) } satisfies ForkedRow);
  await noteFork(draft, { hash, header });
  const trunk = Math.min(head?.trunk ?? Number.MAX_SAFE_INTEGER, seq - 1);
  if (!head || trunk === head.trunk) return [];
  draft.put(keys.head(log, replica), { ...head, trunk } satisfies HeadRow);
  const from = keys.chain(log, replica, trunk + 1);
  const rows = await draft.list<ChainRow>({ gte: from, lt: keys.chain(log, replica, head.seq + 1) });
  for (const [at, row] of rows) {
    const { hash: one, ...rest } = row;
    const number = Number(at.slice(at.lastIndexOf('/') + 1));
    draft.put(keys.forked(log, replica, number, one), { seq: number, ...rest });
  }
  const told = rows.flatMap(([, { hash: one, news }]) => (news ? [one] : []));
  await keepRead(draft, told);
  return told;
}

/**
 * Numbers say no more what a member read of a chain from where it forks on. What stood in the feed when everything up to
 * there was read here stays read, by its hash; the rest is pending again.
 */
async function keepRead(draft: Draft, hashes: readonly Hash[]): Promise<void> {
  if (hashes.length === 0) return;
  for (const [key, row] of await draft.under<MarkRow>(keys.mark(''))) {
    const read = hashes.filter((hash) => {
      const { feed } = draft.get<OperationRow>(keys.operation(hash)) ?? {};
      return feed !== undefined && feed <= row.low;
    });
    const forked = [...new Set([...row.mark.forked, ...read])].sort();
    if (forked.length > row.mark.forked.length)
      draft.put(key, { ...row, mark: { ...row.mark, forked } } satisfies MarkRow);
  }
}

/** Lists the operations that follow the same one as this. */
async function noteFork(draft: Draft, { hash, header }: Arriving): Promise<void> {
  const { log, replica, seq, prev } = header;
  const there = draft.get<ChainRow>(keys.chain(log, replica, seq));
  const rivals = new Set([hash, ...(there ? [there.hash] : [])]);
  for (const [key] of await draft.under<ForkedRow>(keys.forked(log, replica, seq, '')))
    rivals.add(key.slice(key.lastIndexOf('/') + 1));
  const twins = [...rivals].filter(
    (one) => one === hash || draft.get<OperationRow>(keys.operation(one))?.header.prev === prev,
  );
  if (twins.length > 1) draft.put(keys.fork(log, replica, prev), twins.sort());
}

/** An operation of the chain became something else to those who read. */
export async function recount(draft: Draft, op: Arriving, before: Standing, after: Standing): Promise<void> {
  if (before === after) return;
  const { hash, header } = op;
  const { log, replica, seq } = header;
  const forkedKey = keys.forked(log, replica, seq, hash);
  // Hardly any chain forks, and each look is one at the disk.
  const isForked = (await sure<HeadRow>(draft, keys.head(log, replica)))?.trunk !== undefined;
  if (isForked && draft.get<ForkedRow>(forkedKey))
    draft.put(forkedKey, { seq, ...toldOf(header, after) } satisfies ForkedRow);
  const chainKey = keys.chain(log, replica, seq);
  if (draft.get<ChainRow>(chainKey)?.hash !== hash) return;
  draft.put(chainKey, { hash, ...toldOf(header, after) } satisfies ChainRow);
  const key = keys.block(log, replica, blockOf(seq));
  const block = (await sure<BlockRow>(draft, key)) ?? nothing;
  draft.put(key, counted(counted(block, header, before, -1), header, after, 1));
}

/** Operations of a log, or of one replica in it, that have a number in their chain or stand beside a forked one. */
export async function operationsOf(
  reader: Pick<Reader, 'under'>,
  log: string,
  replica?: Hash,
): Promise<Hash[]> {
  const of = replica === undefined ? log : `${log}/${replica}`;
  const chained = await reader.under<ChainRow>(`v/chain/${of}/`);
  const beside = await reader.under<ForkedRow>(`v/forked/${of}/`);
  return [
    ...new Set([
      ...chained.map(([, { hash }]) => hash),
      ...beside.map(([key]) => key.slice(key.lastIndexOf('/') + 1)),
    ]),
  ];
}
