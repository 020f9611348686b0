import { type DataDirectory, FORMAT, openDirectory } from './directory.ts';
import { type FreeBytes, freeBytes } from './disk.ts';
import { createDocumentsClient } from './documents/client.ts';
import type { ScrubbedDocumentStore } from './documents/y-leveldb.ts';
import { type Files, nodeFiles } from './files.ts';
import { StorageError } from './port.ts';
import { type Durability, type LevelStore, openLevelStore } from './store/level.ts';
import type { ScrubOptions, ScrubReport } from './store/tables.ts';
import type { Loss } from './store/window.ts';

export interface StorageOptions {
  /** The data directory, made when absent. One process at a time. */
  readonly directory: string;
  /** `sync` (unless given): acknowledged means it survives a power cut. `os`: it survives a crash of the process. */
  readonly durability?: Durability;
  /** Free bytes below which commits are refused with `disk_full`, 64 MiB unless given. */
  readonly reserve?: number;
  /** Opens with what is there when committed data is missing, and says what in `info.loss`. */
  readonly salvage?: boolean;
  /**
   * Compares every table with its recorded sum first, which reads all of them. Done unasked after three processes in
   * a row that did not end well: a damaged table can make the engine abort the process.
   */
  readonly verify?: boolean;
  readonly files?: Files;
  readonly free?: FreeBytes;
  /** Wall clock, milliseconds since 1970. */
  readonly now?: () => number;
  /** Milliseconds that never go back. */
  readonly monotonic?: () => number;
}

/** What opening found. */
export interface StorageInfo {
  /** Absolute path of the data directory. */
  readonly directory: string;
  readonly format: number;
  /** True when this opening made the directory. */
  readonly isNew: boolean;
  readonly durability: Durability;
  /** Committed data that is missing: with `salvage`, or lost to a restart of the system with durability `os`. */
  readonly loss: Loss | undefined;
}

/** An open data directory. */
export interface Storage {
  readonly store: LevelStore;
  /** In a worker thread that the first call starts, so opening does not wait for it. */
  readonly documents: ScrubbedDocumentStore;
  readonly info: StorageInfo;
  /** Checks every table of both stores, and every document. Reading every row of the journal is the caller's. */
  scrub(options?: ScrubOptions): Promise<{ readonly journal: ScrubReport; readonly documents: ScrubReport }>;
  /** Free bytes on the disk of the directory. */
  free(): number;
  close(): Promise<void>;
}

const CRASHES_TO_VERIFY = 3;

/**
 * Directories that are open in this process. The engine's lock belongs to the process: a second opening here would be
 * refused by it and, in closing the lock file again, let other processes in.
 */
const openHere = new Set<string>();

/** Opens a data directory, or makes one. Rejects with `StorageError`; see its codes. */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const {
    durability = 'sync',
    files = nodeFiles,
    now = Date.now,
    salvage = false,
    free = freeBytes,
  } = options;
  const directory = openDirectory(options.directory, files);
  if (openHere.has(directory.path)) throw inUse(directory);
  openHere.add(directory.path);
  try {
    return await openHeld(directory, { ...options, durability, files, now, salvage, free });
  } catch (error) {
    openHere.delete(directory.path);
    throw error;
  }
}

type Settled = StorageOptions &
  Required<Pick<StorageOptions, 'durability' | 'files' | 'now' | 'salvage' | 'free'>>;

async function openHeld(directory: DataDirectory, options: Settled): Promise<Storage> {
  const { durability, files, now, salvage, free } = options;
  const verify = options.verify ?? directory.crashes >= CRASHES_TO_VERIFY;
  const store = await openJournal(directory, { ...options, durability, files, salvage, verify });
  try {
    const isNew = directory.format === undefined;
    if (isNew && store.lastCommit > 0 && !salvage) {
      throw new StorageError(
        'storage_corrupt',
        `The data directory ${directory.path} has lost its format file.`,
      );
    }
    directory.seal();
    directory.hold({ pid: process.pid, since: new Date(now()).toISOString() });
    const info: StorageInfo = {
      directory: directory.path,
      format: directory.format ?? FORMAT,
      isNew,
      durability,
      loss: store.loss,
    };
    const documents = createDocumentsClient({
      directory: directory.documents,
      durability,
      salvage,
      verify,
      ...(options.reserve === undefined ? {} : { reserve: options.reserve }),
    });
    return {
      store,
      documents,
      info,
      scrub: async (scrubOptions) => ({
        journal: await store.scrub(scrubOptions),
        documents: await documents.scrub(scrubOptions),
      }),
      free: () => free(directory.path),
      async close() {
        await documents.close();
        directory.release();
        await store.close();
        openHere.delete(directory.path);
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function openJournal(
  directory: DataDirectory,
  options: StorageOptions & { durability: Durability },
): Promise<LevelStore> {
  try {
    const mustExist = directory.format !== undefined;
    return await openLevelStore({ ...options, directory: directory.journal, mustExist });
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'directory_locked') throw error;
    throw inUse(directory, error);
  }
}

function inUse(directory: DataDirectory, cause?: unknown): StorageError {
  const holder = directory.holder();
  const who = holder === undefined ? 'another process' : `process ${holder.pid} since ${holder.since}`;
  return new StorageError('directory_locked', `The data directory ${directory.path} is in use by ${who}.`, {
    cause,
    ...(holder ? { holder: { ...holder } } : {}),
  });
}
