import fc from 'fast-check';

const seedOf = (): number => {
  const given = process.env['COTERIE_SEED'];
  return given === undefined ? Math.floor(Math.random() * 0x7fffffff) : Number(given);
};

/**
 * Runs a property. The seed is printed at the start: `COTERIE_SEED=<seed>` runs the same cases again.
 * `COTERIE_RUNS=<n>` runs n times as many.
 */
export function check<T extends [unknown, ...unknown[]]>(property: fc.IProperty<T>, runs = 200): void {
  const seed = seedOf();
  console.info(`seed ${seed}`);
  fc.assert(property, { seed, numRuns: runs * Number(process.env['COTERIE_RUNS'] ?? 1) });
}

/** Small random numbers from a seed, for what needs no shrinking. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A copy in another order. */
export function shuffled<T>(list: readonly T[], seed: number): T[] {
  const next = numbers(seed);
  const copy = [...list];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    const held = copy[i]!;
    copy[i] = copy[j]!;
    copy[j] = held;
  }
  return copy;
}

const letters = 'abcdefghijklmnopqrstuvwxyz234567';

/** A hash that says nothing of when or by whom: as good as random, the same for the same name. */
export function hashOf(name: string): string {
  let seed = 2166136261;
  for (let i = 0; i < name.length; i++) seed = Math.imul(seed ^ name.charCodeAt(i), 16777619);
  const next = numbers(seed);
  let hash = '';
  for (let i = 0; i < 25; i++) hash += letters.charAt(Math.floor(next() * 32));
  return `${hash}a`;
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A stamp of this time, ms, unique by `salt`. */
export function stampAt(time: number, salt: number): string {
  let head = '';
  for (let left = Math.max(0, Math.floor(time)), i = 0; i < 10; i++) {
    head = crockford.charAt(left % 32) + head;
    left = Math.floor(left / 32);
  }
  return head + salt.toString().padStart(16, '0');
}
