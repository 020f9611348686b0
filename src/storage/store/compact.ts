import type { Engine, EngineOperation } from './engine.ts';
import { outside } from './frame.ts';

/** A row that is deleted now and then to hear whether the engine still takes writes. It never exists. */
const PROBE_KEY = '\u0000p';

/** A range below every row. One that a table has rows around would have all levels of that table merged. */
const NOWHERE = { gte: '\u0000', lt: '\u0000\u0000' } as const;

/** The nearest key below an exclusive bound that a caller is unlikely to use. */
function justBelow(bound: string): string {
  const points = Array.from(bound);
  const last = points.pop()?.codePointAt(0) ?? 1;
  const lower = last - 1 >= 0xd800 && last - 1 < 0xe000 ? 0xd7ff : Math.max(1, last - 1);
  return `${points.join('')}${String.fromCodePoint(lower)}\u{10ffff}`;
}

/**
 * Before all else: what is in memory becomes a table. The engine writes overwritten rows into it too, and may put it
 * below the levels that a compaction begun before would look at.
 */
export async function flush(engine: Engine): Promise<void> {
  await engine.compactRange(NOWHERE.gte, NOWHERE.lt);
}

/**
 * First part of making deleted and overwritten rows of a range leave every level. The engine rewrites a table only
 * where a newer one overlaps it, so both ends of the range get a write without effect. Run it with no write in
 * flight: it reads a row and writes it again.
 */
export async function touchEnds(engine: Engine, { gte, lt }: { gte: string; lt: string }): Promise<void> {
  const ends: EngineOperation[] = [outside(gte), justBelow(lt)].map((key) => {
    const value = engine.getSync(key);
    return value === undefined ? { type: 'del', key } : { type: 'put', key, value };
  });
  await engine.batch(ends, true);
}

/** Second part, which may take long: commits go on meanwhile. */
export async function mergeLevels(engine: Engine, { gte, lt }: { gte: string; lt: string }): Promise<void> {
  await engine.compactRange(outside(gte), lt);
}

/** Last part: a compaction that failed says nothing, the engine then refuses the next write. None may be in flight. */
export async function probe(engine: Engine): Promise<void> {
  await engine.batch([{ type: 'del', key: PROBE_KEY }], true);
}
