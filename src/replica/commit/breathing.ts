import { inNextTurn } from '../../turn.ts';

/** Long work of which others get their turn in between. */
export interface Breathing {
  /** Lets others have a turn when this one lasted long enough. */
  pause(): Promise<void>;
}

/** Nothing here holds the event loop much longer than this, ms. */
const longest = 8;

/**
 * One for everything of a replica that may take long: however much of it is under way, of what paused one goes on in each
 * turn of the event loop. Each with a clock of its own would hold the loop as many times as long. `monotonic` in ms.
 */
export function createBreathing(monotonic: () => number): Breathing {
  const waiting: (() => void)[] = [];
  let began = monotonic();
  let planned = false;

  function plan(): void {
    if (planned || waiting.length === 0) return;
    planned = true;
    inNextTurn(() => {
      planned = false;
      began = monotonic();
      waiting.shift()?.();
      // An immediate that is asked for in one runs in the next turn.
      plan();
    });
  }

  return {
    async pause() {
      // Who comes while others wait does not go before them.
      if (waiting.length === 0 && monotonic() - began < longest) return;
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        plan();
      });
    },
  };
}
