import { createHash } from 'node:crypto';
import { open, readFile, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectories } from '../storage/make-directories.ts';

const NAME = 'text.index';
const DRAFT = 'text.index.new';
const MAGIC = Buffer.from('coterie search 1');
const DIGEST = 32;
/** Free space that is left to what cannot be made again. */
const RESERVE = 256 * 1024 * 1024;

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What `writeIndexFile` wrote, or `undefined` when there is no such file or it is not whole. */
export async function readIndexFile(directory: string): Promise<Buffer | undefined> {
  // A draft is what a crash left; it may hold text that was to be removed since.
  await rm(join(directory, DRAFT), { force: true });
  const bytes = await readFile(join(directory, NAME)).catch(() => undefined);
  if (bytes === undefined || bytes.length < MAGIC.length + DIGEST) return undefined;
  const end = bytes.length - DIGEST;
  const digest = createHash('sha256').update(bytes.subarray(0, end)).digest();
  if (!digest.equals(bytes.subarray(end)) || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  return bytes.subarray(MAGIC.length, end);
}

/**
 * Replaces the file whole: a power cut leaves the old or the new one. Returns false, with the old file as it was,
 * when `cancelled` became true. Throws the file system's error, and when the disk is nearly full.
 */
export async function writeIndexFile(
  directory: string,
  chunks: Iterable<Buffer>,
  cancelled: () => boolean,
): Promise<boolean> {
  const draft = join(directory, DRAFT);
  makeDirectories(directory, 0o700);
  try {
    const handle = await open(draft, 'w', 0o600);
    try {
      const hash = createHash('sha256').update(MAGIC);
      await handle.appendFile(MAGIC);
      for (const chunk of chunks) {
        if (cancelled()) return false;
        await spare(directory);
        hash.update(chunk);
        await handle.appendFile(chunk);
      }
      await handle.appendFile(hash.digest());
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (cancelled()) return false;
    await rename(draft, join(directory, NAME));
    await syncDirectory(directory);
    return true;
  } finally {
    await rm(draft, { force: true });
  }
}

async function spare(directory: string): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize < RESERVE) throw new Error('The disk is nearly full: the search index was not kept.');
}

/** Removes every file of the index, durably. Throws when one stays. */
export async function removeIndexFiles(directory: string): Promise<void> {
  await rm(join(directory, NAME), { force: true });
  await rm(join(directory, DRAFT), { force: true });
  await syncDirectory(directory).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  });
}
