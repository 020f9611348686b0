import type { Range } from '../port.ts';
import { compareKeys, outside } from '../store/frame.ts';
import { createSortedKeys } from '../store/sorted.ts';
import { findFrame, frameOf, keyText, lowerBound, type Ordered, overlaid } from './ordered.ts';
import { frameAt, keyBytes, keyTextAt, type Sheet } from './sheet.ts';

type Framed = readonly [key: string, frame: Uint8Array];

/** All rows of a store in memory: many in order, as they are packed, and over them the few that came since. */
export interface Rows {
  ordered: Ordered;
  /** Bytes of the rows that came since. */
  readonly recentBytes: number;
  find(key: string): Uint8Array | undefined;
  /** Rows of a range. Those of a snapshot stay as they are now, whatever comes. */
  walk(range: Range, snapshot: boolean): Iterable<Framed>;
  /** Puts a newer sheet over everything. */
  apply(sheet: Sheet): void;
  /** What came since, to be packed. */
  recent(): ReadonlyMap<string, Uint8Array>;
  /** Takes `packed`, which holds what `recent` was, among those in order. What came after it stays. */
  absorb(packed: Sheet, was: ReadonlyMap<string, Uint8Array>): void;
}

export function createRows(ordered: Ordered): Rows {
  // An empty frame: the row is deleted.
  const recent = new Map<string, Uint8Array>();
  const keys = createSortedKeys();
  let recentBytes = 0;

  const rows: Rows = {
    ordered,
    get recentBytes() {
      return recentBytes;
    },
    find(key) {
      const frame = recent.get(key);
      if (frame !== undefined) return frame.length === 0 ? undefined : frame;
      return findFrame(rows.ordered, keyBytes(key));
    },
    walk({ gte, lt, reverse = false, limit = -1 }, snapshot) {
      const from = lowerBound(rows.ordered, keyBytes(outside(gte)));
      const to = Math.max(from, lowerBound(rows.ordered, keyBytes(lt), from));
      const over = keys.slice(outside(gte), lt, reverse, -1);
      const frames = snapshot ? over.map((key) => recent.get(key) as Uint8Array) : undefined;
      const frameAtOf = (at: number): Uint8Array =>
        frames?.[at] ?? (recent.get(over[at] as string) as Uint8Array);
      return merged(rows.ordered, { from, to, over, frame: frameAtOf, reverse, limit });
    },
    apply(sheet) {
      for (let row = 0; row < sheet.count; row += 1) {
        const key = keyTextAt(sheet, row);
        if (!recent.has(key)) keys.add(key);
        recent.set(key, frameAt(sheet, row));
      }
      recentBytes += sheet.bytes.length;
    },
    recent: () => new Map(recent),
    absorb(packed, was) {
      rows.ordered = overlaid(rows.ordered, packed);
      for (const [key, frame] of was) {
        if (recent.get(key) !== frame) continue;
        recent.delete(key);
        keys.remove(key);
      }
      recentBytes = 0;
      for (const [key, frame] of recent) recentBytes += key.length + frame.length;
    },
  };
  return rows;
}

/** What is in order and what is over it, as one sequence, from either end. */
function* merged(
  ordered: Ordered,
  options: {
    readonly from: number;
    readonly to: number;
    readonly over: readonly string[];
    readonly frame: (at: number) => Uint8Array;
    readonly reverse: boolean;
    readonly limit: number;
  },
): Generator<Framed> {
  const { from, to, over, frame, reverse } = options;
  const step = reverse ? -1 : 1;
  const end = reverse ? from - 1 : to;
  let left = options.limit < 0 ? Number.POSITIVE_INFINITY : options.limit;
  let at = reverse ? to - 1 : from;
  let below = at === end ? undefined : keyText(ordered, at);
  let next = 0;
  while (left > 0) {
    const above = over[next];
    if (below === undefined && above === undefined) return;
    const order = below === undefined ? 1 : above === undefined ? -1 : compareKeys(below, above) * step;
    let row: Framed;
    if (order < 0) row = [below as string, frameOf(ordered, at)];
    else {
      row = [above as string, frame(next)];
      next += 1;
    }
    if (order <= 0) {
      at += step;
      below = at === end ? undefined : keyText(ordered, at);
    }
    if (row[1].length === 0) continue;
    left -= 1;
    yield row;
  }
}
