import { closeCodes } from '../../../../schemas/protocol.ts';
import type { Core } from '../core.ts';

/** Documents that are exchanged at a time by the side that begins. */
const width = 8;
/** Documents that the other side told of and that were not begun. It waits until those are heard that it told. */
const maxTold = 4096;
/** Documents that wait, found by comparison: an inventory finds the others when these were exchanged. */
const maxFound = 65_536;

interface Item {
  readonly document: string;
  readonly rank: number;
  readonly byKey: boolean;
  /** The other side told of it; else it was found by comparison. */
  readonly told: boolean;
}

export interface Queue {
  /** The next one last, when sorted. */
  items: Item[];
  sorted: boolean;
  readonly queued: Set<string>;
  /** How many of the items were told of. */
  told: number;
  /** Documents that were begun, with their rank. */
  readonly running: Map<string, number>;
}

const emptyQueue = (): Queue => ({ items: [], sorted: true, queued: new Set(), told: 0, running: new Map() });

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
      if (next.told) queue.told--;
      queue.running.set(next.document, next.rank);
      begin(core, next.document, next.byKey);
    }
    if (queue.items.length === 0 && queue.running.size === 0) core.queue = undefined;
  }

  function put(core: Core, item: Item): void {
    core.queue ??= emptyQueue();
    const { queue } = core;
    if (queue.queued.has(item.document) || queue.running.has(item.document)) return;
    queue.queued.add(item.document);
    queue.items.push(item);
    queue.sorted = false;
    if (item.told && ++queue.told > maxTold)
      core.close(closeCodes.busy, 'more is told of than can be exchanged');
  }

  return {
    pump,
    add: (core: Core, document: string, rank: number, byKey: boolean): void =>
      put(core, { document, rank, byKey, told: false }),
    /** The other side told of it. So many at a time, no honest one tells. */
    addTold: (core: Core, document: string, rank: number, byKey: boolean): void =>
      put(core, { document, rank, byKey, told: true }),
    /** Found by comparison; false when as many wait as may. */
    addFound(core: Core, document: string, rank: number, byKey: boolean): boolean {
      if (core.queue && core.queue.items.length >= maxFound) return false;
      put(core, { document, rank, byKey, told: false });
      return true;
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
