import { unframe } from '../store/frame.ts';
import type { ScrubOptions, ScrubReport } from '../store/tables.ts';
import { type Database, type LogRecord, records } from './database.ts';
import { frameAt, isGone, keyTextAt, readSheet } from './sheet.ts';

const SHEETS = 8;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Reads every sheet that is stored and checks every row in it. */
export async function scrubSheets(
  database: Database,
  { progress, signal }: ScrubOptions = {},
): Promise<ScrubReport> {
  const problems: { file: string; problem: string }[] = [];
  let tables = 0;
  let bytes = 0;
  const total = (await navigator.storage.estimate()).usage ?? 0;
  for (const store of ['base', 'packs', 'log'] as const) {
    for await (const [key, record] of records(database, store, SHEETS)) {
      signal?.throwIfAborted();
      const file = `${store}/${key}`;
      const stored = store === 'log' ? (record as LogRecord).sheet : (record as Uint8Array);
      tables += 1;
      bytes += stored.length;
      try {
        checkRows(stored, file);
      } catch (error) {
        problems.push({ file, problem: messageOf(error) });
      }
      progress?.(bytes, Math.max(bytes, total));
    }
  }
  return { tables, bytes, unrecorded: 0, problems };
}

function checkRows(stored: Uint8Array, file: string): void {
  const sheet = readSheet(stored, `sheet ${file}`);
  for (let row = 0; row < sheet.count; row += 1)
    if (!isGone(sheet, row)) unframe(keyTextAt(sheet, row), frameAt(sheet, row));
}
