import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** A text file of another program. A link stays a link: what it leads to is written. */
export const real = (path: string): string => (existsSync(path) ? realpathSync(path) : path);

/** Its bytes; undefined where there is no file. */
export function bytesOf(path: string): Buffer | undefined {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  return readFileSync(path);
}

/** Bytes as text, exactly: undefined for what is not UTF-8. */
export function textOf(bytes: Buffer): string | undefined {
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : undefined;
}

/** A name for what a file holds. */
export const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Makes a folder; answers those that it had to make, the inmost first. */
function made(folder: string): string[] {
  if (existsSync(folder)) return [];
  const above = made(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
  return [folder, ...above];
}

/**
 * Writes a file at once or not at all, with the rights that it had; a new one is for its owner alone where it is one
 * of the user's own. Answers the folders that it made.
 */
export function write(path: string, bytes: Buffer | string, mode: number): string[] {
  const folders = made(dirname(path));
  const to = real(path);
  const draft = `${to}.coterie-${process.pid}`;
  const had = statSync(to, { throwIfNoEntry: false });
  try {
    writeFileSync(draft, bytes, { mode: had ? had.mode & 0o777 : mode, flush: true });
    renameSync(draft, to);
  } catch (error) {
    if (existsSync(draft)) unlinkSync(draft);
    throw error;
  }
  return folders;
}

export function remove(path: string): void {
  if (existsSync(path)) unlinkSync(path);
}

/** Removes a folder, if nothing lies in it. */
export function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Something lies there by now.
  }
}
