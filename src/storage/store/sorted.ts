import { compareKeys } from './frame.ts';

/** Above this many waiting changes one merge is cheaper than inserting each. */
const FEW = 64;

/** Keys in order, for stores in memory: a change costs a move of the array, many changes one merge. */
export interface SortedKeys {
  add(key: string): void;
  remove(key: string): void;
  /** Keys from `gte` inclusive to `lt` exclusive, at most `limit` of them from the chosen end. */
  slice(gte: string, lt: string, reverse: boolean, limit: number): string[];
}

/** `keys` need not be in order. */
export function createSortedKeys(keys: Iterable<string> = []): SortedKeys {
  let sorted = [...keys].sort(compareKeys);
  const added = new Set<string>();
  const removed = new Set<string>();

  const settle = (): void => {
    if (added.size + removed.size === 0) return;
    if (added.size + removed.size < FEW) {
      for (const key of removed) sorted.splice(lowerBound(sorted, key), 1);
      for (const key of added) sorted.splice(lowerBound(sorted, key), 0, key);
    } else {
      sorted = merge(
        sorted.filter((key) => !removed.has(key)),
        [...added].sort(compareKeys),
      );
    }
    added.clear();
    removed.clear();
  };

  return {
    add(key) {
      if (!removed.delete(key)) added.add(key);
    },
    remove(key) {
      if (!added.delete(key)) removed.add(key);
    },
    slice(gte, lt, reverse, limit) {
      settle();
      const from = lowerBound(sorted, gte);
      const to = Math.max(from, lowerBound(sorted, lt));
      const count = limit < 0 ? to - from : Math.min(limit, to - from);
      return reverse ? sorted.slice(to - count, to).reverse() : sorted.slice(from, from + count);
    },
  };
}

function merge(a: readonly string[], b: readonly string[]): string[] {
  const merged: string[] = [];
  let at = 0;
  for (const key of a) {
    for (let next = b[at]; next !== undefined && compareKeys(next, key) < 0; next = b[at]) {
      merged.push(next);
      at += 1;
    }
    merged.push(key);
  }
  for (; at < b.length; at += 1) merged.push(b[at] ?? '');
  return merged;
}

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(keys[middle] ?? '', key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
