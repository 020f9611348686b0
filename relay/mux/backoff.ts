/** How long to wait before the next attempt. */
export interface Backoff {
  /** Milliseconds: anything up to twice the bound before (full jitter), from 250 ms to 30 s. */
  next(): number;
  /** The other end said no: the next waits are of the longest kind. */
  refuse(): void;
  /** It went well: the next wait is short again. */
  reset(): void;
}

const first = 250;
const most = 30_000;

/** `random` gives bytes, as everywhere. */
export function openBackoff(random: (bytes: number) => Uint8Array): Backoff {
  let bound = first;
  let refused = false;
  const fraction = (): number => {
    const [a = 0, b = 0, c = 0] = random(3);
    return (a * 65_536 + b * 256 + c) / 2 ** 24;
  };
  return {
    next() {
      const drawn = fraction();
      if (refused) return most * (0.5 + drawn / 2);
      const wait = bound * drawn;
      bound = Math.min(bound * 2, most);
      return wait;
    },
    refuse() {
      refused = true;
    },
    reset() {
      refused = false;
      bound = first;
    },
  };
}
