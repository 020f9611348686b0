import { type ByteReader, createReader, type OnDamage, type RawRow } from './reader.ts';

// https://github.com/google/leveldb/blob/main/doc/log_format.md
const blockBytes = 32 * 1024;
const headerBytes = 7;
const [full, first, , last] = [1, 2, 3, 4];

interface Fragment {
  readonly kind: number;
  readonly content: Uint8Array;
}

/** The parts of records in one block, up to what is none; undefined stands for that. */
function* fragmentsOf(block: Uint8Array): Generator<Fragment | undefined> {
  for (let at = 0; at + headerBytes <= block.length; ) {
    const length = (block[at + 4] ?? 0) + 256 * (block[at + 5] ?? 0);
    const kind = block[at + 6] ?? 0;
    // Space that was set aside and not written.
    if (kind === 0 && length === 0) return;
    at += headerBytes + length;
    const isOne = kind > 0 && kind <= last && at <= block.length;
    yield isOne ? { kind, content: block.subarray(at - length, at) } : undefined;
    if (!isOne) return;
  }
}

/** Records of a log; of one that lost its end what is left of it. */
function* recordsOf(log: Uint8Array, onDamage: OnDamage): Generator<Uint8Array> {
  let parts: Uint8Array[] = [];
  const ended = (): Uint8Array[] => {
    const record = parts.length > 0 ? [joined(parts)] : [];
    parts = [];
    return record;
  };
  for (let start = 0; start < log.length; start += blockBytes)
    for (const fragment of fragmentsOf(log.subarray(start, start + blockBytes))) {
      const begins = fragment?.kind === full || fragment?.kind === first;
      if (fragment === undefined || begins === parts.length > 0) {
        yield* ended();
        onDamage();
      }
      if (fragment === undefined || (!begins && parts.length === 0)) continue;
      parts.push(fragment.content);
      if (fragment.kind === full || fragment.kind === last) yield* ended();
    }
  // The write that a crash cut off was acknowledged to nobody.
  yield* ended();
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? (parts[0] ?? new Uint8Array(0)) : Buffer.concat(parts);
}

/** The rows of a log that can be read: of a damaged batch those before the damage. */
export function* rowsOfLog(log: Uint8Array, onDamage: OnDamage): Generator<RawRow> {
  const decoder = new TextDecoder();
  const text = (from: ByteReader): string => decoder.decode(from.take(from.varint()));
  for (const record of recordsOf(log, onDamage)) {
    const from = createReader(record);
    try {
      let number = from.little(4) + from.little(4) * 2 ** 32;
      const count = from.little(4);
      for (let n = 0; n < count; n++, number++) {
        const kind = from.byte();
        if (kind > 1) throw new RangeError('no row');
        const key = text(from);
        yield { key, number, framed: kind === 1 ? from.take(from.varint()) : undefined };
      }
    } catch {
      onDamage();
    }
  }
}
