import { randomBytes } from 'node:crypto';
import { copyFile, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CoterieError } from '../../../schemas/index.ts';
import { createKeyFile, readKeyFile } from '../../keys/key-file.ts';
import { generateSeed } from '../../keys/node.ts';
import { restoreStorage } from '../../storage/backup.ts';
import { openStorage } from '../../storage/open.ts';
import { StorageError, type Write } from '../../storage/port.ts';
import { decodeRow, encodeRow, keys, under } from '../commit/rows.ts';
import { inviteKey, packageKey } from '../machines/invites.ts';
import type { LongWork } from '../surface.ts';
import { freshEpoch, keyFileName, type WorkspaceRow } from '../workspace/bootstrap.ts';

/**
 * Makes a data directory from a backup. It keeps the replica's key and writes nothing until a peer told it its own
 * heads, for the original may have written more under that key; with `alone` it takes a new key instead and writes at
 * once. Cursors of the original are unknown to it, and so are the uses of its tickets, which admit nobody any more.
 * Rejects with `directory_not_empty`, `storage_corrupt`, `disk_full`.
 */
export async function restoreBackup(
  options: { readonly backup: string; readonly directory: string; readonly alone?: boolean | undefined },
  work: LongWork = {},
): Promise<{ directory: string; workspace: string; alone: boolean }> {
  const directory = resolve(options.directory);
  const alone = options.alone ?? false;
  await refuseFilled(directory);
  try {
    await restoreStorage(options.backup, directory, {
      ...(work.signal ? { signal: work.signal } : {}),
      progress: ({ rows, documents }) =>
        work.progress?.({ stage: 'restoring', done: rows + documents, total: null }),
    });
    const seed = await readKeyFile(join(options.backup, keyFileName));
    if (seed === undefined)
      throw new CoterieError('storage_corrupt', `The backup ${options.backup} has no replica key.`);
    if (alone) await createKeyFile(join(directory, keyFileName), generateSeed(randomBytes));
    else await createKeyFile(join(directory, keyFileName), seed);
    const storage = await openStorage({ directory });
    try {
      const row = await storage.store.get(keys.meta('workspace'));
      if (row === undefined)
        throw new CoterieError('storage_corrupt', `The backup ${options.backup} holds no workspace.`);
      const rows = [
        ...(await storage.store.list(under(inviteKey('')))),
        ...(await storage.store.list(under(packageKey('')))),
      ];
      await storage.store.commit([
        ...rows.map(([key]): Write => [key, undefined]),
        [keys.meta('epoch'), encodeRow(freshEpoch(randomBytes))],
        [keys.meta('restored'), encodeRow(!alone)],
      ]);
      return { directory, workspace: decodeRow<WorkspaceRow>(row).id, alone };
    } finally {
      await storage.close();
    }
  } catch (error) {
    if (error instanceof StorageError) throw new CoterieError(error.code, error.message, { cause: error });
    throw error;
  }
}

/** The replica's key goes with its backup. */
export const copyKey = (from: string, to: string): Promise<void> =>
  copyFile(join(from, keyFileName), join(to, keyFileName));

/** A backup goes into a directory that is empty or does not exist, and so does what is restored. */
export async function refuseFilled(directory: string): Promise<void> {
  const there = await readdir(directory).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return [directory];
    return [];
  });
  if (there.length > 0)
    throw new CoterieError('directory_not_empty', `${directory} holds something already.`);
}
