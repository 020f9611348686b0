import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Files, PlacedFile } from '../files.ts';

const TABLES_FILE = 'TABLES';

/** Names of the engine's immutable tables. */
export const TABLE_NAME = /^\d+\.(?:ldb|sst)$/;

/** Size in bytes and CRC-32 of a table file when it was new. */
interface Recorded {
  readonly size: number;
  readonly sum: number;
}

export interface ScrubOptions {
  /** Called after each file with the bytes read and the bytes there are. */
  readonly progress?: (done: number, total: number) => void;
  /** Records every table as it is now, also those that did not agree. For after a repair. */
  readonly accept?: boolean;
  readonly signal?: AbortSignal;
}

/** What a scrub found. Nothing is wrong when `problems` is empty. */
export interface ScrubReport {
  readonly tables: number;
  readonly bytes: number;
  /** Tables that had no sum yet; they have one now. */
  readonly unrecorded: number;
  readonly problems: readonly { readonly file: string; readonly problem: string }[];
}

/** Sums of the engine's immutable table files, recorded when each is new and compared on request. */
export interface Tables {
  /** Says that tables may have come or gone. New ones are summed in the background. */
  note(): void;
  scrub(options?: ScrubOptions): Promise<ScrubReport>;
  close(): Promise<void>;
}

const HEADER = 'coterie tables 1';

/** One line of the file: name, size, sum, and the line's own sum. */
function line(name: string, { size, sum }: Recorded): string {
  const text = `${name} ${size} ${sum.toString(16).padStart(8, '0')}`;
  return `${text} ${crc32(text).toString(16).padStart(8, '0')}\n`;
}

interface Ledger {
  readonly records: Map<string, Recorded>;
  /** Lines that do not read. A last line without its end is a torn write and not counted. */
  damaged: number;
  /** Bytes up to the end of the last whole line. */
  readonly end: number;
}

function readLedger(bytes: Uint8Array | undefined): Ledger {
  const records = new Map<string, Recorded>();
  if (bytes === undefined) return { records, damaged: 1, end: 0 };
  const text = Buffer.from(bytes).toString('latin1');
  const end = text.lastIndexOf('\n') + 1;
  const [header, ...lines] = text.slice(0, end).split('\n');
  let damaged = header === HEADER ? 0 : 1;
  for (const one of lines.slice(0, -1)) {
    const match = /^((\d+\.\w+) (\d+) ([0-9a-f]{8})) ([0-9a-f]{8})$/.exec(one);
    const [, content = '', name = '', size = '', sum = '', check = ''] = match ?? [];
    if (match === null || crc32(content) !== Number.parseInt(check, 16)) damaged += 1;
    else records.set(name, { size: Number(size), sum: Number.parseInt(sum, 16) });
  }
  return { records, damaged, end };
}

/** Makes the file of a new store, so that its absence is a finding later. */
export function createTablesFile(files: Files, directory: string): void {
  files.replace(join(directory, TABLES_FILE), Buffer.from(`${HEADER}\n`), 0o600);
}

/** What is wrong with a table, if anything. One without a record cannot be judged. */
function difference(record: Recorded | undefined, found: Recorded | undefined): string | undefined {
  if (found === undefined) return 'the file is missing';
  if (record === undefined) return undefined;
  if (found.size !== record.size) return `it has ${found.size} bytes instead of ${record.size}`;
  return found.sum === record.sum ? undefined : 'its content is not what was written';
}

/**
 * Compares the tables of a store that is not open with their recorded sums. The engine does not check tables as it
 * reads them, and some damages make it abort the whole process, so this is the way to look at a suspect store.
 */
export async function inspectTables(
  directory: string,
  files: Files,
  { progress, signal }: ScrubOptions = {},
): Promise<ScrubReport> {
  const { records, damaged } = readLedger(files.read(join(directory, TABLES_FILE)));
  const names = files.list(directory).filter((name) => TABLE_NAME.test(name));
  const problems = damaged > 0 ? [ledgerProblem(damaged)] : [];
  let bytes = 0;
  let unrecorded = 0;
  const total = names.reduce((sum, name) => sum + (records.get(name)?.size ?? 0), 0);
  for (const name of names) {
    signal?.throwIfAborted();
    const record = records.get(name);
    if (record === undefined) {
      unrecorded += 1;
      continue;
    }
    const problem = difference(record, await measureTable(files, directory, name));
    if (problem !== undefined) problems.push({ file: name, problem });
    bytes += record.size;
    progress?.(bytes, total);
  }
  return { tables: names.length, bytes, unrecorded, problems };
}

function ledgerProblem(damaged: number): { file: string; problem: string } {
  return { file: TABLES_FILE, problem: `${damaged} of its lines are damaged or missing` };
}

async function measureTable(files: Files, directory: string, name: string): Promise<Recorded | undefined> {
  const bytes = await files.readLater(join(directory, name));
  return bytes === undefined ? undefined : { size: bytes.length, sum: crc32(bytes) };
}

/** `live` names the tables that the engine holds now, with their sizes in bytes. */
export function createTables(options: {
  directory: string;
  files: Files;
  live: () => ReadonlyMap<string, number>;
}): Tables {
  const { directory, files, live } = options;
  const path = join(directory, TABLES_FILE);
  let ledger: Ledger | undefined;
  let file: PlacedFile | undefined;
  let end = 0;
  let noted = false;
  let closed = false;
  let running: Promise<void> | undefined;

  const load = (): Ledger => {
    if (ledger === undefined) {
      ledger = readLedger(files.read(path));
      end = ledger.end;
      const held = live();
      const stale = [...ledger.records.keys()].filter((name) => !held.has(name));
      for (const name of stale) ledger.records.delete(name);
      // Lines of tables that went are dropped when they are most of the file; damage stays to be found.
      if (ledger.damaged === 0 && stale.length > ledger.records.size + 100) rewrite(ledger);
    }
    return ledger;
  };

  const rewrite = (current: Ledger): void => {
    file?.close();
    file = undefined;
    const bytes = Buffer.from(
      `${HEADER}\n${[...current.records].map(([name, one]) => line(name, one)).join('')}`,
    );
    files.replace(path, bytes, 0o600);
    end = bytes.length;
    current.damaged = 0;
  };

  const append = (name: string, one: Recorded): void => {
    file ??= files.open(path, 0o600);
    const bytes = Buffer.from(line(name, one));
    file.write(bytes, end);
    end += bytes.length;
  };

  const measure = (name: string): Promise<Recorded | undefined> => measureTable(files, directory, name);

  const pass = async (): Promise<void> => {
    while (noted && !closed) {
      noted = false;
      const { records } = load();
      let added = false;
      for (const name of live().keys()) {
        if (closed) break;
        if (records.has(name)) continue;
        const one = await measure(name);
        if (one === undefined) continue;
        records.set(name, one);
        append(name, one);
        added = true;
      }
      if (added) await file?.syncLater();
    }
  };

  const start = (): void => {
    // A sum that could not be recorded is recorded by a later pass; a scrub says how many have none.
    running ??= pass()
      .catch(() => undefined)
      .finally(() => {
        running = undefined;
      });
  };

  const scrub = async ({ progress, accept = false, signal }: ScrubOptions = {}): Promise<ScrubReport> => {
    await running;
    const current = load();
    const held = live();
    const problems: { file: string; problem: string }[] = [];
    if (current.damaged > 0)
      problems.push({ file: TABLES_FILE, problem: `${current.damaged} of its lines are damaged or missing` });
    const total = [...held.values()].reduce((sum, size) => sum + size, 0);
    let bytes = 0;
    let unrecorded = 0;
    for (const [name, size] of held) {
      signal?.throwIfAborted();
      const found = await measure(name);
      bytes += size;
      progress?.(bytes, total);
      const record = current.records.get(name);
      const problem = difference(record, found);
      // A table that compaction took away meanwhile is no finding.
      if (problem !== undefined && live().has(name)) problems.push({ file: name, problem });
      if (record === undefined) unrecorded += 1;
      if (found === undefined || (record !== undefined && !accept)) continue;
      current.records.set(name, found);
      if (!accept) append(name, found);
    }
    if (accept) rewrite(current);
    else file?.sync();
    return { tables: held.size, bytes, unrecorded, problems };
  };

  return {
    note() {
      noted = true;
      if (!closed) start();
    },
    scrub,
    async close() {
      await running;
      // Compaction may have ended since: what is not summed now is only summed at the next opening.
      noted = true;
      await pass().catch(() => undefined);
      closed = true;
      file?.close();
      file = undefined;
    },
  };
}
