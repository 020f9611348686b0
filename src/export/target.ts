import { createHash, randomBytes } from 'node:crypto';
import { readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CoterieError } from '../../schemas/index.ts';
import { makeDirectories } from '../storage/make-directories.ts';
import { rowKinds } from './rows.ts';

/** A directory that appears whole or not at all. */
export interface Target {
  /** Where it is going to be. */
  readonly directory: string;
  /** Where it is written. */
  readonly temporary: string;
  /** Puts it in place, instead of an earlier export. */
  finish(): Promise<void>;
  /** Removes what was written. */
  abandon(): Promise<void>;
}

const files = new Set(rowKinds.map((kind) => `${kind}.jsonl`));

const absent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** What the file system says, as an error of the list. */
export function fileError(error: unknown, directory: string): unknown {
  if (error instanceof CoterieError || !(error instanceof Error) || !('code' in error)) return error;
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT')
    return new CoterieError('disk_full', `the disk is full: ${directory} was not written`, { cause: error });
  if (!('syscall' in error)) return error;
  return new CoterieError('directory_unreadable', `${directory} cannot be written: ${error.message}`, {
    cause: error,
  });
}

/**
 * @throws {CoterieError} `directory_not_empty` when it holds anything but an earlier export
 */
export async function openTarget(path: string): Promise<Target> {
  const directory = resolve(path);
  await judge(directory);
  const temporary = join(
    dirname(directory),
    `.${basename(directory)}.export-${randomBytes(6).toString('hex')}`,
  );
  makeDirectories(join(temporary, 'channels'));
  return {
    directory,
    temporary,
    async finish() {
      // Again: someone may have put something there meanwhile.
      const before = await judge(directory);
      const aside = `${temporary}.before`;
      if (before === 'export') await rename(directory, aside);
      else if (before === 'empty') await rmdir(directory);
      try {
        await rename(temporary, directory);
      } catch (error) {
        if (before === 'export') await rename(aside, directory);
        throw error;
      }
      await rm(aside, { recursive: true, force: true });
    },
    abandon: () => rm(temporary, { recursive: true, force: true }),
  };
}

async function judge(directory: string): Promise<'absent' | 'empty' | 'export'> {
  const found = await stat(directory).catch((error: unknown) => {
    if (absent(error)) return undefined;
    throw error;
  });
  if (!found) return 'absent';
  if (!found.isDirectory()) throw new CoterieError('directory_not_empty', `${directory} is a file`);
  const entries = await readdir(directory);
  if (entries.length === 0) return 'empty';
  const stray = entries.find((entry) => entry !== 'channels' && !files.has(entry));
  const pages = entries.includes('channels')
    ? await readdir(join(directory, 'channels')).catch(() => [''])
    : [''];
  const strayPage = pages.find((page) => !page.endsWith('.md'));
  if (stray === undefined && strayPage === undefined && entries.length === files.size + 1) return 'export';
  throw new CoterieError(
    'directory_not_empty',
    `${directory} holds ${stray ?? 'something'} and is not an earlier export`,
  );
}

/** A file name for an exported id, safe on every system and different for every id: `slack:C1` is `slack_C1`. */
export function fileName(id: string): string {
  const name = id.replace(/[^A-Za-z0-9.:-]|^[.-]|\.$/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  );
  const safe = name.replaceAll(':', '_');
  if (safe.length <= 150 && safe.includes('_')) return safe;
  // Too long, or perhaps a word that a system keeps for itself.
  return `${safe.slice(0, 150)}_%${createHash('sha256').update(id).digest('hex').slice(0, 16)}`;
}
