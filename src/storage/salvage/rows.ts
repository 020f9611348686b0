import { join } from 'node:path';
import type { Files } from '../files.ts';
import { unframe } from '../store/frame.ts';
import { rowsOfLog } from './log.ts';
import type { RawRow } from './reader.ts';
import { rowsOfTable } from './table.ts';

/** What can be read of a damaged store. */
export interface Salvaged {
  /** The newest version of each row that agrees with its own sum. */
  readonly rows: ReadonlyMap<string, Uint8Array>;
  /** Rows that no version of agrees with its sum, and parts of files that are none any more. */
  readonly damaged: number;
}

/**
 * Reads the rows under a prefix from the files of a store that nobody has open, without the engine: it does not open
 * what is damaged, or ends the process over it. Each row is taken by its own sum, so that whatever else is damaged
 * makes none up.
 */
export async function salvageRows(directory: string, prefix: string, files: Files): Promise<Salvaged> {
  const newest = new Map<string, { number: number; value: Uint8Array | undefined }>();
  const wrong = new Set<string>();
  let damaged = 0;
  const onDamage = (): void => void damaged++;
  const take = ({ key, number, framed }: RawRow): void => {
    if (!key.startsWith(prefix) || (newest.get(key)?.number ?? -1) >= number) return;
    try {
      // A copy: a view would hold the whole file.
      const value = framed && Uint8Array.from(unframe(key, framed));
      newest.set(key, { number, value });
    } catch {
      wrong.add(key);
    }
  };
  const names = files.kind(directory) === 'directory' ? files.list(directory) : [];
  for (const name of names) {
    const rowsOf = name.endsWith('.ldb') ? rowsOfTable : name.endsWith('.log') ? rowsOfLog : undefined;
    const bytes = rowsOf && (await files.readLater(join(directory, name)).catch(() => undefined));
    if (!rowsOf) continue;
    if (bytes === undefined) onDamage();
    else for (const row of rowsOf(bytes, onDamage)) take(row);
  }
  const rows = new Map<string, Uint8Array>();
  for (const [key, { value }] of newest) if (value) rows.set(key, value);
  for (const key of wrong) if (!rows.has(key)) damaged++;
  return { rows, damaged };
}
