/** Work that others may interrupt. */
export interface Breathing {
  /** Lets others have a turn when this one lasted long enough. */
  pause(): Promise<void>;
}

/** Nothing here holds the event loop much longer than this, ms. */
const longest = 8;

/** `monotonic` in ms. */
export function createBreathing(monotonic: () => number): Breathing {
  let began = monotonic();
  return {
    async pause() {
      if (monotonic() - began < longest) return;
      await new Promise<void>((resolve) => setImmediate(resolve));
      began = monotonic();
    },
  };
}
