import { createDiskGuard, DEFAULT_RESERVE, type FreeBytes } from '../disk.ts';
import { type Files, nodeFiles } from '../files.ts';
import { type Range, type Row, StorageError, type Store } from '../port.ts';
import { flush, mergeLevels, probe, touchEnds } from './compact.ts';
import type { Engine, EngineOperation } from './engine.ts';
import { frameWith, outside, unframe } from './frame.ts';
import { acceptLoss, type Opened, openWitnessed } from './opening.ts';
import { createCommitQueue, type Queued } from './queue.ts';
import type { ScrubOptions, ScrubReport } from './tables.ts';
import { toStorageError } from './trouble.ts';
import { bootSum, commitKey, commitRow, type Loss, rowChecksum, WINDOW } from './window.ts';

/** `sync`: a commit survives a power cut. `os`: it survives a crash of the process. */
export type Durability = 'sync' | 'os';

export interface LevelStoreOptions {
  /** Made with mode 0700 when absent. One process at a time may have it open. */
  readonly directory: string;
  readonly durability: Durability;
  /** Free bytes below which commits are refused with `disk_full`, 64 MiB unless given. */
  readonly reserve?: number;
  /** Opens with what is there when commits are missing, and says so in `loss`; otherwise that is an error. */
  readonly salvage?: boolean;
  /** Compares every table with its recorded sum before the engine, which does not, may read it. */
  readonly verify?: boolean;
  /** Refuses to make a new store: the caller knows that there was one. */
  readonly mustExist?: boolean;
  readonly files?: Files;
  readonly free?: FreeBytes;
  /** Milliseconds that never go back. */
  readonly monotonic?: () => number;
}

/** A store on LevelDB, with what only an engine on disk has. */
export interface LevelStore extends Store {
  /** What was missing at opening: with `salvage`, or lost to a restart of the system with durability `os`. */
  readonly loss: Loss | undefined;
  /** Takes a loss as it is, so that the store opens again without `salvage`. */
  acceptLoss(): Promise<void>;
  /** Reads every immutable table and compares it with the sum recorded when it was new. */
  scrub(options?: ScrubOptions): Promise<ScrubReport>;
}

const CLOSED = 'The store is closed.';

/** Bytes written since opening from which closing makes a table of them: else the next opening does, from the log. */
const TABLE_WORTH = 1024 * 1024;

/**
 * Opens or makes a store. Rejects with `StorageError`: `directory_locked`, `directory_unreadable`, `disk_full`, or
 * `storage_corrupt` when committed data is missing.
 */
export async function openLevelStore(options: LevelStoreOptions): Promise<LevelStore> {
  const {
    directory,
    durability,
    reserve = DEFAULT_RESERVE,
    files = nodeFiles,
    salvage = false,
    verify = false,
  } = options;
  const monotonic = options.monotonic ?? (() => performance.now());
  const guard = createDiskGuard({
    directory,
    reserve,
    monotonic,
    ...(options.free ? { free: options.free } : {}),
  });
  const synced = durability === 'sync';
  const boot = bootSum(files.bootId());
  let closed = false;
  let written = 0;

  const open = async (mustExist: boolean): Promise<Opened> => {
    const next = await openWitnessed({ directory, files, monotonic, boot, mustExist, salvage, verify });
    if (synced) await files.syncDirectoryLater(directory);
    return next;
  };

  let opened: Opened | undefined = await open(options.mustExist ?? false);
  let last = opened.last;

  const current = (): Opened => {
    if (opened !== undefined) return opened;
    throw new StorageError('storage_failed', closed ? CLOSED : 'The store failed; reopen it first.');
  };

  const release = async (failed: boolean): Promise<void> => {
    const was = opened;
    opened = undefined;
    if (was === undefined) return;
    await was.tables.close();
    try {
      if (!failed) was.head.sync();
    } finally {
      was.head.close();
      await was.engine.close();
    }
  };

  const writeGroup = async (group: readonly Queued[]): Promise<number> => {
    const { engine, head, names, tables } = current();
    const bytes = group.reduce((sum, one) => sum + one.bytes, 0);
    guard.spend(bytes);
    written += bytes;
    const first = last + 1;
    const end = last + group.length;
    let landed = false;
    try {
      await engine.batch(operationsOf(group, first), synced);
      landed = true;
      // Durable only when the name of a log file that the engine may just have begun is durable too.
      const changed = synced && (await names.settle());
      head.write({ commit: end, checksum: group.at(-1)?.checksum ?? 0, synced, boot });
      if (changed) tables.note();
    } catch (error) {
      // A refused commit must not be seen. Where it may be, only reopening shows the truth.
      if (landed) await release(true).catch(() => undefined);
      throw toStorageError(error, 'The commit could not be written');
    }
    last = end;
    return first;
  };

  const queue = createCommitQueue(writeGroup);

  const reading = async <T>(read: (engine: Engine) => Promise<T>): Promise<T> => {
    const { engine } = current();
    try {
      return await read(engine);
    } catch (error) {
      throw toStorageError(error, 'A row could not be read');
    }
  };

  /** Writes beside the commits, with none in flight. A failure is a failure of the store. */
  const alone = (work: (engine: Engine) => Promise<void>): Promise<void> =>
    queue.exclusive(async () => {
      if (queue.failure) throw queue.failure;
      try {
        await work(current().engine);
      } catch (error) {
        const trouble = toStorageError(error, 'The range could not be compacted');
        queue.fail(trouble);
        throw trouble;
      }
    });

  async function* scan(range: Range): AsyncGenerator<Row> {
    const rows = current().engine.steps({ ...range, gte: outside(range.gte) });
    try {
      for (;;) {
        const step = await rows.next();
        if (step.length === 0) return;
        for (const [key, framed] of step) yield [key, unframe(key, framed)];
      }
    } catch (error) {
      throw toStorageError(error, 'Rows could not be read');
    } finally {
      await rows.close();
    }
  }

  return {
    get lastCommit() {
      return last;
    },
    get failed() {
      return queue.failure !== undefined;
    },
    get loss() {
      return opened?.loss;
    },
    getSync(key) {
      const { engine } = current();
      let framed: Uint8Array | undefined;
      try {
        framed = engine.getSync(key);
      } catch (error) {
        throw toStorageError(error, 'A row could not be read');
      }
      return framed === undefined ? undefined : unframe(key, framed);
    },
    get: (key) =>
      reading(async (engine) => {
        const framed = await engine.get(key);
        return framed === undefined ? undefined : unframe(key, framed);
      }),
    getMany: (keys) =>
      reading(async (engine) => {
        const rows = await engine.getMany(keys);
        return rows.map((framed, at) => (framed === undefined ? undefined : unframe(keys[at] ?? '', framed)));
      }),
    getConfirmed: (key) =>
      reading(async (engine) => {
        const [row] = await engine.list({ gte: key, lt: `${key}\u0000`, limit: 1 });
        return row === undefined ? undefined : unframe(key, row[1]);
      }),
    scan,
    list: (range) =>
      reading(async (engine) => {
        const rows = await engine.list({ ...range, gte: outside(range.gte) });
        return rows.map(([key, framed]): Row => [key, unframe(key, framed)]);
      }),
    commit: (writes) =>
      closed ? Promise.reject(new StorageError('storage_failed', CLOSED)) : queue.add(writes),
    checksumOf: (commit) =>
      reading(async (engine) => {
        const framed = await engine.get(commitKey(commit));
        return framed === undefined ? undefined : rowChecksum(commit, framed);
      }),
    async compact(range) {
      await reading(flush);
      await alone((engine) => touchEnds(engine, range));
      await reading((engine) => mergeLevels(engine, range));
      await alone(probe);
      current().tables.note();
    },
    reopen: () =>
      queue.exclusive(async () => {
        if (closed) throw new StorageError('storage_failed', CLOSED);
        if (queue.failure === undefined) return last;
        await release(true).catch(() => undefined);
        opened = await open(true);
        last = opened.last;
        queue.restart();
        return last;
      }),
    acceptLoss: () =>
      queue.exclusive(async () => {
        const held = current();
        await acceptLoss(held, { last, boot });
        held.loss = undefined;
      }),
    scrub: (scrubOptions) => current().tables.scrub(scrubOptions),
    async close() {
      if (closed) return;
      closed = true;
      await queue.idle();
      const failed = queue.failure !== undefined;
      // The log has it all the same.
      if (!failed && opened && written >= TABLE_WORTH) await flush(opened.engine).catch(() => undefined);
      await release(failed);
    },
  };
}

/** The rows of a group of commits, each with its commit row, as one batch of the engine. */
function operationsOf(group: readonly Queued[], first: number): EngineOperation[] {
  const operations: EngineOperation[] = [];
  group.forEach(({ writes, sums, checksum }, at) => {
    const commit = first + at;
    writes.forEach(([key, value], i) => {
      operations.push(
        value === undefined
          ? { type: 'del', key }
          : { type: 'put', key, value: frameWith(sums[i] as number, value) },
      );
    });
    operations.push({ type: 'put', key: commitKey(commit), value: commitRow(commit, checksum) });
    if (commit > WINDOW) operations.push({ type: 'del', key: commitKey(commit - WINDOW) });
  });
  return operations;
}
