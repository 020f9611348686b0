import { isMarks } from '../../../log/marks.ts';
import type { Database } from '../../commit/database.ts';
import { keys, type OperationRow, type PartRow, type SegmentRow } from '../../commit/rows.ts';
import { type Draft, sure } from '../../commit/transaction.ts';

/**
 * The segment to which an operation moves its marks log: the one that it names, where it counts and stands there. So
 * nobody moves a log but replicas that speak for its member, and a copy in another segment moves nothing.
 */
export function movesTo({ header, state, flaw, feed, segment, also }: OperationRow): number | undefined {
  if (header.type !== 'mark.set' || state !== undefined || flaw || feed === undefined) return undefined;
  const n = header.data['segment'];
  return typeof n === 'number' && (segment === n || also?.includes(n) === true) ? n : undefined;
}

async function count(draft: Draft, log: string, n: number, by: 1 | -1): Promise<void> {
  const key = keys.marked(log, n);
  const now = ((await sure<number>(draft, key)) ?? 0) + by;
  if (now > 0) draft.put(key, now);
  else draft.remove(key);
  const row = await sure<SegmentRow>(draft, keys.segment(log));
  if (by < 0 || (row && row.n >= n)) return;
  const { operations = 0, bytes = 0 } = (await sure<PartRow>(draft, keys.part(log, n))) ?? {};
  draft.put(keys.segment(log), { n, operations, bytes } satisfies SegmentRow);
}

/** An operation moves its log elsewhere than before, or no longer: its member writes to the highest of all segments. */
export async function moved(
  draft: Draft,
  { log }: { readonly log: string },
  before: number | undefined,
  after: number | undefined,
): Promise<void> {
  if (before === after) return;
  if (before !== undefined) await count(draft, log, before, -1);
  if (after !== undefined) await count(draft, log, after, 1);
}

/**
 * Of the segments of a marks log, ascending, the one that is exchanged: the newest into which its member's replicas
 * wrote. Where none did, as far as is known here, it is the first.
 */
export async function exchanged(
  database: Pick<Database, 'under'>,
  log: string,
  segments: readonly number[],
): Promise<readonly number[]> {
  if (!isMarks(log)) return segments;
  const [newest] = await database.under<number>(`v/marked/${log}/`, { reverse: true, limit: 1 });
  return newest ? [Number(newest[0].slice(newest[0].lastIndexOf('/') + 1))] : segments.slice(0, 1);
}
