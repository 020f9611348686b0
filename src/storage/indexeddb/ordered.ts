import {
  compareAt,
  frameAt,
  isGone,
  keyAt,
  keyTextAt,
  rowBytes,
  type Sheet,
  type SheetRow,
} from './sheet.ts';

/**
 * Rows of many sheets in one order: 8 bytes a row beside the sheets. Immutable, so that who reads it has a snapshot; a
 * change makes another, which costs a copy of those 8 bytes.
 */
export interface Ordered {
  readonly count: number;
  /** By number; a place is free where nothing is in use. */
  readonly sheets: readonly (Sheet | undefined)[];
  /** Of each row: the number of its sheet, and where it is there. */
  readonly sheet: Uint32Array;
  readonly row: Uint32Array;
}

const sheetOfRow = (ordered: Ordered, at: number): Sheet =>
  ordered.sheets[ordered.sheet[at] as number] as Sheet;

export const keyText = (ordered: Ordered, at: number): string =>
  keyTextAt(sheetOfRow(ordered, at), ordered.row[at] as number);

export const frameOf = (ordered: Ordered, at: number): Uint8Array =>
  frameAt(sheetOfRow(ordered, at), ordered.row[at] as number);

const compare = (ordered: Ordered, at: number, key: Uint8Array): number =>
  compareAt(sheetOfRow(ordered, at), ordered.row[at] as number, key);

/** Where the first row is that is not before the key. */
export function lowerBound(ordered: Ordered, key: Uint8Array, from = 0): number {
  let low = from;
  let high = ordered.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(ordered, middle, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The frame of the row with this key. */
export function findFrame(ordered: Ordered, key: Uint8Array): Uint8Array | undefined {
  const at = lowerBound(ordered, key);
  return at < ordered.count && compare(ordered, at, key) === 0 ? frameOf(ordered, at) : undefined;
}

/** Sheets that follow each other in the order of their keys and delete nothing. */
export function orderedOf(sheets: readonly Sheet[]): Ordered {
  const count = sheets.reduce((sum, one) => sum + one.count, 0);
  const sheet = new Uint32Array(count);
  const row = new Uint32Array(count);
  let at = 0;
  sheets.forEach((one, number) => {
    sheet.fill(number, at, at + one.count);
    for (let of = 0; of < one.count; of += 1) row[at + of] = of;
    at += one.count;
  });
  return { count, sheets, sheet, row };
}

function withSheet(sheets: readonly (Sheet | undefined)[], sheet: Sheet): [(Sheet | undefined)[], number] {
  const free = sheets.indexOf(undefined);
  const number = free < 0 ? sheets.length : free;
  const next = [...sheets];
  next[number] = sheet;
  return [next, number];
}

/** The same rows with a newer sheet over them: what it has replaces, what it deletes is gone. */
export function overlaid(ordered: Ordered, newer: Sheet): Ordered {
  const [sheets, number] = withSheet(ordered.sheets, newer);
  const sheet = new Uint32Array(ordered.count + newer.count);
  const row = new Uint32Array(ordered.count + newer.count);
  let count = 0;
  let from = 0;
  const keep = (to: number): void => {
    sheet.set(ordered.sheet.subarray(from, to), count);
    row.set(ordered.row.subarray(from, to), count);
    count += to - from;
    from = to;
  };
  for (let of = 0; of < newer.count; of += 1) {
    const key = keyAt(newer, of);
    keep(lowerBound(ordered, key, from));
    if (from < ordered.count && compare(ordered, from, key) === 0) from += 1;
    if (isGone(newer, of)) continue;
    sheet[count] = number;
    row[count] = of;
    count += 1;
  }
  keep(ordered.count);
  return { count, sheets, sheet: sheet.slice(0, count), row: row.slice(0, count) };
}

/** Rows from one place to another, cut into pieces of about so many bytes. */
export function piecesOf(ordered: Ordered, from: number, to: number, pieceBytes: number): SheetRow[][] {
  const total = bytesBetween(ordered, from, to);
  const each = total / Math.max(1, Math.round(total / pieceBytes));
  const pieces: SheetRow[][] = [];
  let piece: SheetRow[] = [];
  let bytes = 0;
  for (let at = from; at < to; at += 1) {
    const sheet = sheetOfRow(ordered, at);
    const row = ordered.row[at] as number;
    if (piece.length > 0 && bytes >= each) {
      pieces.push(piece);
      piece = [];
      bytes = 0;
    }
    piece.push({ key: keyAt(sheet, row), frame: frameAt(sheet, row) });
    bytes += rowBytes(sheet, row);
  }
  if (piece.length > 0) pieces.push(piece);
  return pieces;
}

export function bytesBetween(ordered: Ordered, from: number, to: number): number {
  let bytes = 0;
  for (let at = from; at < to; at += 1) bytes += rowBytes(sheetOfRow(ordered, at), ordered.row[at] as number);
  return bytes;
}

/** Whether the rows from one place to another are all those of this sheet. */
export function isWhole(ordered: Ordered, from: number, to: number, sheet: Sheet): boolean {
  if (to - from !== sheet.count) return false;
  const number = ordered.sheets.indexOf(sheet);
  for (let at = from; at < to; at += 1) if (ordered.sheet[at] !== number) return false;
  return true;
}

/** The same rows, of which those from one place on are read from these sheets now, which hold just them. */
export function moved(ordered: Ordered, from: number, into: readonly Sheet[]): Ordered {
  const sheet = ordered.sheet.slice();
  const row = ordered.row.slice();
  let { sheets } = ordered;
  let at = from;
  for (const one of into) {
    const [next, number] = withSheet(sheets, one);
    sheets = next;
    for (let of = 0; of < one.count; of += 1) {
      sheet[at] = number;
      row[at] = of;
      at += 1;
    }
  }
  return { count: ordered.count, sheets, sheet, row };
}

/** Without sheets of which no row is in use. */
export function without(ordered: Ordered, unused: ReadonlySet<Sheet>): Ordered {
  const sheets = ordered.sheets.map((one) => (one !== undefined && unused.has(one) ? undefined : one));
  return { ...ordered, sheets };
}
