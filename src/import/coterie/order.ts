/** An item, and what it names that never came. */
export interface Ordered<T> {
  readonly item: T;
  readonly missing: ReadonlySet<string>;
}

/**
 * Gives items so that each comes after those that it names, and else in the order in which they come. What names
 * something that never comes, or a circle of names, comes last. Remembers only ids that something names, and items
 * that wait.
 * @param isNamed whether anything names the id
 */
export async function* inOrder<T extends { readonly id: string }>(
  items: AsyncIterable<T>,
  names: (item: T) => readonly string[],
  isNamed: (id: string) => boolean,
  given: Set<string>,
): AsyncGenerator<Ordered<T>, void, undefined> {
  const none: ReadonlySet<string> = new Set();
  /** By the one id that an item waits for first. */
  const waiting = new Map<string, T[]>();
  const firstMissing = (item: T): string | undefined => names(item).find((id) => !given.has(id));
  const wait = (item: T, id: string): void => {
    waiting.set(id, [...(waiting.get(id) ?? []), item]);
  };

  for await (const item of items) {
    const missing = firstMissing(item);
    if (missing !== undefined) {
      wait(item, missing);
      continue;
    }
    const ready = [item];
    for (const next of ready) {
      if (isNamed(next.id)) given.add(next.id);
      yield { item: next, missing: none };
      for (const waiter of waiting.get(next.id) ?? []) {
        const further = firstMissing(waiter);
        if (further === undefined) ready.push(waiter);
        else wait(waiter, further);
      }
      waiting.delete(next.id);
    }
  }
  for (const items of [...waiting.values()])
    for (const item of items) {
      yield { item, missing: new Set(names(item).filter((id) => !given.has(id))) };
      if (isNamed(item.id)) given.add(item.id);
    }
}
