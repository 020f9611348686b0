import { StorageError, type Write } from '../port.ts';
import { checkKey, sumOfSums, writeSums } from './frame.ts';

/** A commit that waits, with what is needed to write it. */
export interface Queued {
  readonly writes: readonly Write[];
  /** Of each write: the sum that its frame begins with. */
  readonly sums: Uint32Array;
  readonly checksum: number;
  /** Bytes of keys and values. */
  readonly bytes: number;
}

interface Waiting extends Queued {
  resolve(commit: number): void;
  reject(error: StorageError): void;
}

/** Most bytes that are merged into one write of the engine. */
const GROUP_BYTES = 1024 * 1024;

/** Commits in call order, one write at a time, those that came meanwhile merged into the next. */
export interface CommitQueue {
  readonly failure: StorageError | undefined;
  /** Queues a batch. Resolves with its number once `write` has. */
  add(writes: readonly Write[]): Promise<number>;
  /** Runs something between two writes, with none in flight. */
  exclusive<T>(work: () => Promise<T>): Promise<T>;
  /** Refuses everything queued, and everything later until `restart`. */
  fail(error: StorageError): void;
  restart(): void;
  /** Resolves when nothing is in flight or queued. */
  idle(): Promise<void>;
}

/**
 * `write` makes a group of commits durable and returns the number of the first. When it throws, all of the group
 * is refused with that error and what is queued behind it with `storage_failed`: it may build on what was refused.
 */
export function createCommitQueue(write: (group: readonly Queued[]) => Promise<number>): CommitQueue {
  let waiting: Waiting[] = [];
  const works: (() => Promise<void>)[] = [];
  let failure: StorageError | undefined;
  let running: Promise<void> | undefined;

  const refuse = (cause: StorageError): StorageError =>
    new StorageError('storage_failed', `Not written: the store failed before (${cause.message})`, { cause });

  const takeGroup = (): Waiting[] => {
    let bytes = 0;
    let count = 0;
    for (const one of waiting) {
      bytes += one.bytes;
      if (count > 0 && bytes > GROUP_BYTES) break;
      count += 1;
    }
    return waiting.splice(0, count);
  };

  const fail = (error: StorageError): void => {
    failure ??= error;
    const refused = waiting;
    waiting = [];
    for (const one of refused) one.reject(refuse(error));
  };

  const pump = async (): Promise<void> => {
    for (;;) {
      const work = works.shift();
      if (work !== undefined) {
        await work();
        continue;
      }
      if (waiting.length === 0) return;
      const group = takeGroup();
      try {
        const first = await write(group);
        group.forEach((one, at) => {
          one.resolve(first + at);
        });
      } catch (error) {
        const trouble =
          error instanceof StorageError
            ? error
            : new StorageError('storage_failed', String(error), { cause: error });
        for (const one of group) one.reject(trouble);
        fail(trouble);
      }
    }
  };

  const start = (): void => {
    running ??= pump().finally(() => {
      running = undefined;
      // Whatever came between the pump's last look and here.
      if (waiting.length > 0 || works.length > 0) start();
    });
  };

  return {
    get failure() {
      return failure;
    },
    add(writes) {
      let bytes = 0;
      try {
        for (const [key, value] of writes) {
          checkKey(key);
          bytes += key.length + (value?.length ?? 0);
        }
      } catch (error) {
        return Promise.reject(error);
      }
      if (failure !== undefined) return Promise.reject(refuse(failure));
      return new Promise((resolve, reject) => {
        const sums = writeSums(writes);
        waiting.push({ writes, sums, checksum: sumOfSums(sums), bytes, resolve, reject });
        start();
      });
    },
    exclusive(work) {
      return new Promise((resolve, reject) => {
        works.push(() => work().then(resolve, reject));
        start();
      });
    },
    fail,
    restart() {
      failure = undefined;
    },
    async idle() {
      while (running !== undefined) await running;
    },
  };
}
