import type { Hash } from '../../../schemas/index.ts';
import { covers, coversForked, emptyMark, type Mark } from '../../../src/fold/index.ts';
import { type HeadRow, keys, type MarkRow, type OperationRow } from '../../../src/replica/commit/rows.ts';
import type { Station } from '../station.ts';
import { isNews, type Model, operationsAt, readerOf } from './model.ts';
import { inboxOf, still } from './reading.ts';

interface Looked {
  readonly operations: ReadonlyMap<Hash, OperationRow>;
  readonly mark: Mark;
  /** The last number before a chain forks, by log and replica. */
  readonly trunks: ReadonlyMap<string, number>;
}

async function look(station: Station, member: string): Promise<Looked> {
  const heads = await station.rows<HeadRow>('v/head/');
  const trunks = new Map<string, number>();
  for (const [key, { trunk }] of heads)
    if (trunk !== undefined) trunks.set(key.slice('v/head/'.length).replace('/', ' '), trunk);
  const [row] = await station.rows<MarkRow>(keys.mark(member));
  return { operations: await operationsAt(station), mark: row?.[1].mark ?? emptyMark, trunks };
}

/** How a mark has an operation: beyond a fork numbers say nothing. */
function coverOf(
  { mark, trunks }: Looked,
  hash: Hash,
  { header }: OperationRow,
): 'vector' | 'single' | undefined {
  const { log, replica, seq } = header;
  const trunk = trunks.get(`${log} ${replica}`);
  if (trunk !== undefined && seq > trunk) return coversForked(mark, hash) ? 'single' : undefined;
  if (seq <= (mark.vector[log]?.[replica] ?? 0)) return 'vector';
  return covers(mark, log, replica, seq) ? 'single' : undefined;
}

const short = (row: OperationRow, hash: Hash): string =>
  `${hash} (${row.header.type} ${row.header.log.slice(0, 14)} #${row.header.seq} of ${row.header.replica.slice(0, 6)})`;

/** Members that an operation calls by name. */
export const mentioned = ({ header }: OperationRow): readonly string[] => {
  const { mentions } = header.data;
  const isCall = header.type === 'message.create' || header.type === 'comment.create';
  return isCall && Array.isArray(mentions) ? (mentions as string[]) : [];
};

/**
 * What a member has pending at a station, what its mark covers, and what is in its inbox, beside what it is known to have
 * acknowledged. Returns what is wrong. `settled`: everything is everywhere, marks too.
 */
export async function misread(
  station: Station,
  handle: string,
  model: Model,
  settled: boolean,
): Promise<string[]> {
  const verbs = station.replica.as(handle);
  const { id: member } = verbs.member;
  const wrong: string[] = [];
  const [looked, pending, inbox] = await still(verbs, () => look(station, member));
  const { acknowledged, unsure } = readerOf(model, handle);
  const open = new Set(pending);
  const calls = new Map<Hash, number>();
  for (const { kind, operations } of inbox)
    if (kind === 'mention') for (const hash of operations) calls.set(hash, (calls.get(hash) ?? 0) + 1);
  for (const [hash, row] of looked.operations) {
    const what = short(row, hash);
    if (!isNews(row) || row.header.member === member) {
      if (open.has(hash)) wrong.push(`${what} is pending, and nothing that others did`);
      continue;
    }
    const cover = coverOf(looked, hash, row);
    if ((cover !== undefined) === open.has(hash))
      wrong.push(`${what} is ${cover ? `covered (${cover}) and pending` : 'neither covered nor pending'}`);
    if (cover && !acknowledged.has(hash) && !unsure.has(hash))
      wrong.push(`${what} is covered (${cover}) and was never acknowledged`);
    if (settled && !cover && acknowledged.has(hash) && !unsure.has(hash))
      wrong.push(`${what} was acknowledged and is pending`);
    const times = calls.get(hash) ?? 0;
    const due = mentioned(row).includes(member) && !cover ? 1 : 0;
    if (times !== due)
      wrong.push(
        `${what} mentions the member and is ${times} times in its inbox, not ${due}${cover ? ' (covered)' : ''}`,
      );
  }
  for (const hash of open) if (!looked.operations.has(hash)) wrong.push(`${hash} is pending and not here`);
  const ids = inbox.map(({ id }) => id);
  if (new Set(ids).size !== ids.length) wrong.push('an inbox item is listed twice');
  return wrong.map((line) => `${handle} at ${station.name}: ${line}`);
}

/** Items that follow from states alone: the same at every station. */
export async function derived(station: Station, handle: string): Promise<string> {
  const items = await inboxOf(station.replica.as(handle));
  return items
    .filter(({ kind }) => kind !== 'counted')
    .map(({ id, kind, subject }) => `${kind} ${subject} ${id}`)
    .sort()
    .join('\n');
}

/** What is there is history to a member, or was read by it where nobody knows: either is right. */
export async function forgive(station: Station, handle: string, model: Model): Promise<void> {
  const { unsure } = readerOf(model, handle);
  for (const hash of (await operationsAt(station)).keys()) unsure.add(hash);
}
