import { StorageError } from '../port.ts';
import { crc32 } from '../store/crc32.ts';
import { compareKeys } from '../store/frame.ts';

/**
 * Rows in order of their keys, packed into one array of bytes: what is stored is what is read in memory, so opening
 * decodes nothing. Numbers are 32 bits in the order of this machine, which alone reads them:
 *
 *     sum      CRC-32 of everything before the first frame, but this
 *     count    of rows
 *     table    for each row, and once for the end: where its key begins, where its frame begins
 *     keys     UTF-8
 *     frames   as `frame` makes them: checked when a row is read. An empty one says that the row is deleted.
 */
export interface Sheet {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly count: number;
  readonly table: Uint32Array;
}

/** A row on its way into a sheet. An empty frame says that it is deleted. */
export interface SheetRow {
  readonly key: Uint8Array;
  readonly frame: Uint8Array;
}

const HEADER_BYTES = 8;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** A key as it is compared. */
export const keyBytes = (key: string): Uint8Array => encoder.encode(key);

/** Rows that are in order already, as a sheet. */
export function sheetOf(rows: readonly SheetRow[]): Sheet {
  const tableEnd = HEADER_BYTES + (rows.length + 1) * 8;
  let keys = 0;
  let frames = 0;
  for (const { key, frame } of rows) {
    keys += key.length;
    frames += frame.length;
  }
  const bytes = new Uint8Array(tableEnd + keys + frames);
  const words = new Uint32Array(bytes.buffer, 0, tableEnd / 4);
  const table = words.subarray(HEADER_BYTES / 4);
  words[1] = rows.length;
  let keyAt = tableEnd;
  let frameAt = tableEnd + keys;
  rows.forEach(({ key, frame }, at) => {
    table[at * 2] = keyAt;
    table[at * 2 + 1] = frameAt;
    bytes.set(key, keyAt);
    bytes.set(frame, frameAt);
    keyAt += key.length;
    frameAt += frame.length;
  });
  table[rows.length * 2] = keyAt;
  table[rows.length * 2 + 1] = frameAt;
  words[0] = crc32(bytes.subarray(4, keyAt));
  return { bytes, count: rows.length, table };
}

/** Rows by key in any order, as a sheet. */
export function sheetOfMap(rows: ReadonlyMap<string, Uint8Array>): Sheet {
  const keys = [...rows.keys()].sort(compareKeys);
  return sheetOf(keys.map((key) => ({ key: keyBytes(key), frame: rows.get(key) as Uint8Array })));
}

/** Reads a stored sheet. Throws `storage_corrupt`, naming `what`, when its table and keys are not what was written. */
export function readSheet(stored: unknown, what: string): Sheet {
  const sheet = stored instanceof Uint8Array ? tryRead(stored as Uint8Array<ArrayBuffer>) : undefined;
  if (sheet === undefined) throw new StorageError('storage_corrupt', `The stored ${what} is damaged.`);
  return sheet;
}

function tryRead(stored: Uint8Array<ArrayBuffer>): Sheet | undefined {
  const bytes = stored.byteOffset % 4 === 0 ? stored : stored.slice();
  if (bytes.length < HEADER_BYTES + 8) return undefined;
  const [sum, count] = new Uint32Array(bytes.buffer, bytes.byteOffset, 2) as unknown as [number, number];
  if (HEADER_BYTES + (count + 1) * 8 > bytes.length) return undefined;
  const table = new Uint32Array(bytes.buffer, bytes.byteOffset + HEADER_BYTES, (count + 1) * 2);
  const keysEnd = table[count * 2] as number;
  if (keysEnd > bytes.length || crc32(bytes.subarray(4, keysEnd)) !== sum) return undefined;
  return table[count * 2 + 1] === bytes.length ? { bytes, count, table } : undefined;
}

export const keyAt = ({ bytes, table }: Sheet, row: number): Uint8Array =>
  bytes.subarray(table[row * 2], table[row * 2 + 2]);

export const frameAt = ({ bytes, table }: Sheet, row: number): Uint8Array =>
  bytes.subarray(table[row * 2 + 1], table[row * 2 + 3]);

/** Whether the row says that its key is deleted. */
export const isGone = ({ table }: Sheet, row: number): boolean => table[row * 2 + 1] === table[row * 2 + 3];

/** Bytes of a row in a sheet. */
export const rowBytes = ({ table }: Sheet, row: number): number =>
  (table[row * 2 + 2] as number) -
  (table[row * 2] as number) +
  (table[row * 2 + 3] as number) -
  (table[row * 2 + 1] as number);

/** The key of a row as text. */
export function keyTextAt({ bytes, table }: Sheet, row: number): string {
  const key = bytes.subarray(table[row * 2], table[row * 2 + 2]);
  let units = 0;
  for (let at = 0; at < key.length; at += 1) units |= key[at] as number;
  // Several times as fast as the decoder, and keys are short and nearly always of ASCII.
  if (units < 0x80 && key.length < 1024) return String.fromCharCode.apply(null, key as unknown as number[]);
  return decoder.decode(key);
}

/** Below 0 when the row is before the key, above when it is behind. */
export function compareAt({ bytes, table }: Sheet, row: number, key: Uint8Array): number {
  const from = table[row * 2] as number;
  const length = (table[row * 2 + 2] as number) - from;
  const both = Math.min(length, key.length);
  for (let at = 0; at < both; at += 1) {
    const difference = (bytes[from + at] as number) - (key[at] as number);
    if (difference !== 0) return difference;
  }
  return length - key.length;
}
