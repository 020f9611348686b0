import { checkName, checkUpdate, mergeWhole } from '../documents/update.ts';
import { type DocumentStore, StorageError } from '../port.ts';
import { frame, unframe } from '../store/frame.ts';
import type { ScrubOptions, ScrubReport } from '../store/tables.ts';
import { type Connection, type Database, write } from './database.ts';
import { type Durability, durabilityOf } from './store.ts';
import { toStorageError } from './trouble.ts';

/** Documents in IndexedDB, that can check themselves. */
export interface IndexedDbDocuments extends DocumentStore {
  scrub(options?: ScrubOptions): Promise<ScrubReport>;
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at]);

/** Documents in the database of a connection, which stays the caller's: a framed state each. */
export function createIndexedDbDocuments(
  connection: Connection,
  durability: Durability = 'sync',
): IndexedDbDocuments {
  const mode = durabilityOf(durability);
  let closed = false;
  let turn: Promise<unknown> = Promise.resolve();

  /** One call at a time, over a connection that is made again if it was lost. */
  const next = <T>(work: (database: Database) => Promise<T>): Promise<T> => {
    const mine = turn.then(async () => {
      if (closed) throw new StorageError('storage_failed', 'The documents are closed.');
      try {
        return await work(await connection.again());
      } catch (error) {
        if (error instanceof TypeError || error instanceof StorageError) throw error;
        throw connection.lost ?? toStorageError(error, 'The documents could not be read');
      }
    });
    turn = mine.catch(() => undefined);
    return mine;
  };

  const stored = async (database: Database, name: string): Promise<Uint8Array | undefined> => {
    const framed: unknown = await database.get('documents', name);
    if (framed === undefined) return undefined;
    try {
      if (framed instanceof Uint8Array) return unframe(name, framed);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
    }
    throw new StorageError(
      'storage_corrupt',
      `The stored state of ${name} is damaged: it is not what was written.`,
    );
  };

  /** Replaces a state and reads it back. */
  const replace = async (database: Database, name: string, state: Uint8Array): Promise<void> => {
    await write(
      connection,
      ['documents'],
      mode,
      (transaction) => [transaction.objectStore('documents').put(frame(name, state), name)],
      `The state of ${name} could not be written`,
    );
    const back = await stored(database, name);
    if (back === undefined || !isSame(back, state))
      throw new StorageError('storage_corrupt', `The state of ${name} does not read back as it was written.`);
  };

  return {
    write(name, given) {
      const update = Uint8Array.from(given);
      return next(async (database) => {
        checkName(name);
        checkUpdate(name, update);
        await replace(database, name, update);
      });
    },
    merge(name, given) {
      const updates = given.map((update) => Uint8Array.from(update));
      return next(async (database) => {
        checkName(name);
        const before = await stored(database, name);
        const { state, ...merged } = mergeWhole(name, before ? [before, ...updates] : updates);
        await replace(database, name, state);
        return merged;
      });
    },
    read: (name) =>
      next(async (database) => {
        checkName(name);
        const state = await stored(database, name);
        return state === undefined ? undefined : Uint8Array.from(state);
      }),
    // In the order of their UTF-16 units, as `sort` has them.
    names: () => next((database) => database.getAllKeys('documents')),
    remove: (name) =>
      next(async () => {
        checkName(name);
        await write(
          connection,
          ['documents'],
          mode,
          (transaction) => [transaction.objectStore('documents').delete(name)],
          `${name} could not be removed`,
        );
      }),
    // A state has no former ones beside it: the browser's files are its own, and it rewrites them when it sees fit.
    purge: (name) => next(async () => checkName(name)),
    scrub: ({ progress, signal } = {}) =>
      next(async (database) => {
        const problems: { file: string; problem: string }[] = [];
        const names = await database.getAllKeys('documents');
        let bytes = 0;
        for (const [at, name] of names.entries()) {
          signal?.throwIfAborted();
          try {
            const state = (await stored(database, name)) as Uint8Array;
            bytes += state.length;
            checkUpdate(name, state);
          } catch (error) {
            problems.push({ file: name, problem: error instanceof Error ? error.message : String(error) });
          }
          progress?.(at + 1, names.length);
        }
        return { tables: names.length, bytes, unrecorded: 0, problems };
      }),
    async close() {
      await turn;
      closed = true;
    },
  };
}
