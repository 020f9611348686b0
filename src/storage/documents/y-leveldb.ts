import { crc32 } from 'node:zlib';
import { getLevelUpdates, LeveldbPersistence } from 'y-leveldb';
import { type DocumentStore, StorageError } from '../port.ts';
import { type LevelStore, type LevelStoreOptions, openLevelStore } from '../store/level.ts';
import type { ScrubOptions, ScrubReport } from '../store/tables.ts';
import { toStorageError } from '../store/trouble.ts';
import { LevelAdapter } from './level-adapter.ts';
import { checkName, checkUpdate, mergeWhole } from './update.ts';

/** A document store that can check itself. */
export interface ScrubbedDocumentStore extends DocumentStore {
  /** Compares every table with its recorded sum, then reads every document whole. */
  scrub(options?: ScrubOptions): Promise<ScrubReport>;
}

/** Key of the row beside a stored state with its size in bytes and its CRC-32. */
const SUM = 'sum';

/** Where all rows of a document lie but the one of its state vector, which holds no content. */
const rowsOf = (name: string): { gte: string; lt: string } => ({
  gte: `v1\u0000${name}\u0000`,
  lt: `v1\u0000${name}\u0001`,
});

function sumOf(update: Uint8Array): string {
  return `${update.length} ${crc32(update)}`;
}

/** Opens documents in the calling thread. Rejects with `StorageError` as the store does. */
export async function openDocuments(options: LevelStoreOptions): Promise<ScrubbedDocumentStore> {
  return createDocuments(await openLevelStore(options));
}

function createDocuments(store: LevelStore): ScrubbedDocumentStore {
  const made: LevelAdapter[] = [];
  const persistence = new LeveldbPersistence('', {
    Level: LevelAdapter,
    levelOptions: {
      store,
      adopt: (adapter: LevelAdapter) => void made.push(adapter),
    },
  });
  const [level] = made;
  if (level === undefined) throw new StorageError('storage_failed', 'y-leveldb made no database.');
  let turn: Promise<unknown> = Promise.resolve();

  /** y-leveldb answers every failure with `null`; this finds the error behind it again. */
  const checked = async <T>(what: string, call: () => Promise<T | null>): Promise<T> => {
    level.takeTrouble();
    const result = await call();
    const trouble = level.takeTrouble();
    if (trouble !== undefined) throw toStorageError(trouble, what);
    if (result === null) throw new StorageError('storage_failed', `${what}: y-leveldb refused.`);
    return result;
  };

  /** One call at a time, on a store that works again if it failed before. */
  const next = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(async () => {
      if (store.failed) await store.reopen();
      return work();
    });
    turn = mine.catch(() => undefined);
    return mine;
  };

  const stored = async (name: string): Promise<Uint8Array | undefined> => {
    const updates = await getLevelUpdates(level, name);
    const sum = await checked(`${name} could not be read`, () => persistence.getMeta(name, SUM));
    const [update, ...others] = updates;
    if (update === undefined && sum === undefined) return undefined;
    if (update === undefined || others.length > 0 || sumOf(update) !== sum) {
      throw new StorageError(
        'storage_corrupt',
        `The stored state of ${name} is damaged: it is not what was written.`,
      );
    }
    return update;
  };

  const names = (): Promise<string[]> =>
    checked('The names of the documents could not be read', () => persistence.getAllDocNames());

  const scrubDocuments = async (problems: { file: string; problem: string }[]): Promise<void> => {
    for (const name of await names()) {
      try {
        const update = await stored(name);
        if (update === undefined)
          problems.push({ file: name, problem: 'the document has a name and no state' });
        else checkUpdate(name, update);
      } catch (error) {
        problems.push({ file: name, problem: error instanceof Error ? error.message : String(error) });
      }
    }
  };

  /** Replaces a state and reads it back. */
  const replace = async (name: string, update: Uint8Array): Promise<void> => {
    const what = `The state of ${name} could not be written`;
    await level.atomically(async () => {
      await checked(what, () => persistence.clearDocument(name));
      await checked(what, () => persistence.storeUpdate(name, update));
      await checked(what, () => persistence.setMeta(name, SUM, sumOf(update)));
    });
    const back = await stored(name);
    if (back === undefined || Buffer.compare(back, update) !== 0) {
      throw new StorageError('storage_corrupt', `The state of ${name} does not read back as it was written.`);
    }
  };

  return {
    write(name, given) {
      const update = Uint8Array.from(given);
      return next(async () => {
        checkName(name);
        checkUpdate(name, update);
        await replace(name, update);
      });
    },
    merge(name, given) {
      const updates = given.map((update) => Uint8Array.from(update));
      return next(async () => {
        checkName(name);
        const before = await stored(name);
        const { state, ...merged } = mergeWhole(name, before ? [before, ...updates] : updates);
        await replace(name, state);
        return merged;
      });
    },
    read: (name) =>
      next(async () => {
        checkName(name);
        return stored(name);
      }),
    names: () => next(async () => (await names()).sort()),
    remove: (name) =>
      next(async () => {
        checkName(name);
        await level.atomically(async () => {
          await checked(`${name} could not be removed`, () => persistence.clearDocument(name));
        });
      }),
    purge: (name) =>
      next(async () => {
        checkName(name);
        await store.compact(rowsOf(name));
      }),
    scrub: (options) =>
      next(async () => {
        const report = await store.scrub(options);
        const problems = [...report.problems];
        await scrubDocuments(problems);
        return { ...report, problems };
      }),
    close: () => next(() => checked('The documents could not be closed', () => persistence.destroy())),
  };
}
