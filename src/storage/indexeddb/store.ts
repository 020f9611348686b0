import { type Range, type Row, StorageError, type Store } from '../port.ts';
import { frameWith, unframe } from '../store/frame.ts';
import { createCommitQueue, type Queued } from '../store/queue.ts';
import type { ScrubOptions, ScrubReport } from '../store/tables.ts';
import { type Connection, type Durable, write } from './database.ts';
import { loadJournal, take } from './journal.ts';
import { scrubSheets } from './scrub.ts';
import { type Sheet, sheetOfMap } from './sheet.ts';
import { toStorageError } from './trouble.ts';
import { createUpkeep } from './upkeep.ts';

/** `sync`: a commit survives a power cut. `os`: it survives a crash of the browser. */
export type Durability = 'sync' | 'os';

export const durabilityOf = (durability: Durability): Durable =>
  durability === 'sync' ? 'strict' : 'relaxed';

/** A store in IndexedDB, with what a store on disk has besides. */
export interface IndexedDbStore extends Store {
  /** None: a store of which a part is missing does not open. */
  readonly loss: undefined;
  acceptLoss(): Promise<void>;
  /** Reads everything that is stored again, and checks every row. */
  scrub(options?: ScrubOptions): Promise<ScrubReport>;
}

const CLOSED = 'The store is closed.';
const NO_BYTES = new Uint8Array();

/** What a group of commits does together. */
function sheetOfGroup(group: readonly Queued[]): Sheet {
  const rows = new Map<string, Uint8Array>();
  for (const { writes, sums } of group)
    writes.forEach(([key, value], at) => {
      rows.set(key, value === undefined ? NO_BYTES : frameWith(sums[at] as number, value));
    });
  return sheetOfMap(rows);
}

/**
 * A store in the database of a connection, which it closes with itself. All rows are in memory, packed as they are stored:
 * `getSync` cannot wait, and IndexedDB answers no other way. A commit is one transaction, resolved when it is complete.
 */
export async function openIndexedDbStore(
  connection: Connection,
  durability: Durability = 'sync',
): Promise<IndexedDbStore> {
  const mode = durabilityOf(durability);
  let journal = await loadJournal(connection.current());
  let closed = false;

  const writeGroup = async (group: readonly Queued[]): Promise<number> => {
    const first = journal.last + 1;
    const sheet = sheetOfGroup(group);
    const sums = Uint32Array.from(group, ({ checksum }) => checksum);
    await write(
      connection,
      ['log'],
      mode,
      (transaction) => [transaction.objectStore('log').add({ sums, sheet: sheet.bytes }, first)],
      'The commit could not be written',
    );
    take(journal, sums, sheet);
    upkeep.notice();
    return first;
  };

  const queue = createCommitQueue(writeGroup);
  const upkeep = createUpkeep({
    connection,
    durability: mode,
    journal: () => journal,
    onTrouble: (error) => queue.fail(error),
  });
  connection.onLost((why) => {
    if (!closed) queue.fail(why);
  });

  const check = (): void => {
    if (closed) throw new StorageError('storage_failed', CLOSED);
  };

  const read = (key: string): Uint8Array | undefined => {
    check();
    const framed = journal.rows.find(key);
    return framed === undefined ? undefined : unframe(key, framed);
  };

  async function* scan(range: Range): AsyncGenerator<Row> {
    check();
    for (const [key, framed] of journal.rows.walk(range, true)) {
      yield [key, unframe(key, framed)];
      check();
    }
  }

  return {
    loss: undefined,
    acceptLoss: async () => check(),
    get lastCommit() {
      return journal.last;
    },
    get failed() {
      return queue.failure !== undefined;
    },
    getSync: read,
    get: async (key) => read(key),
    getMany: async (keys) => keys.map(read),
    getConfirmed: async (key) => read(key),
    scan,
    async list(range) {
      check();
      return Array.from(journal.rows.walk(range, false), ([key, framed]): Row => [key, unframe(key, framed)]);
    },
    commit: (writes) =>
      closed ? Promise.reject(new StorageError('storage_failed', CLOSED)) : queue.add(writes),
    async checksumOf(commit) {
      check();
      return journal.sums.get(commit);
    },
    async compact() {
      check();
      if (queue.failure !== undefined) throw queue.failure;
      // Rows of a range lie in packs among all others, which go only when all of their rows are elsewhere.
      await upkeep.everything();
    },
    reopen: () =>
      queue.exclusive(async () => {
        check();
        if (queue.failure === undefined) return journal.last;
        await upkeep.idle();
        try {
          journal = await loadJournal(await connection.again());
        } catch (error) {
          throw connection.lost === undefined || error instanceof StorageError
            ? toStorageError(error, 'What is stored could not be read')
            : connection.lost;
        }
        if (connection.lost !== undefined) throw connection.lost;
        queue.restart();
        return journal.last;
      }),
    scrub: (options) => scrubSheets(connection.current(), options),
    async close() {
      if (closed) return;
      closed = true;
      upkeep.stop();
      await queue.idle();
      await upkeep.idle();
      connection.close();
    },
  };
}
