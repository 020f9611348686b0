/** Documents that are exchanged at a time by the side that begins. */
const width = 8;

interface Item {
  readonly document: string;
  readonly rank: number;
  readonly byKey: boolean;
}

/**
 * What is to be synced, in order: the members log first and alone, then by rank (0: members, 1: what is written to
 * now, then by distance from the newest segment). `begin` starts one.
 */
export function createWork(begin: (document: string, byKey: boolean) => void, blocked: () => boolean) {
  /** The next one last. */
  let queue: Item[] = [];
  let sorted = true;
  const queued = new Set<string>();
  const running = new Map<string, number>();

  const membersRun = (): boolean => {
    for (const rank of running.values()) if (rank === 0) return true;
    return false;
  };

  function pump(): void {
    while (queue.length > 0 && running.size < width && !blocked()) {
      if (!sorted) {
        queue.sort((a, b) => b.rank - a.rank);
        sorted = true;
      }
      const next = queue.at(-1);
      // Everything else is judged by the members log.
      if (!next || (next.rank > 0 && membersRun())) return;
      queue.pop();
      queued.delete(next.document);
      running.set(next.document, next.rank);
      begin(next.document, next.byKey);
    }
  }

  return {
    pump,
    add(document: string, rank: number, byKey: boolean): void {
      if (queued.has(document) || running.has(document)) return;
      queued.add(document);
      queue.push({ document, rank, byKey });
      sorted = false;
    },
    finished(document: string): void {
      if (running.delete(document)) pump();
    },
    isQueued: (document: string): boolean => queued.has(document),
    isRunning: (document: string): boolean => running.has(document),
    documents: (): string[] => [...queued, ...running.keys()],
    size: (): number => queue.length + running.size,
    clear(): void {
      queue = [];
      queued.clear();
      running.clear();
    },
  };
}

export type Work = ReturnType<typeof createWork>;
