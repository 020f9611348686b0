import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectories } from '../../../src/storage/make-directories.ts';
import { write } from './files.ts';

/** A file that was written, and what there was before. */
export interface Kept {
  readonly path: string;
  /** Name of the copy beside this record; null where there was no file. */
  readonly copy: string | null;
  /** Digest of what was written. */
  readonly wrote: string;
  /** Folders that were made for it, the inmost first. */
  readonly folders: readonly string[];
}

/** What one set-up did, so that it can be undone: a folder with a record and copies of the files as they were. */
export interface Record {
  readonly folder: string;
  /** Undefined where nothing was set up. */
  read(): readonly Kept[] | undefined;
  /** Keeps a copy, once: what was there before the first set-up. */
  keep(name: string, bytes: Buffer): void;
  bytes(name: string): Buffer;
  write(files: readonly Kept[]): void;
  remove(): void;
}

const isKept = (one: unknown): one is Kept =>
  typeof one === 'object' &&
  one !== null &&
  'path' in one &&
  'wrote' in one &&
  'copy' in one &&
  'folders' in one;

/** The record of one tool in one place. It is for its owner alone: settings may hold secrets. */
export function recordOf(config: string, tool: string, place: string): Record {
  const name = createHash('sha256').update(`${tool}\0${place}`).digest('hex').slice(0, 12);
  const folder = join(config, 'setup', `${tool}-${name}`);
  const file = join(folder, 'record.json');
  return {
    folder,
    read() {
      try {
        const said: unknown = JSON.parse(readFileSync(file, 'utf8'));
        if (typeof said !== 'object' || said === null || !('files' in said)) return undefined;
        return Array.isArray(said.files) ? said.files.filter(isKept) : undefined;
      } catch {
        return undefined;
      }
    },
    keep(name, bytes) {
      makeDirectories(folder, 0o700);
      writeFileSync(join(folder, name), bytes, { mode: 0o600, flush: true });
    },
    bytes: (name) => readFileSync(join(folder, name)),
    write: (files) => {
      write(file, `${JSON.stringify({ tool, place, files }, null, 2)}\n`, 0o600);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
