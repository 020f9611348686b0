import type { Entry } from '../../../../schemas/index.ts';
import { isMarks } from '../../../log/marks.ts';
import { isNear } from '../../../log/near.ts';
import { entryKey } from '../../../op/index.ts';
import type { Work } from '../../commit/commits.ts';
import { keys, type OperationRow, type PartRow, type SegmentRow, type TwinRow } from '../../commit/rows.ts';
import { sure } from '../../commit/transaction.ts';
import { arrive, evaluate } from '../../ledger/absorb.ts';
import { enchain } from '../../ledger/chain.ts';
import { redactOf, shapeOf } from '../../ledger/judging.ts';
import { again } from '../../ledger/release.ts';
import { type AbsorbContext, counters } from '../../ledger/state.ts';
import { changeRow } from '../../ledger/turn.ts';
import type { Looked } from './signatures.ts';

/** What became of one entry. */
export interface Merged {
  /** The document did not hold it before. */
  readonly placed: boolean;
  /** Names under which others wait for it. */
  readonly lets: readonly string[];
}

const forged = { reason: 'signature' as const, message: 'its signature does not hold' };

/** What the row of an operation says of an entry: what is wrong with it, if anything. */
function verdictOn(
  { crypto }: Pick<AbsorbContext, 'crypto'>,
  { entry, signed }: Looked,
): Pick<OperationRow, 'flaw' | 'newer' | 'unchecked'> {
  if (signed === 'fails') return { flaw: forged };
  return {
    ...shapeOf(crypto, entry),
    ...(signed === 'holds' || signed === 'proven' ? {} : { unchecked: true }),
  };
}

const rowOf = (entry: Entry, segment: number): OperationRow => ({
  header: entry.header,
  ...(entry.body ? { body: entry.body } : {}),
  sig: entry.sig,
  ...(entry.redacted ? { redacted: entry.redacted } : {}),
  segment,
});

/**
 * An entry that stands in segment `n`, joined to what is known of its operation: a new one is taken in; a known one may
 * stand in one more place, get its body back, or turn out to be signed after all.
 */
export async function mergeEntry(
  context: AbsorbContext,
  work: Work,
  looked: Looked,
  n: number,
): Promise<Merged> {
  const { draft } = work;
  const { entry, hash } = looked;
  const op = { hash, header: entry.header, body: entry.body };
  const known = await sure<OperationRow>(draft, keys.operation(hash));
  if (!known) {
    const row = { ...rowOf(entry, n), ...verdictOn(context, looked) };
    return { placed: true, lets: await arrive(context, work, op, row) };
  }
  if (known.sig !== entry.sig) return mergeTwin(context, work, looked, known, n);
  const placed = known.segment !== n && !(known.also ?? []).includes(n);
  if (placed) await changeRow(work, hash, { also: [...(known.also ?? []), n] });
  return { placed, lets: await mergeBody(context, work, looked) };
}

/** A body that was lacking comes, or who took it is known: unless a redact that counts took it. */
async function mergeBody(
  context: AbsorbContext,
  work: Work,
  { hash, entry }: Looked,
): Promise<readonly string[]> {
  const { draft } = work;
  const row = draft.get<OperationRow>(keys.operation(hash));
  if (!row || row.body || (entry.body === undefined && entry.redacted === undefined)) return [];
  const redact = await redactOf(draft, hash, entry.header, row.redacted);
  if (redact && redact.state === undefined) return [];
  if (entry.body === undefined) {
    if (redact && redact.state?.state !== 'rejected') return [];
    await changeRow(work, hash, { redacted: entry.redacted });
  } else
    await changeRow(work, hash, { body: entry.body, redacted: undefined, ...shapeOf(context.crypto, entry) });
  return again(context, work, hash);
}

/** The same header under another signature: it counts once, by the signature that holds. */
async function mergeTwin(
  context: AbsorbContext,
  work: Work,
  looked: Looked,
  known: OperationRow,
  n: number,
): Promise<Merged> {
  const { draft } = work;
  const { entry, hash, signed } = looked;
  const twinKey = (sig: string): string => keys.twin(hash, entryKey(context.crypto, hash, sig));
  const isForged = known.unchecked === true || known.flaw?.reason === 'signature';
  const twin = draft.get<TwinRow>(twinKey(entry.sig));
  const segments = [...new Set([...(twin?.segments ?? []), n])];
  const placed = twin?.segments.includes(n) !== true;
  if (!isForged || (signed !== 'holds' && signed !== 'proven')) {
    draft.put(twinKey(entry.sig), { sig: entry.sig, segments } satisfies TwinRow);
    if (!known.twins) await changeRow(work, hash, { twins: true });
    return { placed, lets: await mergeBody(context, work, looked) };
  }
  draft.put(twinKey(known.sig), { sig: known.sig, segments: [known.segment, ...(known.also ?? [])] });
  if (twin) draft.remove(twinKey(entry.sig));
  const { flaw: _, unchecked: __, ...rest } = known;
  const [segment = n, ...also] = segments;
  const whole: Entry = known.body ? { ...entry, body: known.body } : entry;
  const row: OperationRow = {
    ...rest,
    ...(whole.body ? { body: whole.body } : {}),
    ...(whole.redacted && !whole.body ? { redacted: whole.redacted } : {}),
    sig: entry.sig,
    segment,
    also: also.length > 0 ? also : undefined,
    twins: true,
    ...shapeOf(context.crypto, whole),
  };
  draft.put(keys.operation(hash), row);
  const op = { hash, header: row.header, body: row.body };
  const waits = known.state?.state === 'waiting' ? 'waits' : 'quiet';
  const unread = await enchain(draft, op, waits);
  return { placed, lets: await evaluate(context, work, op, row, known.state, unread) };
}

/** What came into one segment of a log. */
export interface Placed {
  readonly operations: number;
  readonly bytes: number;
  /** Some of it is signed by a replica that is known. */
  readonly known: boolean;
}

async function isPlausible({ draft }: Work, log: string, now: number, n: number): Promise<boolean> {
  if (isNear(n, now, 0)) return true;
  if (n > counters(draft).operations) return false;
  const parts = await draft.under<PartRow>(`v/part/${log}/`);
  return isNear(
    n,
    now,
    parts.reduce((sum, [, { operations }]) => sum + operations, 0),
  );
}

/** Where a log is written to follows what known replicas wrote elsewhere, as far as its number can be believed. */
export async function followSegment(work: Work, log: string, n: number, placed: Placed): Promise<void> {
  if (placed.operations === 0) return;
  const { draft } = work;
  const key = keys.segment(log);
  const known = await sure<SegmentRow>(draft, key);
  const row = known ?? { n: 1, operations: 0, bytes: 0 };
  // A marks log moved already, if whoever may move it wrote this.
  const isNext = row.n < n && placed.known && !isMarks(log) && (await isPlausible(work, log, row.n, n));
  if (row.n !== n && !isNext) {
    // The log is here from now on, whoever wrote it.
    if (!known) draft.put(key, row);
    return;
  }
  const before = row.n === n ? row : await sure<PartRow>(draft, keys.part(log, n));
  draft.put(key, {
    n,
    operations: (before?.operations ?? 0) + placed.operations,
    bytes: (before?.bytes ?? 0) + placed.bytes,
  } satisfies SegmentRow);
}
