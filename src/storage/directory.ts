import { dirname, join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import { finishSettingAside } from './aside.ts';
import type { Files } from './files.ts';
import { StorageError } from './port.ts';
import { toStorageError } from './store/trouble.ts';

/** Version of the layout that this code writes. It opens this one and refuses newer ones. */
export const FORMAT = 1;

/** Directories are for their owner alone, and so are files. */
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

const FORMAT_FILE = 'coterie.json';
const HOLDER_FILE = 'holder.json';

/** Who has a directory open, since when (ISO 8601). */
export interface Holder {
  readonly pid: number;
  readonly since: string;
}

/** What the last process left: it takes its note away when it ends well. */
interface Note extends Holder {
  /** Processes in a row, before this one, that did not end well. */
  readonly crashes: number;
}

/** The layout of a data directory, made as far as it was not there. */
export interface DataDirectory {
  readonly path: string;
  readonly journal: string;
  readonly documents: string;
  /** The layout's version as found, `undefined` while the directory is new. */
  readonly format: number | undefined;
  /** Says on disk that the directory is complete. Called once the journal exists. */
  seal(): void;
  /** Leaves a note of who has the directory. The journal's lock is the lock; this only tells. */
  hold(holder: Holder): void;
  /** Takes the note away. */
  release(): void;
  /** Who left a note and is alive. */
  holder(): Holder | undefined;
  /** How many processes in a row had the directory and did not end well. */
  readonly crashes: number;
}

/** True when a process of that number runs, also one of another user. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Finds or makes a data directory, and finishes setting a damaged one aside that was cut off. Throws `directory_unreadable` for a file in its place or missing permission,
 * `directory_newer` for a layout of a later version, `storage_corrupt` for a damaged format file.
 */
export function openDirectory(
  path: string,
  files: Files,
  alive: (pid: number) => boolean = isAlive,
): DataDirectory {
  const root = resolve(path);
  const journal = join(root, 'journal');
  const documents = join(root, 'documents');
  const formatPath = join(root, FORMAT_FILE);
  const holderPath = join(root, HOLDER_FILE);
  let format: number | undefined;
  let crashes = 0;
  try {
    finishSettingAside(root, files);
    refuseForeign(root, files);
    for (const one of [root, journal, documents]) makeDirectory(one, files);
    format = readFormat(files.read(formatPath), root);
    const note = readNote(files.read(holderPath));
    crashes = note === undefined ? 0 : note.crashes + 1;
  } catch (error) {
    throw toStorageError(error, `The data directory ${root} cannot be used`, 'directory_unreadable');
  }

  return {
    path: root,
    journal,
    documents,
    format,
    seal() {
      if (format === undefined) files.replace(formatPath, writeFormat(), FILE_MODE);
    },
    crashes,
    hold: ({ pid, since }) => {
      const note: Note = { pid, since, crashes };
      files.replace(holderPath, Buffer.from(`${JSON.stringify(note)}\n`), FILE_MODE);
    },
    release() {
      if (files.exists(holderPath)) files.remove(holderPath);
    },
    holder() {
      const note = readNote(files.read(holderPath));
      return note !== undefined && alive(note.pid) ? { pid: note.pid, since: note.since } : undefined;
    },
  };
}

/** What lies in a data directory, whoever put it there, and drafts of it. Hidden files are nobody's business. */
const own =
  /^(?:(?:journal|documents|pads|search|tokens|coterie\.json|holder\.json|replica\.key|cli\.json|node\.json|remotes\.json)(?:\..*)?|lost\+found|\..*)$/;

/** A path that was mistyped must not become a data directory among the files of somebody else. */
function refuseForeign(root: string, files: Files): void {
  if (files.kind(root) !== 'directory' || files.exists(join(root, FORMAT_FILE))) return;
  const foreign = files.list(root).find((name) => !own.test(name));
  if (foreign !== undefined)
    throw new StorageError(
      'directory_not_empty',
      `${root} is no data directory and holds something else, such as ${foreign}.`,
    );
}

/** Makes a directory and those above it, each name synced, and checks that it can be used. */
function makeDirectory(path: string, files: Files): void {
  const kind = files.kind(path);
  if (kind === 'file') throw new StorageError('directory_unreadable', `${path} is a file, not a directory.`);
  if (kind === undefined) {
    const parent = dirname(path);
    if (parent !== path && files.kind(parent) !== 'directory') makeDirectory(parent, files);
    files.makeDirectory(path, DIRECTORY_MODE);
    files.syncDirectory(parent);
  }
  files.checkAccess(path);
}

/** Body and sum on one line each: a damaged version must not pass for another version. */
function writeFormat(): Uint8Array {
  const body = JSON.stringify({ format: FORMAT });
  return Buffer.from(`${body}\n${crc32(body).toString(16).padStart(8, '0')}\n`);
}

function readFormat(bytes: Uint8Array | undefined, root: string): number | undefined {
  if (bytes === undefined) return undefined;
  const [body = '', sum = ''] = Buffer.from(bytes).toString('latin1').split('\n');
  const damaged = new StorageError('storage_corrupt', `The file ${FORMAT_FILE} in ${root} is damaged.`);
  if (sum !== crc32(body).toString(16).padStart(8, '0')) throw damaged;
  const value: unknown = JSON.parse(body);
  if (typeof value !== 'object' || value === null || !('format' in value) || typeof value.format !== 'number')
    throw damaged;
  if (value.format > FORMAT) {
    throw new StorageError(
      'directory_newer',
      `The data directory ${root} has format ${value.format}; this version reads up to ${FORMAT}. Use a newer version.`,
    );
  }
  return value.format;
}

/** The note is only a courtesy: one that does not read says nothing. */
function readNote(bytes: Uint8Array | undefined): Note | undefined {
  if (bytes === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('since' in value))
      return undefined;
    const { pid, since } = value;
    const crashes = 'crashes' in value ? value.crashes : 0;
    if (typeof pid !== 'number' || typeof since !== 'string' || typeof crashes !== 'number') return undefined;
    return { pid, since, crashes };
  } catch {
    return undefined;
  }
}
