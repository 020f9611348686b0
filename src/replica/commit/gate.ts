/** Runs so many tasks at a time, the others in the order in which they came. */
export function createGate(most: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;

  return async (task) => {
    if (running < most) running++;
    else await new Promise<void>((go) => waiting.push(go));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      // Whoever is next takes this one's place.
      if (next) next();
      else running--;
    }
  };
}
