import { createReader, type OnDamage, type RawRow } from './reader.ts';
import { unsnappy } from './snappy.ts';

// https://github.com/google/leveldb/blob/main/doc/table_format.md
const footerBytes = 48;
const magic = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
/** Behind the key that a caller gave: kind of the row and its number. */
const trailerBytes = 8;

interface Handle {
  readonly offset: number;
  readonly size: number;
}

function handleIn(bytes: Uint8Array): Handle {
  const from = createReader(bytes);
  return { offset: from.varint(), size: from.varint() };
}

/** The content of a block, as far as it can be read. */
function blockAt(table: Uint8Array, { offset, size }: Handle): { bytes: Uint8Array; whole: boolean } {
  const stored = table.subarray(offset, offset + size);
  const kind = table[offset + size];
  if (kind === undefined || stored.length < size) return { bytes: stored.subarray(0, 0), whole: false };
  return kind === 0 ? { bytes: stored, whole: true } : unsnappy(stored);
}

/** Rows of one stretch, in which each key says how much of the one before it begins with. */
function* stretch(bytes: Uint8Array): Generator<readonly [key: Uint8Array, value: Uint8Array]> {
  const from = createReader(bytes);
  let key = new Uint8Array(0);
  while (from.left > 0) {
    const [shared, own, value] = [from.varint(), from.varint(), from.varint()];
    if (shared > key.length) throw new RangeError('a key that begins with more than there is');
    const next = new Uint8Array(shared + own);
    next.set(key.subarray(0, shared));
    next.set(from.take(own), shared);
    key = next;
    yield [key, from.take(value)];
  }
}

/** Rows of a block: a damaged one costs those up to the next place where a key stands whole. */
function* rowsIn(
  { bytes, whole }: { bytes: Uint8Array; whole: boolean },
  onDamage: OnDamage,
): Generator<readonly [key: Uint8Array, value: Uint8Array]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const starts: number[] = [];
  const count = whole && bytes.length >= 4 ? view.getUint32(bytes.length - 4, true) : 0;
  const end = whole ? bytes.length - 4 * (count + 1) : bytes.length;
  for (let n = 0; whole && end >= 0 && n < count; n++) starts.push(view.getUint32(end + 4 * n, true));
  const isOrdered = starts[0] === 0 && starts.every((at, n) => at <= end && at >= (starts[n - 1] ?? 0));
  // Without the list of places it is read from its begin.
  const places = isOrdered ? [...starts, end] : [0, Math.max(0, end < 0 ? bytes.length : end)];
  if (!whole || !isOrdered) onDamage();
  for (const [n, to] of places.entries()) {
    if (n === 0) continue;
    try {
      yield* stretch(bytes.subarray(places[n - 1], to));
    } catch {
      if (whole && isOrdered) onDamage();
    }
  }
}

/** The rows of a table that can be read. Nothing of it is trusted: no length, no place, no key. */
export function* rowsOfTable(table: Uint8Array, onDamage: OnDamage): Generator<RawRow> {
  const footer = table.subarray(Math.max(0, table.length - footerBytes));
  let index: { bytes: Uint8Array; whole: boolean };
  try {
    if (footer.length < footerBytes || magic.some((one, n) => footer[footerBytes - 8 + n] !== one))
      throw new RangeError('no table');
    const from = createReader(footer);
    from.varint();
    from.varint();
    index = blockAt(table, handleIn(footer.subarray(from.at)));
  } catch {
    onDamage();
    return;
  }
  const decoder = new TextDecoder();
  for (const [, at] of rowsIn(index, onDamage)) {
    let block: { bytes: Uint8Array; whole: boolean };
    try {
      block = blockAt(table, handleIn(at));
    } catch {
      onDamage();
      continue;
    }
    for (const [key, value] of rowsIn(block, onDamage)) {
      if (key.length <= trailerBytes) continue;
      const own = key.length - trailerBytes;
      const [kind = 0, ...number] = key.subarray(own);
      const framed = kind === 1 ? value : undefined;
      yield { key: decoder.decode(key.subarray(0, own)), number: numberOf(number), framed };
    }
  }
}

const numberOf = (bytes: readonly number[]): number =>
  bytes.reduce((sum, one, n) => sum + one * 2 ** (8 * n), 0);
