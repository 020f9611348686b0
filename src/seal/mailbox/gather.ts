import type { Store, Write } from '../../storage/port.ts';

/** Something that changed in memory and is to be durable. */
export interface Change {
  readonly writes: readonly Write[];
  /** It is durable. Called in the order in which changes were added. */
  landed(): void;
  /** It is not, and may never be. */
  refused?(error: unknown): void;
}

/** Gathers changes: what comes while a commit is under way goes into the next, in one batch. */
export interface Gather {
  add(change: Change): void;
  /** Nothing waits. */
  readonly idle: boolean;
  /** Resolves when nothing waits any more, or a commit was refused. */
  settled(): Promise<void>;
}

export interface GatherOptions {
  readonly store: Pick<Store, 'commit'>;
  /** Rows that many changes share, as they are now; asked once a batch. */
  shared(): Write[];
  /** A commit was refused: none of what waits may be taken for durable, and nothing is taken any more. */
  failed(error: unknown): void;
}

export function createGather({ store, shared, failed }: GatherOptions): Gather {
  let waiting: Change[] = [];
  let running: Promise<void> | undefined;
  let broken: { readonly error: unknown } | undefined;

  async function run(): Promise<void> {
    while (waiting.length > 0 && !broken) {
      const batch = waiting;
      waiting = [];
      try {
        await store.commit([...batch.flatMap(({ writes }) => writes), ...shared()]);
      } catch (error) {
        broken = { error };
        const refused = [...batch, ...waiting];
        waiting = [];
        failed(error);
        for (const change of refused) change.refused?.(error);
        return;
      }
      for (const change of batch) change.landed();
    }
  }

  function start(): void {
    // In a microtask, so that what comes in one turn is one batch.
    running ??= Promise.resolve()
      .then(run)
      .finally(() => {
        running = undefined;
        // What came between the last look and here.
        if (waiting.length > 0) start();
      });
  }

  return {
    add(change) {
      if (broken) {
        change.refused?.(broken.error);
        return;
      }
      waiting.push(change);
      start();
    },
    get idle() {
      return running === undefined;
    },
    async settled() {
      while (running !== undefined) await running;
    },
  };
}
