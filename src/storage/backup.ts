import { openDirectory } from './directory.ts';
import { createDocumentsClient } from './documents/client.ts';
import { type Files, nodeFiles } from './files.ts';
import { openStorage, type Storage } from './open.ts';
import { openPads, padsIn } from './pads.ts';
import { type DocumentStore, StorageError, type Store, type Write } from './port.ts';
import { LAST_KEY } from './store/frame.ts';
import { openLevelStore } from './store/level.ts';

export interface CopyOptions {
  /** Called now and then with what was copied so far. */
  readonly progress?: (copied: { readonly rows: number; readonly documents: number }) => void;
  readonly signal?: AbortSignal;
  readonly files?: Files;
  /** Free bytes to leave on the target's disk, 64 MiB unless given. */
  readonly reserve?: number;
  /** The pads, where there are any: they are copied as of one commit of theirs. */
  readonly pads?: Store | undefined;
}

/** What was copied. */
export interface CopyReport {
  readonly rows: number;
  readonly documents: number;
  /** Last commit of the source that the copy contains. */
  readonly commit: number;
}

const EVERYTHING = { gte: '', lt: LAST_KEY };
const BATCH_ROWS = 2000;
const BATCH_BYTES = 1024 * 1024;

/**
 * Copies a running store into a fresh directory, which is itself a data directory: every row as of one commit, then
 * every document, and the pads. Documents are copied after the rows, so they are never behind the checkpoints that the rows tell
 * of. Rows and documents are checked as they are read; damage stops the copy with `storage_corrupt`.
 * Rejects with `directory_unreadable` when the target is not empty. A copy that was not finished does not open.
 */
export async function backupStorage(
  source: Storage,
  target: string,
  options: CopyOptions = {},
): Promise<CopyReport> {
  return copy(source, target, options);
}

/**
 * Makes a data directory from a backup. Refuses a target that is not empty. The backup is opened as any data
 * directory, so it must not be open elsewhere, and is verified first.
 */
export async function restoreStorage(
  backup: string,
  target: string,
  options: CopyOptions = {},
): Promise<CopyReport> {
  const { files = nodeFiles } = options;
  const found = files.kind(backup) === 'directory' && openDirectory(backup, files).format !== undefined;
  if (!found) throw new StorageError('storage_corrupt', `${backup} is not a finished backup.`);
  const source = await openStorage({ directory: backup, verify: true, files });
  const pads = openPads(backup, files);
  try {
    return await copy(source, target, { ...options, pads: await pads.existing() });
  } finally {
    await pads.close();
    await source.close();
  }
}

/** Opening anew moves what lies in the log to synced tables. */
async function copyPads(
  from: Store,
  directory: string,
  limits: { readonly reserve?: number },
  files: Files,
): Promise<void> {
  const to = await openLevelStore({ directory, files, ...limits, durability: 'os' });
  await copyRows(from, to, () => undefined).finally(() => to.close());
  await (await openLevelStore({ directory, files, ...limits, durability: 'sync', mustExist: true })).close();
}

async function copy(source: Storage, target: string, options: CopyOptions): Promise<CopyReport> {
  const { files = nodeFiles, progress, signal, reserve } = options;
  checkEmpty(target, files);
  const directory = openDirectory(target, files);
  const limits = reserve === undefined ? {} : { reserve };
  const journal = { directory: directory.journal, files, ...limits };
  const documents = { directory: directory.documents, ...limits };
  const told = (rows: number, states: number): void => {
    signal?.throwIfAborted();
    progress?.({ rows, documents: states });
  };

  const commit = source.store.lastCommit;
  const store = await openLevelStore({ ...journal, durability: 'os' });
  const rows = await copyRows(source.store, store, (count) => told(count, 0)).finally(() => store.close());
  if (options.pads) await copyPads(options.pads, padsIn(target), limits, files);
  const states = createDocumentsClient({ ...documents, durability: 'os' });
  const count = await copyDocuments(source.documents, states, (done) => told(rows, done)).finally(() =>
    states.close(),
  );

  // Opening moves what lies in the logs to synced tables; only then is the copy called a data directory.
  await (await openLevelStore({ ...journal, durability: 'sync', mustExist: true })).close();
  const again = createDocumentsClient({ ...documents, durability: 'sync' });
  await again.names().finally(() => again.close());
  directory.seal();
  return { rows, documents: count, commit };
}

function checkEmpty(target: string, files: Files): void {
  const kind = files.kind(target);
  if (kind === undefined || (kind === 'directory' && files.list(target).length === 0)) return;
  throw new StorageError('directory_unreadable', `${target} is not an empty directory.`);
}

async function copyRows(from: Store, to: Store, told: (rows: number) => void): Promise<number> {
  let batch: Write[] = [];
  let bytes = 0;
  let rows = 0;
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    await to.commit(batch);
    rows += batch.length;
    batch = [];
    bytes = 0;
    told(rows);
  };
  for await (const row of from.scan(EVERYTHING)) {
    batch.push(row);
    bytes += row[0].length + row[1].length;
    if (batch.length >= BATCH_ROWS || bytes >= BATCH_BYTES) await flush();
  }
  await flush();
  return rows;
}

async function copyDocuments(
  from: DocumentStore,
  to: DocumentStore,
  told: (count: number) => void,
): Promise<number> {
  let count = 0;
  for (const name of await from.names()) {
    const state = await from.read(name);
    // One that was removed meanwhile is not in the copy either.
    if (state === undefined) continue;
    await to.write(name, state);
    count += 1;
    told(count);
  }
  return count;
}
