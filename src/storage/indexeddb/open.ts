import type { Storage, StorageInfo } from '../open.ts';
import { StorageError, type Store } from '../port.ts';
import { type Connection, connect, deleteDatabase, FORMAT } from './database.ts';
import { createIndexedDbDocuments, type IndexedDbDocuments } from './documents.ts';
import { type Locks, own } from './ownership.ts';
import { type Durability, type IndexedDbStore, openIndexedDbStore } from './store.ts';

export interface BrowserStorageOptions {
  /** `sync` (unless given): acknowledged means it survives a power cut. `os`: it survives a crash of the browser. */
  readonly durability?: Durability;
  /** By which one page or worker at a time owns a storage: those of the browser unless given. */
  readonly locks?: Locks;
  /** Milliseconds to wait for another page to let go: 2,000 unless given. */
  readonly patience?: number;
}

/** The storage of a replica in a browser, in the shape of one in a directory. */
export interface BrowserStorage extends Storage {
  readonly store: IndexedDbStore;
  readonly documents: IndexedDbDocuments;
  /** `directory` is the name of the database. */
  readonly info: StorageInfo;
  /** Bytes that this page may use besides those that it does, as the browser reckoned when it was asked last. */
  free(): number;
}

const PATIENCE = 2000;

/**
 * Opens what is stored under a name in this browser, or makes it. Rejects with `StorageError`: `directory_locked`
 * when another page or worker has it open, `directory_newer` when a newer version of the page has been here,
 * `directory_unreadable` when the browser stores nothing for this page, `storage_corrupt`, `disk_full`.
 */
export async function openBrowserStorage(
  name: string,
  options: BrowserStorageOptions = {},
): Promise<BrowserStorage> {
  const { durability = 'sync', patience = PATIENCE, locks = navigator.locks as Locks | undefined } = options;
  if (!locks || typeof indexedDB === 'undefined')
    throw new StorageError('directory_unreadable', 'The browser does not let this page store anything.');
  let onTaken = (): void => undefined;
  const owned = await own(locks, name, patience, () => onTaken());
  let opened: Opened | undefined;
  try {
    opened = await openStore(name, durability);
    const { connection, store } = opened;
    onTaken = () =>
      connection.lose(
        new StorageError('storage_failed', `Another page took over what is stored for ${name}.`),
      );
    const documents = createIndexedDbDocuments(connection, durability);
    let free = await freeBytes();
    return {
      store,
      documents,
      info: {
        directory: name,
        format: FORMAT,
        isNew: connection.isNew,
        durability,
        // What is missing is an error at opening: there is nothing besides to take it from.
        loss: undefined,
      },
      scrub: async (scrub) => ({
        journal: await store.scrub(scrub),
        documents: await documents.scrub(scrub),
      }),
      free() {
        freeBytes().then(
          (bytes) => {
            free = bytes;
          },
          () => undefined,
        );
        return free;
      },
      async close() {
        await documents.close();
        await store.close();
        owned.release();
      },
    };
  } catch (error) {
    opened?.connection.close();
    owned.release();
    throw error;
  }
}

interface Opened {
  readonly connection: Connection;
  readonly store: IndexedDbStore;
}

async function openStore(name: string, durability: Durability): Promise<Opened> {
  const connection = await connect(name);
  try {
    return { connection, store: await openIndexedDbStore(connection, durability) };
  } catch (error) {
    connection.close();
    throw error;
  }
}

async function freeBytes(): Promise<number> {
  const { usage = 0, quota = 0 } = await navigator.storage.estimate();
  return Math.max(0, quota - usage);
}

/** Opens a store alone, beside a storage whose owner owns it too. */
export async function openBrowserStore(name: string, durability: Durability = 'sync'): Promise<Store> {
  return (await openStore(name, durability)).store;
}

/** Whether anything is stored under a name in this browser. */
export async function isBrowserStorageKept(name: string): Promise<boolean> {
  const all = await indexedDB.databases();
  return all.some((one) => one.name === name);
}

/** Deletes what is stored under a name in this browser, when nobody has it open. */
export async function removeBrowserStorage(
  name: string,
  { locks = navigator.locks, patience = PATIENCE }: BrowserStorageOptions = {},
): Promise<void> {
  const owned = await own(locks, name, patience, () => undefined);
  try {
    await deleteDatabase(name);
  } finally {
    owned.release();
  }
}
