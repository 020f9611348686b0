/**
 * The first `most` of many by an order, without sorting all of them: a heap whose top is the last of those that are in.
 * `before` says whether one comes before another; it never answers true both ways.
 */
export class Best {
  readonly #heap: number[] = [];
  readonly #most: number;
  readonly #before: (one: number, other: number) => boolean;

  constructor(most: number, before: (one: number, other: number) => boolean) {
    this.#most = most;
    this.#before = before;
  }

  offer(one: number): void {
    const heap = this.#heap;
    if (heap.length < this.#most) {
      heap.push(one);
      this.#rise(heap.length - 1);
    } else if (this.#most > 0 && this.#before(one, heap[0] as number)) {
      heap[0] = one;
      this.#sink();
    }
  }

  #swap(at: number, other: number): void {
    const heap = this.#heap;
    const held = heap[at] as number;
    heap[at] = heap[other] as number;
    heap[other] = held;
  }

  #rise(from: number): void {
    const heap = this.#heap;
    for (let at = from; at > 0; ) {
      const above = (at - 1) >> 1;
      if (!this.#before(heap[above] as number, heap[at] as number)) return;
      this.#swap(at, above);
      at = above;
    }
  }

  #sink(): void {
    const heap = this.#heap;
    for (let at = 0; ; ) {
      let last = at;
      for (const below of [2 * at + 1, 2 * at + 2])
        if (below < heap.length && this.#before(heap[last] as number, heap[below] as number)) last = below;
      if (last === at) return;
      this.#swap(at, last);
      at = last;
    }
  }

  /** Those that are in, the first first. */
  inOrder(): number[] {
    return [...this.#heap].sort((one, other) => (this.#before(one, other) ? -1 : 1));
  }
}
