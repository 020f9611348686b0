import type { Hash } from '../../../schemas/index.ts';
import { covers, coversForked, emptyMark, type Mark } from '../../../src/fold/index.ts';
import { nodeCrypto } from '../../../src/keys/node.ts';
import { awaitedHandle } from '../../../src/op/index.ts';
import { type HeadRow, keys, type MarkRow, type OperationRow } from '../../../src/replica/commit/rows.ts';
import type { Station } from '../station.ts';
import { isAwaited, isNews, type Model, operationsAt, type Read, readerOf } from './model.ts';
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
function coverOf(looked: Looked, hash: Hash, row: OperationRow): 'vector' | 'single' | undefined {
  const { mark } = looked;
  const { log, replica, seq } = row.header;
  if (isForked(looked, row)) return coversForked(mark, hash) ? 'single' : undefined;
  if (seq <= (mark.vector[log]?.[replica] ?? 0)) return 'vector';
  return covers(mark, log, replica, seq) ? 'single' : undefined;
}

function isForked({ trunks }: Looked, { header: { log, replica, seq } }: OperationRow): boolean {
  return seq > (trunks.get(`${log} ${replica}`) ?? Number.MAX_SAFE_INTEGER);
}

const short = (row: OperationRow, hash: Hash): string =>
  `${hash} (${row.header.type} ${row.header.log.slice(0, 14)} #${row.header.seq} of ${row.header.replica.slice(0, 6)})`;

/** True when an operation calls a member: by its id, or by its handle, once it is known who bears that. */
function calledIn({ header }: OperationRow, member: string, handle: string, isKnown: boolean): boolean {
  if (header.type !== 'message.create' && header.type !== 'comment.create') return false;
  const { mentions = [], awaited = [] } = header.data as { mentions?: string[]; awaited?: string[] };
  return (
    mentions.includes(member) ||
    (isKnown && awaited.includes(awaitedHandle(nodeCrypto, header.workspace, handle)))
  );
}

interface Facts {
  readonly cover: 'vector' | 'single' | undefined;
  readonly pending: boolean;
  /** How often it is in the inbox as a mention. */
  readonly called: number;
  readonly settled: boolean;
  /** Its number is another's too: what was read by number of one of them may be pending again. */
  readonly forked: boolean;
}

/** What is wrong with something that is no news to the member. */
const ownIs = ({ pending }: Facts): string[] => (pending ? ['is pending, and nothing that others did'] : []);

/** What is wrong with something that another did. */
function otherIs(
  { cover, pending, settled, forked }: Facts,
  hash: Hash,
  { acknowledged, unsure }: Read,
): string[] {
  const wrong: string[] = [];
  if ((cover !== undefined) === pending)
    wrong.push(cover ? `is covered (${cover}) and pending` : 'is neither covered nor pending');
  if (unsure.has(hash)) return wrong;
  if (cover && !acknowledged.has(hash)) wrong.push(`is covered (${cover}) and was never acknowledged`);
  if (settled && !forked && !cover && acknowledged.has(hash)) wrong.push('was acknowledged and is pending');
  return wrong;
}

/** Is a mention in the inbox once, and no more once it was acknowledged? `waits`: it is acknowledged by itself alone. */
function calledWrongly(
  { called, cover, forked }: Facts,
  hash: Hash,
  isDue: boolean,
  waits: boolean,
  { acknowledged, unsure, closed }: Read,
): string[] {
  const due = isDue && (waits || !cover) ? 1 : 0;
  const isRead = waits ? closed.has(hash) : forked && (acknowledged.has(hash) || unsure.has(hash));
  return called === due || (called === 0 && isRead)
    ? []
    : [`mentions it, and is ${called} times in its inbox and not ${due}`];
}

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
  const open = new Set(pending);
  const isKnown = (await station.replica.members.list({ limit: 100 })).items.some(({ id }) => id === member);
  const calls = new Map<Hash, number>();
  for (const { kind, operations } of inbox)
    if (kind === 'mention') for (const hash of operations) calls.set(hash, (calls.get(hash) ?? 0) + 1);
  const read = readerOf(model, handle);
  for (const [hash, row] of looked.operations) {
    const cover = coverOf(looked, hash, row);
    const facts = {
      cover,
      pending: open.has(hash),
      called: calls.get(hash) ?? 0,
      settled,
      forked: isForked(looked, row),
    };
    const wrongly = !isNews(row) || row.header.member === member ? ownIs(facts) : otherIs(facts, hash, read);
    const isDue = row.header.member !== member && calledIn(row, member, handle, isKnown) && isNews(row);
    wrongly.push(...calledWrongly(facts, hash, isDue, isAwaited(row, member), read));
    wrong.push(...wrongly.map((line) => `${short(row, hash)} ${line}`));
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
