const CHUNK = 128 * 1024;

/** Writes numbers and strings one after the other, to be taken away in chunks. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(CHUNK * 2);
  #at = 0;
  readonly #shared = new Map<string, number>();

  /** Whether enough has gathered to be worth taking. */
  get full(): boolean {
    return this.#at >= CHUNK;
  }

  /** What was written since the last call. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#at);
    this.#bytes = Buffer.allocUnsafe(CHUNK * 2);
    this.#at = 0;
    return taken;
  }

  #room(length: number): void {
    if (this.#at + length <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + length));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }

  /** A whole number from 0 to 2^53 - 1, seven bits a byte. */
  count(value: number): void {
    this.#room(8);
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at++] = rest;
  }

  float(value: number): void {
    this.#room(8);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  string(text: string): void {
    const length = Buffer.byteLength(text);
    this.count(length);
    this.#room(length);
    this.#at += this.#bytes.write(text, this.#at);
  }

  /** A string that many rows share: in full once, then by number. */
  shared(text: string): void {
    const known = this.#shared.get(text);
    this.count(known ?? this.#shared.size);
    if (known !== undefined) return;
    this.#shared.set(text, this.#shared.size);
    this.string(text);
  }
}

/** Reads what a `ByteWriter` wrote. Throws a `RangeError` beyond the end. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at: number;
  readonly #shared: string[] = [];

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  count(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new RangeError('The bytes end too early.');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
  }

  float(): number {
    const value = this.#bytes.readDoubleLE(this.#at);
    this.#at += 8;
    return value;
  }

  string(): string {
    const length = this.count();
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError('The bytes end too early.');
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end;
    return text;
  }

  shared(): string {
    const known = this.count();
    if (known < this.#shared.length) return this.#shared[known] ?? '';
    const text = this.string();
    this.#shared.push(text);
    return text;
  }
}
