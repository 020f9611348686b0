import { type Range, type Row, StorageError, type Store } from '../port.ts';
import { frame, outside, unframe } from './frame.ts';
import { createCommitQueue, type Queued } from './queue.ts';
import { createSortedKeys, type SortedKeys } from './sorted.ts';
import { WINDOW } from './window.ts';

/**
 * How the next commit fails: `before` its bytes land, `torn` in the middle of them (which opening drops), or
 * `after` they landed, so that it is refused and yet there after `reopen()`.
 */
export type CommitFault = 'before' | 'torn' | 'after';

/** What a crash leaves of a memory store. */
export interface Crash {
  /** A power cut: batches that nothing synced are gone but for the first `keep`. Otherwise only the process died. */
  readonly power?: boolean;
  readonly keep?: number;
}

/** Faults that a test commands. */
export interface StoreFaults {
  /** Fails the next commit, `times` times in a row. */
  failNext(fault: CommitFault, times?: number): void;
  /** While true, commits are refused with `disk_full` before anything is written. */
  diskFull(full: boolean): void;
  /** Flips a byte of a stored row. */
  damage(key: string): void;
  /** Removes a stored row as a damaged filter block does: `get` misses it and a seek finds it. */
  hide(key: string): void;
  /** Holds commits in flight until the returned function is called. */
  hold(): () => void;
  /** Makes batches written with durability `os` survive a power cut. */
  sync(): void;
}

export interface MemoryStore extends Store {
  readonly faults: StoreFaults;
  /** Ends this store as a crash would and opens a new one on what survived. Commits in flight never resolve. */
  crash(crash?: Crash): MemoryStore;
}

export interface MemoryStoreOptions {
  readonly durability?: 'sync' | 'os';
  /** Awaited before each write, so that a simulation owns the time that a commit takes. */
  readonly delay?: () => Promise<void>;
}

interface Batch {
  readonly group: readonly Queued[];
  readonly first: number;
}

/** What is on the disk: framed rows in order, the last commit, and batches that a power cut would take. */
interface Disk {
  readonly rows: Map<string, Uint8Array>;
  readonly sums: Map<number, number>;
  last: number;
}

function apply(disk: Disk, { group, first }: Batch, keys?: SortedKeys): void {
  group.forEach(({ writes, checksum }, at) => {
    for (const [key, value] of writes) {
      if (value === undefined) {
        if (disk.rows.delete(key)) keys?.remove(key);
        continue;
      }
      if (!disk.rows.has(key)) keys?.add(key);
      disk.rows.set(key, frame(key, value));
    }
    disk.last = first + at;
    disk.sums.set(disk.last, checksum);
    disk.sums.delete(disk.last - WINDOW);
  });
}

function copy(disk: Disk): Disk {
  return { rows: new Map(disk.rows), sums: new Map(disk.sums), last: disk.last };
}

/** A store in memory that keeps the whole contract and fails on command. */
export function createMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  return memoryStore(options, { rows: new Map(), sums: new Map(), last: 0 });
}

function memoryStore(options: MemoryStoreOptions, synced: Disk): MemoryStore {
  const { durability = 'sync', delay = () => Promise.resolve() } = options;
  const disk = copy(synced);
  const keys = createSortedKeys(disk.rows.keys());
  let unsynced: Batch[] = [];
  // A batch that was refused although its bytes landed: reopening shows it.
  let landed: Batch | undefined;
  let last = disk.last;
  let faults: CommitFault[] = [];
  let full = false;
  let closed = false;
  let dead = false;
  const hidden = new Set<string>();
  let held: Promise<void> | undefined;

  const takeFault = (batch: Batch): void => {
    if (full) throw new StorageError('disk_full', 'The disk is nearly full; nothing was written.');
    const fault = faults.shift();
    if (fault === undefined) return;
    if (fault === 'after') landed = batch;
    throw new StorageError('storage_failed', `The commit could not be written (${fault} its bytes landed).`);
  };

  const write = (batch: Batch): void => {
    apply(disk, batch, keys);
    last = disk.last;
    if (durability === 'sync') apply(synced, batch);
    else unsynced.push(batch);
  };

  const queue = createCommitQueue(async (group) => {
    await delay();
    await held;
    // A crashed store answers nobody any more.
    if (dead) await new Promise<never>(() => undefined);
    const batch = { group, first: last + 1 };
    takeFault(batch);
    write(batch);
    return batch.first;
  });

  const check = (): void => {
    if (closed || dead) throw new StorageError('storage_failed', 'The store is closed.');
  };

  const read = (key: string): Uint8Array | undefined => {
    check();
    const framed = disk.rows.get(key);
    return framed === undefined ? undefined : unframe(key, framed);
  };

  const get = (key: string): Uint8Array | undefined => (hidden.has(key) ? undefined : read(key));

  const list = ({ gte, lt, reverse = false, limit = -1 }: Range): Row[] => {
    check();
    return keys
      .slice(outside(gte), lt, reverse, limit)
      .map((key): Row => [key, unframe(key, disk.rows.get(key) ?? Buffer.alloc(0))]);
  };

  return {
    get lastCommit() {
      return last;
    },
    get failed() {
      return queue.failure !== undefined;
    },
    getSync: get,
    get: async (key) => get(key),
    getMany: async (keys) => keys.map(get),
    getConfirmed: async (key) => read(key),
    async *scan(range) {
      yield* list(range);
    },
    list: async (range) => list(range),
    commit: (writes) =>
      closed ? Promise.reject(new StorageError('storage_failed', 'The store is closed.')) : queue.add(writes),
    checksumOf: async (commit) => {
      check();
      return disk.sums.get(commit);
    },
    compact: async () => check(),
    reopen: () =>
      queue.exclusive(async () => {
        check();
        if (queue.failure !== undefined && landed !== undefined) write(landed);
        landed = undefined;
        queue.restart();
        return last;
      }),
    async close() {
      closed = true;
      await queue.idle();
    },
    crash({ power = false, keep = 0 } = {}) {
      dead = true;
      const survivors = copy(synced);
      const lost = landed === undefined ? unsynced : [...unsynced, landed];
      for (const batch of power ? lost.slice(0, keep) : lost) apply(survivors, batch);
      return memoryStore(options, survivors);
    },
    faults: {
      failNext(fault, times = 1) {
        faults = faults.concat(Array.from({ length: times }, () => fault));
      },
      diskFull(now) {
        full = now;
      },
      damage(key) {
        for (const rows of [disk.rows, synced.rows]) {
          const framed = rows.get(key);
          if (framed === undefined) continue;
          const bytes = Buffer.from(framed);
          bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 0x20;
          rows.set(key, bytes);
        }
      },
      hide: (key) => void hidden.add(key),
      hold() {
        let release: () => void = () => undefined;
        held = new Promise((resolve) => {
          release = resolve;
        });
        return () => {
          held = undefined;
          release();
        };
      },
      sync() {
        for (const batch of unsynced) apply(synced, batch);
        unsynced = [];
      },
    },
  };
}
