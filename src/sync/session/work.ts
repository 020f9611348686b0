import type { Core } from './core.ts';

/** Documents that are exchanged at a time by the side that begins. */
const width = 8;

interface Item {
  readonly document: string;
  readonly rank: number;
  readonly byKey: boolean;
}

export interface Queue {
  /** The next one last, when sorted. */
  items: Item[];
  sorted: boolean;
  readonly queued: Set<string>;
  /** Documents that were begun, with their rank. */
  readonly running: Map<string, number>;
}

const emptyQueue = (): Queue => ({ items: [], sorted: true, queued: new Set(), running: new Map() });

/**
 * What is to be synced, in order: the members log first and alone, then by rank (0: members, 1: what is written to
 * now, then by distance from the newest segment). `begin` starts one.
 */
export function createWork(begin: (core: Core, document: string, byKey: boolean) => void) {
  const membersRun = ({ running }: Queue): boolean => {
    for (const rank of running.values()) if (rank === 0) return true;
    return false;
  };

  function pump(core: Core): void {
    const { queue } = core;
    if (!queue || !core.met()) return;
    while (queue.items.length > 0 && queue.running.size < width && !core.congested()) {
      if (!queue.sorted) {
        queue.items.sort((a, b) => b.rank - a.rank);
        queue.sorted = true;
      }
      const next = queue.items.at(-1);
      // Everything else is judged by the members log.
      if (!next || (next.rank > 0 && membersRun(queue))) return;
      queue.items.pop();
      queue.queued.delete(next.document);
      queue.running.set(next.document, next.rank);
      begin(core, next.document, next.byKey);
    }
    if (queue.items.length === 0 && queue.running.size === 0) core.queue = undefined;
  }

  return {
    pump,
    add(core: Core, document: string, rank: number, byKey: boolean): void {
      core.queue ??= emptyQueue();
      const { queue } = core;
      if (queue.queued.has(document) || queue.running.has(document)) return;
      queue.queued.add(document);
      queue.items.push({ document, rank, byKey });
      queue.sorted = false;
    },
    finished(core: Core, document: string): void {
      if (core.queue?.running.delete(document)) pump(core);
    },
    isQueued: ({ queue }: Core, document: string): boolean => queue?.queued.has(document) === true,
    isRunning: ({ queue }: Core, document: string): boolean => queue?.running.has(document) === true,
    documents: ({ queue }: Core): string[] => (queue ? [...queue.queued, ...queue.running.keys()] : []),
    size: ({ queue }: Core): number => (queue ? queue.items.length + queue.running.size : 0),
  };
}

export type Work = ReturnType<typeof createWork>;
