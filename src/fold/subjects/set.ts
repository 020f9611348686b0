import type { Hash } from '../../../schemas/index.ts';
import { own } from '../data.ts';
import type { Past } from '../types.ts';

/** An add-wins set: element -> operations that added it and were not taken back. An element without any is gone. */
export type Tagged = Readonly<Record<string, readonly Hash[]>>;

/** Adds an element. Whoever takes it back without having seen this leaves it there. */
export const add = (set: Tagged, element: string, op: Hash): Tagged => ({
  ...set,
  [element]: [...(own(set, element) ?? []), op],
});

/** Takes back what the past shows of an element. */
export function remove(set: Tagged, element: string, past: Pick<Past, 'has'>): Tagged {
  const adds = own(set, element);
  if (adds === undefined) return set;
  const apart = adds.filter((op) => !past.has(op));
  const { [element]: _, ...others } = set;
  return apart.length === 0 ? others : { ...set, [element]: apart };
}
