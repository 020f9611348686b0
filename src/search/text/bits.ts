/** A set of document numbers, a bit each. */
export class Bits {
  words: Uint32Array;

  constructor(size = 0) {
    this.words = new Uint32Array(Math.ceil(size / 32));
  }

  add(number: number): void {
    const word = number >>> 5;
    if (word >= this.words.length) {
      const larger = new Uint32Array(Math.max(word + 1, this.words.length * 2));
      larger.set(this.words);
      this.words = larger;
    }
    this.words[word] = (this.words[word] ?? 0) | (1 << (number & 31));
  }

  has(number: number): boolean {
    return (((this.words[number >>> 5] ?? 0) >>> (number & 31)) & 1) === 1;
  }

  /** Also what `other` has. */
  join(other: Bits): void {
    if (other.words.length > this.words.length) {
      const larger = new Uint32Array(other.words.length);
      larger.set(this.words);
      this.words = larger;
    }
    for (let i = 0; i < other.words.length; i++) this.words[i] = (this.words[i] ?? 0) | (other.words[i] ?? 0);
  }

  /** Only what `other` has too. */
  keep(other: Bits): void {
    for (let i = 0; i < this.words.length; i++) this.words[i] = (this.words[i] ?? 0) & (other.words[i] ?? 0);
  }

  /** Nothing that `other` has. */
  leaveOut(other: Bits): void {
    const both = Math.min(this.words.length, other.words.length);
    for (let i = 0; i < both; i++) this.words[i] = (this.words[i] ?? 0) & ~(other.words[i] ?? 0);
  }

  /** All numbers below `size`. */
  static all(size: number): Bits {
    const bits = new Bits(size);
    bits.words.fill(0xffffffff);
    if (size % 32 > 0) bits.words[bits.words.length - 1] = 2 ** (size % 32) - 1;
    return bits;
  }

  *numbers(): Generator<number> {
    for (let word = 0; word < this.words.length; word++) {
      let rest = this.words[word] ?? 0;
      while (rest !== 0) {
        const bit = 31 - Math.clz32(rest & -rest);
        yield word * 32 + bit;
        rest &= rest - 1;
      }
    }
  }
}
