import type { Hash, Header, Stamp } from '../../schemas/index.ts';

/** What an order needs of an operation. */
export interface Ordered {
  readonly hash: Hash;
  readonly header: Pick<Header, 'stamp' | 'after'>;
}

/** The order between operations made apart: by stamp, then by hash. */
export function compare(
  a: { readonly hash: Hash; readonly header: { readonly stamp: Stamp } },
  b: { readonly hash: Hash; readonly header: { readonly stamp: Stamp } },
): number {
  return a.header.stamp < b.header.stamp
    ? -1
    : a.header.stamp > b.header.stamp
      ? 1
      : compareText(a.hash, b.hash);
}

/** By UTF-16 units, the same in every locale. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The 48-bit milliseconds in a stamp's first ten characters. */
export function stampTime(stamp: Stamp): number {
  let time = 0;
  for (let i = 0; i < 10; i++) time = time * 32 + Math.max(0, crockford.indexOf(stamp.charAt(i)));
  return time;
}

/** The causal graph of a set of operations, in its linear order. */
export interface Causality<O extends Ordered> {
  /** By `after` first; of those that are ready, the lowest stamp, then the lowest hash. The root leads. */
  readonly ops: readonly O[];
  readonly indexOf: ReadonlyMap<Hash, number>;
  /** True when the operation at `ancestor` is in the causal past of the one at `index`. */
  sees(index: number, ancestor: number): boolean;
  /** True when everything that the order puts before `index` is in its past. */
  seesAll(index: number): boolean;
  /** Operations that no other saw, in the linear order. */
  readonly heads: readonly Hash[];
  /**
   * Takes in one more, where it is the last of the order and nothing here names it: then the set with it has this very
   * graph. Returns false, and nothing happened, for any other.
   */
  append(op: O): boolean;
}

/**
 * Orders a set. Any input has an answer: repeats count once, references outside the set are left out, and operations
 * that name nothing of the set come after the root, if it is there. The same set gives the same order.
 */
export function order<O extends Ordered>(input: Iterable<O>, root: Hash | undefined): Causality<O> {
  const distinct = new Map<Hash, O>();
  for (const op of input) if (!distinct.has(op.hash)) distinct.set(op.hash, op);
  const ranked = [...distinct.values()].sort(compare);
  const rankOf = new Map<Hash, number>();
  for (const [rank, op] of ranked.entries()) rankOf.set(op.hash, rank);
  const rootRank = root === undefined ? undefined : rankOf.get(root);

  const parents = ranked.map((op, rank) => parentsOf(op, rank, rankOf, rootRank));
  const sequence = topological(parents, rootRank);

  const ops: O[] = [];
  const indexOf = new Map<Hash, number>();
  let highest = ranked.at(-1);
  let named: Set<Hash> | undefined;
  const indexAt = new Int32Array(ranked.length).fill(-1);
  const seen = new Uint8Array(ranked.length);
  const pasts = new Pasts();
  for (const [index, rank] of sequence.entries()) {
    const op = ranked[rank];
    if (op === undefined) continue;
    ops.push(op);
    indexOf.set(op.hash, index);
    indexAt[rank] = index;
    const known: number[] = [];
    for (const parent of parents[rank] ?? []) {
      const at = indexAt[parent] ?? -1;
      // In a set with a cycle (which hashes rule out) some parents come later: they are no past.
      if (at < 0) continue;
      known.push(at);
      seen[at] = 1;
    }
    pasts.push(known);
  }
  let heads = ops.filter((_op, index) => seen[index] === 0).map(({ hash }) => hash);
  return {
    ops,
    indexOf,
    get heads() {
      return heads;
    },
    append(op) {
      if (rootRank === undefined || highest === undefined || indexOf.has(op.hash)) return false;
      const { after } = op.header;
      // Whoever saw everything is last, whatever its clock says.
      if (compare(op, highest) < 0 && !heads.every((head) => after.includes(head))) return false;
      named ??= new Set(ops.flatMap(({ header }) => header.after));
      if (named.has(op.hash)) return false;
      const parents = after.map((hash) => indexOf.get(hash)).filter((at) => at !== undefined);
      // The root leads.
      pasts.push(parents.length > 0 ? parents : [0]);
      const seenNow = new Set(parents.length > 0 ? after : [ops[0]?.hash]);
      heads = [...heads.filter((head) => !seenNow.has(head)), op.hash];
      for (const hash of after) named.add(hash);
      indexOf.set(op.hash, ops.length);
      ops.push(op);
      if (compare(op, highest) > 0) highest = op;
      return true;
    },
    sees: (index, ancestor) => pasts.sees(index, ancestor),
    seesAll: (index) => pasts.seesAll(index),
  };
}

function parentsOf(op: Ordered, rank: number, rankOf: Map<Hash, number>, root: number | undefined): number[] {
  if (rank === root) return [];
  const parents: number[] = [];
  for (const hash of op.header.after) {
    const parent = rankOf.get(hash);
    if (parent !== undefined && parent !== rank && !parents.includes(parent)) parents.push(parent);
  }
  if (parents.length === 0 && root !== undefined) parents.push(root);
  return parents;
}

/** Ranks in topological order, the lowest ready one first. Should a cycle be left, its lowest rank goes next. */
function topological(parents: readonly number[][], root: number | undefined): number[] {
  const missing = parents.map((list) => list.length);
  const children: number[][] = parents.map(() => []);
  for (const [rank, list] of parents.entries()) for (const parent of list) children[parent]?.push(rank);
  const ready = new Heap();
  const placed = new Uint8Array(parents.length);
  const sequence: number[] = [];
  const place = (rank: number): void => {
    placed[rank] = 1;
    sequence.push(rank);
    for (const child of children[rank] ?? []) {
      const left = (missing[child] ?? 0) - 1;
      missing[child] = left;
      if (left === 0 && placed[child] === 0) ready.push(child);
    }
  };
  if (root !== undefined) place(root);
  for (const [rank, left] of missing.entries()) if (left === 0 && placed[rank] === 0) ready.push(rank);
  let lowest = 0;
  while (sequence.length < parents.length) {
    const next = ready.pop();
    if (next !== undefined) {
      if (placed[next] === 0) place(next);
    } else {
      while (placed[lowest] === 1) lowest++;
      place(lowest);
    }
  }
  return sequence;
}

/** A binary heap of small integers, the lowest on top. */
class Heap {
  readonly #items: number[] = [];

  push(value: number): void {
    const items = this.#items;
    let at = items.length;
    items.push(value);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const above = items[up] ?? 0;
      if (above <= value) break;
      items[at] = above;
      at = up;
    }
    items[at] = value;
  }

  pop(): number | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (top === undefined || last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= items.length) break;
      if (down + 1 < items.length && (items[down + 1] ?? 0) < (items[down] ?? 0)) down++;
      const below = items[down] ?? 0;
      if (below >= last) break;
      items[at] = below;
      at = down;
    }
    items[at] = last;
    return top;
  }
}

const none = new Uint32Array(0);

/**
 * Causal pasts by linear index. Histories are nearly linear, so each past is kept as "everything below `full`" and
 * a few words of bits from there on: a chain costs no bits at all.
 */
class Pasts {
  readonly #full: number[] = [];
  readonly #base: number[] = [];
  readonly #words: Uint32Array[] = [];

  push(parents: readonly number[]): void {
    let full = 0;
    let last = -1;
    for (const parent of parents) {
      full = Math.max(full, this.#full[parent] ?? 0);
      last = Math.max(last, parent);
    }
    if (full === last) full = last + 1;
    const base = full & ~31;
    if (full > last) {
      this.#append(full, base, none);
      return;
    }
    const words = new Uint32Array(((last - base) >> 5) + 1);
    for (const parent of parents) {
      this.#merge(words, base, parent);
      if (parent >= base) setBit(words, parent - base);
    }
    while (full <= last && hasBit(words, full - base)) full++;
    if (full > last) this.#append(full, full & ~31, none);
    else this.#append(full, base, words);
  }

  #append(full: number, base: number, words: Uint32Array): void {
    this.#full.push(full);
    this.#base.push(base);
    this.#words.push(words);
  }

  /** Adds a parent's past. Bits below `full` may stay unset: `full` already says that they are in. */
  #merge(words: Uint32Array, base: number, parent: number): void {
    const theirs = this.#words[parent] ?? none;
    const skip = (base - (this.#base[parent] ?? 0)) >> 5;
    for (let i = Math.max(0, skip); i < theirs.length; i++) {
      const at = i - skip;
      words[at] = (words[at] ?? 0) | (theirs[i] ?? 0);
    }
  }

  sees(index: number, ancestor: number): boolean {
    if (ancestor < (this.#full[index] ?? 0)) return true;
    const words = this.#words[index] ?? none;
    return hasBit(words, ancestor - (this.#base[index] ?? 0));
  }

  seesAll(index: number): boolean {
    return (this.#full[index] ?? 0) >= index;
  }
}

const hasBit = (words: Uint32Array, bit: number): boolean =>
  bit >= 0 && ((words[bit >> 5] ?? 0) & (1 << (bit & 31))) !== 0;

function setBit(words: Uint32Array, bit: number): void {
  words[bit >> 5] = (words[bit >> 5] ?? 0) | (1 << (bit & 31));
}
