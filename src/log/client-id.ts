/**
 * A Yjs clientID for one opening, never to be used again: 32 random bits, not 0. `random` gives as many bytes as it is
 * asked for. Yjs would draw its own, which no simulation could replay.
 */
export function freshClientID(random: (bytes: number) => Uint8Array): number {
  for (;;) {
    const [a = 0, b = 0, c = 0, d = 0] = random(4);
    const id = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
    if (id !== 0) return id;
  }
}
