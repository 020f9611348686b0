import { StorageError } from '../port.ts';
import { WINDOW } from '../store/window.ts';
import { type Database, type LogRecord, type Packed, records } from './database.ts';
import { orderedOf, overlaid } from './ordered.ts';
import { createRows, type Rows } from './rows.ts';
import { readSheet, type Sheet } from './sheet.ts';

/** A sheet with the number under which it is stored. */
export interface Stored {
  readonly key: number;
  readonly sheet: Sheet;
}

/** What a store holds in memory, and how it lies in the database. */
export interface Journal {
  readonly rows: Rows;
  /** Number of the last commit. */
  last: number;
  /** Checksums of the last commits by their number. */
  readonly sums: Map<number, number>;
  /** Number of the last commit that is packed. */
  packedUpTo: number;
  /** Records in the log. */
  logged: number;
  base: readonly Stored[];
  packs: readonly Stored[];
}

/** Records of a log and sheets that are fetched at once: several megabytes either way. */
const RECORDS = 1024;
const SHEETS = 8;

/** Notes a group of commits that is durable. */
export function take(journal: Journal, sums: Iterable<number>, sheet: Sheet): void {
  for (const sum of sums) {
    journal.last += 1;
    journal.sums.set(journal.last, sum);
    journal.sums.delete(journal.last - WINDOW);
  }
  journal.logged += 1;
  journal.rows.apply(sheet);
}

/** What the database says of its sheets once these are the ones that it has. */
export function manifest(
  journal: Journal,
  changes: Partial<Pick<Journal, 'base' | 'packs' | 'packedUpTo'>>,
): Packed {
  const { base, packs, packedUpTo } = { ...journal, ...changes };
  const sums: number[] = [];
  for (let commit = Math.max(1, packedUpTo - WINDOW + 1); commit <= packedUpTo; commit += 1)
    sums.push(journal.sums.get(commit) ?? 0);
  return {
    upTo: packedUpTo,
    sums: Uint32Array.from(sums),
    base: base.map(({ key }) => key),
    packs: packs.map(({ key }) => key),
  };
}

async function sheets(
  database: Database,
  store: 'base' | 'packs',
  keys: readonly number[],
): Promise<Stored[]> {
  const found = new Map<number, Stored>();
  for await (const [key, bytes] of records(database, store, SHEETS))
    found.set(key, { key, sheet: readSheet(bytes, `sheet ${store}/${key}`) });
  const listed = keys.map((key) => found.get(key));
  if (found.size !== keys.length || listed.includes(undefined))
    throw new StorageError('storage_corrupt', `Of what is stored (${store}) a part is missing.`);
  return listed as Stored[];
}

/** Reads everything. Throws `storage_corrupt` when a part of it is missing or damaged. */
export async function loadJournal(database: Database): Promise<Journal> {
  const packed = ((await database.get('meta', 'packed')) ?? {
    upTo: 0,
    sums: [],
    base: [],
    packs: [],
  }) as Packed;
  const base = await sheets(database, 'base', packed.base);
  const packs = await sheets(database, 'packs', packed.packs);
  let ordered = orderedOf(base.map(({ sheet }) => sheet));
  for (const { sheet } of packs) ordered = overlaid(ordered, sheet);
  const first = packed.upTo - packed.sums.length + 1;
  const journal: Journal = {
    rows: createRows(ordered),
    last: packed.upTo,
    sums: new Map(Array.from(packed.sums, (sum, at) => [first + at, sum])),
    packedUpTo: packed.upTo,
    logged: 0,
    base,
    packs,
  };
  for await (const [key, record] of records(database, 'log', RECORDS)) {
    if (key !== journal.last + 1)
      throw new StorageError('storage_corrupt', `Commits ${journal.last + 1} to ${key - 1} are missing.`);
    const { sums, sheet } = record as LogRecord;
    take(journal, sums, readSheet(sheet, `commit ${key}`));
  }
  return journal;
}
