import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import * as files from 'node:fs/promises';
import { dirname } from 'node:path';
import { CoterieError } from '../../schemas/index.ts';
import { fromBase64url, toBase64url } from '../op/index.ts';

/** What a key file needs of the file system; `node:fs/promises` unless a test passes another. */
export type KeyFileSystem = Pick<typeof files, 'open' | 'link' | 'unlink'>;

const format = /^coterie-seed-1 ([A-Za-z0-9_-]{43})\n$/;

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

const unreadable = (path: string, what: string, hint?: string, cause?: unknown): CoterieError =>
  new CoterieError('directory_unreadable', `key file ${path}: ${what}`, {
    ...(hint === undefined ? {} : { hint }),
    cause,
  });

async function syncDirectory(fs: KeyFileSystem, path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await fs.open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function writeSynced(fs: KeyFileSystem, path: string, text: string): Promise<void> {
  const file = await fs.open(path, 'wx', 0o600);
  try {
    // The umask may have taken bits away; none may be added either.
    await file.chmod(0o600);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Writes a new key file: mode 0600, whole or not at all, synced with its directory before it returns.
 * Throws `directory_unreadable` when anything stands at the path already, or the file system refuses.
 */
export async function createKeyFile(
  path: string,
  seed: Uint8Array,
  fs: KeyFileSystem = files,
): Promise<void> {
  if (seed.length !== 32) throw new CoterieError('internal', `a seed is 32 bytes, not ${seed.length}`);
  // Written beside and then linked: a crash leaves no half key, and a link never replaces what is there.
  const beside = `${path}.${randomUUID()}.new`;
  try {
    await writeSynced(fs, beside, `coterie-seed-1 ${toBase64url(seed)}\n`);
    await fs.link(beside, path);
    await fs.unlink(beside);
    await syncDirectory(fs, path);
  } catch (error) {
    await fs.unlink(beside).catch(() => undefined);
    const taken = codeOf(error) === 'EEXIST';
    throw unreadable(path, taken ? 'exists already' : 'cannot be written', undefined, error);
  }
}

/**
 * The seed in a key file; `undefined` when there is none.
 * Throws `directory_unreadable` for a symbolic link, a file that isn't a plain one, that others may read or write or
 * own, and for content that is no key.
 */
export async function readKeyFile(path: string, fs: KeyFileSystem = files): Promise<Uint8Array | undefined> {
  let file: files.FileHandle;
  try {
    // Not following links and looked at through the handle: nothing can change between the look and the read.
    file = await fs.open(
      path,
      constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
    );
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw unreadable(
      path,
      codeOf(error) === 'ELOOP' ? 'is a symbolic link' : 'cannot be opened',
      undefined,
      error,
    );
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw unreadable(path, 'is not a plain file');
    if (process.platform !== 'win32') {
      if ((stat.mode & 0o077) !== 0)
        throw unreadable(path, 'others may read or write it', `Make it yours alone: chmod 600 ${path}`);
      if (process.geteuid && stat.uid !== process.geteuid())
        throw unreadable(path, 'belongs to another user');
    }
    if (stat.size > 1024) throw unreadable(path, 'is not a key');
    const seed = format.exec(await file.readFile('utf8'))?.[1];
    const raw = seed === undefined ? undefined : fromBase64url(seed, 32);
    if (!raw) throw unreadable(path, 'is not a key');
    return raw;
  } finally {
    await file.close();
  }
}

/**
 * The seed in a key file, or a new one from `make`, written first. Of several that make it at once all get the same.
 * Throws `directory_unreadable` as the two above do.
 */
export async function openKeyFile(
  path: string,
  make: () => Uint8Array,
  fs: KeyFileSystem = files,
): Promise<{ readonly seed: Uint8Array; readonly created: boolean }> {
  const found = async (): Promise<Uint8Array | undefined> => {
    const seed = await readKeyFile(path, fs);
    // Whoever wrote it may have ended, or not yet come, before this: what is signed must not outlive its key.
    if (seed) await syncDirectory(fs, path).catch((error) => fail(error));
    return seed;
  };
  const fail = (error: unknown): never => {
    throw unreadable(path, 'its directory cannot be synced', undefined, error);
  };
  const there = await found();
  if (there) return { seed: there, created: false };
  const seed = Uint8Array.from(make());
  try {
    await createKeyFile(path, seed, fs);
    return { seed, created: true };
  } catch (error) {
    const other = error instanceof Error && codeOf(error.cause) === 'EEXIST' ? await found() : undefined;
    if (other) return { seed: other, created: false };
    throw error;
  }
}
