import type { Engine, EngineOperation } from './engine.ts';
import { outside } from './frame.ts';

/** A row that is deleted now and then to hear whether the engine still takes writes. It never exists. */
const PROBE_KEY = '\u0000p';

/** The nearest key below an exclusive bound that a caller is unlikely to use. */
function justBelow(bound: string): string {
  const points = Array.from(bound);
  const last = points.pop()?.codePointAt(0) ?? 1;
  const lower = last - 1 >= 0xd800 && last - 1 < 0xe000 ? 0xd7ff : Math.max(1, last - 1);
  return `${points.join('')}${String.fromCodePoint(lower)}\u{10ffff}`;
}

/**
 * Makes deleted and overwritten rows of a range leave every level. The engine rewrites a table only where a newer
 * one overlaps it, so both ends of the range get a write without effect first. Run it with no write in flight.
 */
export async function compactEngine(engine: Engine, range: { gte: string; lt: string }): Promise<void> {
  const gte = outside(range.gte);
  const ends: EngineOperation[] = [gte, justBelow(range.lt)].map((key) => {
    const value = engine.getSync(key);
    return value === undefined ? { type: 'del', key } : { type: 'put', key, value };
  });
  await engine.batch(ends, true);
  await engine.compactRange(gte, range.lt);
  await engine.batch([{ type: 'del', key: PROBE_KEY }], true);
}
