/**
 * Runs so many tasks at a time. The others wait by whom they are for, who take turns: however much one brings, another
 * waits for one task of each.
 */
export function createGate(most: number): <T>(by: number, task: () => Promise<T>) => Promise<T> {
  /** Who is next comes first; each in the order in which its tasks came. */
  const waiting = new Map<number, (() => void)[]>();
  let running = 0;

  function wait(by: number): Promise<void> {
    return new Promise((go) => {
      const mine = waiting.get(by);
      if (mine) mine.push(go);
      else waiting.set(by, [go]);
    });
  }

  function next(): (() => void) | undefined {
    for (const [by, [first, ...others]] of waiting) {
      waiting.delete(by);
      if (others.length > 0) waiting.set(by, others);
      return first;
    }
    return undefined;
  }

  return async (by, task) => {
    if (running < most) running++;
    else await wait(by);
    try {
      return await task();
    } finally {
      const go = next();
      // Whoever is next takes this one's place.
      if (go) go();
      else running--;
    }
  };
}
