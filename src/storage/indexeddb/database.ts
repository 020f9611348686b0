import {
  type DBSchema,
  deleteDB,
  type IDBPDatabase,
  type IDBPTransaction,
  openDB,
  type StoreNames,
} from 'idb';
import { type StorageCode, StorageError } from '../port.ts';
import { toStorageError } from './trouble.ts';

/** What is packed, and what of the window of checksums is not in the log any more. */
export interface Packed {
  /** Number of the last commit in it. */
  readonly upTo: number;
  /** Of the last commits up to that one, the latest last. */
  readonly sums: Uint32Array;
  /** The records there are of each kind, in order: what is missing shows. */
  readonly base: readonly number[];
  readonly packs: readonly number[];
}

/** A group of commits that were written at once. */
export interface LogRecord {
  /** Checksum of each commit. */
  readonly sums: Uint32Array;
  /** What they did together. */
  readonly sheet: Uint8Array;
}

interface Schema extends DBSchema {
  /** Groups of commits under the number of their first, until they are packed. */
  log: { key: number; value: LogRecord };
  /** Sheets of what several groups did together, under the number of the last commit in it, until they are merged. */
  packs: { key: number; value: Uint8Array };
  /** Sheets without overlap, which delete nothing. */
  base: { key: number; value: Uint8Array };
  /** Framed states by name. */
  documents: { key: string; value: Uint8Array };
  /** `id`: drawn when the database was made, to know it again. `packed`: see there. */
  meta: { key: 'id' | 'packed'; value: string | Packed };
}

export type Database = IDBPDatabase<Schema>;
export type StoreName = StoreNames<Schema>;
type Writing<S extends StoreName> = IDBPTransaction<Schema, S[], 'readwrite'>;

/** When a transaction is complete: once it is on the disk, or once it is the operating system's. */
export type Durable = 'strict' | 'relaxed';

/** Version of this shape. */
export const FORMAT = 1;

/** A connection to a database, made again when the browser closed it. Shared by the stores in it. */
export interface Connection {
  readonly name: string;
  /** True when this opening made the database. */
  readonly isNew: boolean;
  /** Why there is no connection now. */
  readonly lost: StorageError | undefined;
  /** The connection. Throws when it is lost. */
  current(): Database;
  /** The connection, made again when it is lost. Rejects when the database is not the one that it was. */
  again(): Promise<Database>;
  onLost(listener: (why: StorageError) => void): void;
  /** Ends it as the browser would. */
  lose(why: StorageError): void;
  close(): void;
}

const CLOSED = 'The store is closed.';

/** Opens a database, or makes one. Rejects with `StorageError`. */
export async function connect(name: string): Promise<Connection> {
  const listeners: ((why: StorageError) => void)[] = [];
  let lost: StorageError | undefined;
  let closed = false;

  const lose = (why: StorageError): void => {
    if (closed || lost !== undefined) return;
    lost = why;
    opened.database.close();
    for (const listener of listeners) listener(why);
  };
  const open = (known?: string): ReturnType<typeof openDatabase> => openDatabase(name, known, lose);
  let opened = await open();
  const { id, isNew } = opened;

  return {
    name,
    isNew,
    get lost() {
      return lost;
    },
    current() {
      if (closed) throw new StorageError('storage_failed', CLOSED);
      if (lost !== undefined) throw lost;
      return opened.database;
    },
    async again() {
      if (closed) throw new StorageError('storage_failed', CLOSED);
      if (lost === undefined) return opened.database;
      const next = await open(id);
      if (closed) {
        next.database.close();
        throw new StorageError('storage_failed', CLOSED);
      }
      opened = next;
      lost = undefined;
      return opened.database;
    },
    onLost: (listener) => void listeners.push(listener),
    lose,
    close() {
      closed = true;
      opened.database.close();
    },
  };
}

const gone = (name: string, cause?: unknown): StorageError =>
  new StorageError(
    'storage_corrupt',
    `What this browser had stored for ${name} is gone: it was cleared. Reload the page to begin anew.`,
    { cause },
  );

/** Opens the database that has this identity; any, or a new one, when none is known. */
async function openDatabase(
  name: string,
  known: string | undefined,
  lose: (why: StorageError) => void,
): Promise<{ readonly database: Database; readonly id: string; readonly isNew: boolean }> {
  let isNew = false;
  let database: Database;
  try {
    database = await openDB<Schema>(name, FORMAT, {
      upgrade(made, _from, _to, transaction) {
        isNew = true;
        // One that is not there any more is not made again.
        if (known !== undefined) return transaction.abort();
        for (const store of ['log', 'packs', 'base', 'documents', 'meta'] as const)
          made.createObjectStore(store);
        void transaction.objectStore('meta').put(crypto.randomUUID(), 'id');
      },
      blocking: () =>
        lose(
          new StorageError(
            'storage_failed',
            `Another page deletes or renews what is stored for ${name}. Reload this page.`,
          ),
        ),
      terminated: () =>
        lose(
          new StorageError(
            'storage_failed',
            `The browser closed what is stored for ${name}: it may have been cleared, or the disk failed.`,
          ),
        ),
    });
  } catch (error) {
    if (isNew && known !== undefined) throw gone(name, error);
    throw toStorageError(error, `What is stored for ${name} could not be opened`, 'directory_unreadable');
  }
  try {
    const id = await database.get('meta', 'id');
    if (typeof id !== 'string') throw new StorageError('storage_corrupt', `${name} has lost its identity.`);
    if (known !== undefined && id !== known) throw gone(name);
    return { database, id, isNew };
  } catch (error) {
    database.close();
    throw toStorageError(error, `What is stored for ${name} could not be read`);
  }
}

/** Deletes a database, with everything in it. Waits for connections that are open elsewhere to close. */
export async function deleteDatabase(name: string): Promise<void> {
  try {
    await deleteDB(name);
  } catch (error) {
    throw toStorageError(error, `What is stored for ${name} could not be deleted`);
  }
}

/** Writes all of `work` or nothing, durably once it resolves. `work` only asks: it awaits nothing. */
export async function write<S extends StoreName>(
  connection: Connection,
  stores: readonly S[],
  durability: Durable,
  work: (transaction: Writing<S>) => readonly Promise<unknown>[],
  what: string,
  otherwise?: StorageCode,
): Promise<void> {
  let first: unknown;
  try {
    const transaction = connection
      .current()
      .transaction([...stores], 'readwrite', { durability }) as Writing<S>;
    const { done } = transaction;
    try {
      // When one is refused the transaction aborts: that one knows why, the others and the transaction do not.
      for (const request of work(transaction)) {
        request.catch((error: unknown) => {
          first ??= error;
        });
      }
    } catch (error) {
      // What was asked for before must not land without the rest.
      done.catch(() => undefined);
      transaction.abort();
      throw error;
    }
    await done;
  } catch (error) {
    if (connection.lost !== undefined) throw connection.lost;
    throw toStorageError(first ?? error, what, otherwise);
  }
}

/** All records of a store in order of their keys, fetched some at a time so that no answer is huge. */
export async function* records<S extends 'log' | 'packs' | 'base'>(
  database: Database,
  store: S,
  atOnce: number,
): AsyncGenerator<readonly [key: number, value: Schema[S]['value']]> {
  const keys = await database.getAllKeys(store);
  for (let at = 0; at < keys.length; at += atOnce) {
    const some = keys.slice(at, at + atOnce);
    const values = await database.getAll(
      store,
      IDBKeyRange.bound(some[0] as number, some.at(-1) as number) as never,
    );
    if (values.length !== some.length)
      throw new StorageError('storage_corrupt', `Records of ${store} are missing.`);
    for (const [of, value] of values.entries()) yield [some[of] as number, value];
  }
}
