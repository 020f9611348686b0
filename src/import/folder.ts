import { CoterieError } from '../../schemas/index.ts';

/** Files below one place, read-only: a directory or an archive. */
export interface Folder {
  /** What messages call it. */
  readonly name: string;
  /** Path inside, with `/` -> size in bytes. Sorted by path. */
  readonly files: ReadonlyMap<string, number>;
  /** The whole file. Rejects with `import_invalid` or `import_unsafe` naming it. */
  read(path: string): Promise<Buffer>;
  close(): Promise<void>;
}

/** Largest single file that is read whole, bytes. It is parsed in memory. */
export const longestFile = 64 * 1024 * 1024;
/** Most files of one folder. */
export const mostFiles = 200_000;

export const invalid = (message: string, cause?: unknown): CoterieError =>
  new CoterieError('import_invalid', message, cause === undefined ? {} : { cause });

export const unsafe = (message: string): CoterieError => new CoterieError('import_unsafe', message);

/** What went wrong, in words. */
export const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));
