import type { Hash, Header } from '../../../schemas/index.ts';
import { type ChainRow, type HeadRow, keys } from '../commit/rows.ts';
import { type Draft, sure } from '../commit/transaction.ts';
import type { Arriving } from '../views/context.ts';

/** News is what can be pending for someone: not membership, marks, joins, or history. */
export const isArrival = (header: Header): boolean =>
  header.imported === undefined &&
  header.log !== 'members' &&
  !header.log.startsWith('marks.') &&
  header.type !== 'join';

/** Numbers the operation in its replica's chain, with running counts of arrivals. */
export async function chain(draft: Draft, op: Arriving, counted: boolean): Promise<void> {
  const { hash, header } = op;
  const head = draft.get<HeadRow>(keys.head(header.log, header.replica));
  const news = counted && isArrival(header) ? 1 : 0;
  const arrivals = (head?.arrivals ?? 0) + news;
  draft.put(keys.chain(header.log, header.replica, header.seq), { hash, arrivals } satisfies ChainRow);
  draft.put(keys.head(header.log, header.replica), {
    seq: header.seq,
    hash,
    members: header.members?.join(',') ?? head?.members ?? '',
    arrivals,
  } satisfies HeadRow);
  if (news === 1 && header.member !== undefined) {
    const latest = ownCountKey(header.member, header.log, header.replica);
    const own = ((await sure<number>(draft, latest)) ?? 0) + 1;
    draft.put(latest, own);
    draft.put(keys.own(header.member, header.log, header.replica, header.seq), own);
  }
}

const ownCountKey = (member: Hash, log: string, replica: Hash): string =>
  `v/owns/${member}/${log}/${replica}`;
