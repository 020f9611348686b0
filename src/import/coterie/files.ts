import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Row, type RowKind, rowKinds, rowShapes } from '../../export/rows.ts';
import { invalid } from '../folder.ts';
import { fileBytes, readLines } from '../lines.ts';

/** A row and how to name it in a message. */
export interface Placed<K extends RowKind> {
  readonly row: Row<K>;
  readonly place: string;
}

/** The files of an export. */
export interface ExportFiles {
  /** All eight, bytes. */
  readonly bytes: number;
  /** Bytes read so far; every file is read twice. */
  readonly done: () => number;
  /** Rows in the order of the file. Rejects with `import_invalid` naming the line that is not one. */
  rows<K extends RowKind>(kind: K): AsyncGenerator<Placed<K>, void, undefined>;
}

/** @throws {CoterieError} `import_invalid` when the directory lacks a file of an export */
export async function openExport(directory: string, signal?: AbortSignal): Promise<ExportFiles> {
  const found = await stat(directory).catch(() => undefined);
  if (!found?.isDirectory()) throw invalid(`${directory} is not a directory that Coterie exported`);
  let bytes = 0;
  for (const kind of rowKinds) bytes += await fileBytes(join(directory, `${kind}.jsonl`));

  let before = 0;
  let within = 0;
  return {
    bytes,
    done: () => before + within,
    async *rows(kind) {
      const shape = rowShapes[kind];
      for await (const line of readLines(join(directory, `${kind}.jsonl`), signal)) {
        within = line.offset;
        const parsed = shape.safeParse(line.value);
        if (!parsed.success) {
          const issue = parsed.error.issues[0];
          const field = issue && issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
          throw invalid(`${basename(directory)}/${line.place}: ${field}${issue?.message}`);
        }
        yield { row: parsed.data as Row<typeof kind>, place: `${basename(directory)}/${line.place}` };
      }
      before += within;
      within = 0;
    },
  };
}
