/** So many segments further than before a log is followed at once: others may have rolled while this one was away. */
const slack = 8;

/**
 * Whether a log that is written to in segment `now` is followed to `n`. As many segments as it has operations are a lot,
 * and cost whoever claims them as many.
 */
export const isNear = (n: number, now: number, operations: number): boolean =>
  n <= now + slack || n <= operations;
