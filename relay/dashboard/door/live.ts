import type { TypedEvent } from '../../../schemas/index.ts';
import type { Door } from './door.ts';

/** Which events: `message.*`, `task.create`, `*`. */
export type Pattern = string;

/** What happens in the workspace, as it happens: one stream for the whole page. */
export interface Live {
  /** Calls `listener` with every event of these types from now on; returns what ends that. */
  on(patterns: readonly Pattern[], listener: (event: TypedEvent) => void): () => void;
  close(): void;
}

function matches(patterns: readonly Pattern[], type: string): boolean {
  return patterns.some((one) =>
    one === '*' ? true : one.endsWith('*') ? type.startsWith(one.slice(0, -1)) : one === type,
  );
}

export function openLive(door: Pick<Door, 'events'>): Live {
  const listeners = new Set<{
    readonly patterns: readonly Pattern[];
    readonly listener: (event: TypedEvent) => void;
  }>();
  const closing = new AbortController();
  async function run(): Promise<void> {
    for await (const event of door.events({ signal: closing.signal }))
      for (const one of [...listeners]) {
        // Of a gap nobody knows what was in it.
        if (event.type === 'gap' || matches(one.patterns, event.type)) one.listener(event);
      }
  }
  run().catch((error: unknown) => {
    if (!closing.signal.aborted) console.error(error);
  });
  return {
    on(patterns, listener) {
      const one = { patterns, listener };
      listeners.add(one);
      return () => void listeners.delete(one);
    },
    close: () => closing.abort(),
  };
}
