import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { CoterieError } from '../../schemas/index.ts';
import { makeDirectories } from '../../src/storage/make-directories.ts';

/**
 * Files that only their owner may read: tokens, and the run file that tells the command line where to send one.
 * A file that others could have read or replaced is refused instead of trusted.
 */

const onWindows = process.platform === 'win32';

/** The code of a file system error. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

function untrusted(path: string, what: string, hint: string): CoterieError {
  return new CoterieError('directory_unreadable', `${path} ${what}`, { hint });
}

/** Why others could read or replace it, or `undefined`. On Windows modes say nothing, and directories guard. */
function exposed(path: string, stat: { mode: number; uid: number }, mode: string): CoterieError | undefined {
  if (onWindows) return undefined;
  if (process.getuid && stat.uid !== process.getuid())
    return untrusted(path, 'belongs to another user', `Remove it, or run: chown "$USER" '${path}'`);
  if ((stat.mode & 0o077) === 0) return undefined;
  const shown = (stat.mode & 0o777).toString(8).padStart(4, '0');
  return untrusted(path, `is open to other users (mode ${shown})`, `Run: chmod ${mode} '${path}'`);
}

/** A directory that only its owner may enter: made when absent, refused when it is anything else. */
export function privateDirectory(path: string): void {
  makeDirectories(path, 0o700);
  const stat = lstatSync(path);
  if (!stat.isDirectory()) throw untrusted(path, 'is not a directory', 'Remove it and try again.');
  const trouble = exposed(path, stat, '700');
  if (trouble) throw trouble;
}

/** The text of a private file, `undefined` when there is none; refuses symbolic links and files open to others. */
export function readPrivate(path: string, maxBytes = 64 * 1024): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP' || code === 'EMLINK')
      throw untrusted(path, 'is a symbolic link', 'Remove it; a new one is made on demand.');
    throw untrusted(path, `cannot be read (${code ?? 'unknown error'})`, 'Check its owner and permissions.');
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw untrusted(path, 'is not a file', 'Remove it and try again.');
    const trouble = exposed(path, stat, '600');
    if (trouble) throw trouble;
    if (stat.size > maxBytes) throw untrusted(path, 'is larger than expected', 'Remove it and try again.');
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

/** Names that begin with a dot are drafts: no handle begins with one. */
function draft(path: string, text: string, durable = true): string {
  const name = join(dirname(path), `.${randomBytes(9).toString('base64url')}`);
  const fd = openSync(name, 'wx', 0o600);
  try {
    writeSync(fd, text);
    if (durable) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return name;
}

/**
 * Makes a private file whole. False when one is there already: of two makers at once exactly one succeeds. One that is not
 * `durable` may be empty after a power cut; syncing takes the thread for as long as the disk is busy.
 */
export function createPrivate(path: string, text: string, { durable = true } = {}): boolean {
  const name = draft(path, text, durable);
  try {
    linkSync(name, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw untrusted(path, `cannot be made (${codeOf(error) ?? 'unknown error'})`, 'Check the directory.');
  } finally {
    unlinkSync(name);
  }
}

/** Replaces a private file whole: a reader sees the old or the new text. */
export function replacePrivate(path: string, text: string): void {
  renameSync(draft(path, text), path);
}
