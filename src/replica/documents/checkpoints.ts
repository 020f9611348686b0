import { CoterieError } from '../../../schemas/index.ts';
import { type Crypto, parseDocumentName, segmentDigest } from '../../log/index.ts';
import { toBase64url } from '../../op/index.ts';
import { type DocumentStore, StorageError, type Store } from '../../storage/port.ts';
import type { Commits } from '../commit/commits.ts';
import type { Database } from '../commit/database.ts';
import { type CheckpointRow, keys, pad, type SegmentRow, under } from '../commit/rows.ts';
import type { Documents } from './documents.ts';

/** Checkpoints documents in the background, trims the records that they hold, and holds writers back when it lags. */
export interface Checkpoints {
  /** Looks whether a document is due. */
  notice(): void;
  /** Undefined, or what writers wait for while too much is not checkpointed. */
  admit(): Promise<void> | undefined;
  /** Checkpoints every document that has records, and trims all of them. */
  all(progress?: (done: number, total: number) => void): Promise<void>;
  /** Text that was removed leaves checkpoints, records and tables, then what `others` sees to. */
  purge(others: () => Promise<void>): Promise<void>;
  /** Makes a document anew: no checkpoint of it is under way meanwhile, and no backup. Rejects as `task` does. */
  alone<T>(task: () => Promise<T>): Promise<T>;
  /** Documents stay as they are until the returned function is called: for a backup. */
  pause(): Promise<() => void>;
  /** Why the last attempt failed, if it did. */
  readonly trouble: Error | undefined;
  close(): Promise<void>;
}

/** A document is due when its oldest record is this many operations back, … */
const dueOperations = 4000;
/** … and writers wait beyond this many, or this many bytes. */
const mostOperations = 8000;
const mostBytes = 16 * 1024 * 1024;
/**
 * Trimmed records of so many bytes are compacted away, which rewrites much of the database: nothing has to walk over
 * more of them than those of one document.
 */
const mostTrimmed = 32 * 1024 * 1024;

export interface CheckpointsOptions {
  readonly store: Store;
  readonly stored: DocumentStore;
  readonly crypto: Pick<Crypto, 'sha256'>;
  readonly database: Database;
  readonly documents: Documents;
  readonly commits: Commits;
  /** Takes the text of operations out of a document where it still stands. */
  readonly mend: (document: string, hashes: readonly string[]) => Promise<void>;
  readonly timer: (task: () => void, ms: number) => () => void;
}

/** The newest checkpoint: its records go when the next one is stored. */
interface LastCheckpoint {
  readonly document: string;
  readonly through: number;
}

/** A document that could not be checkpointed is tried again after this, ms. */
const retryAfter = 10_000;

export function createCheckpoints(options: CheckpointsOptions): Checkpoints {
  const { store, stored, crypto, database, documents, commits } = options;
  let running: Promise<void> | undefined;
  let trouble: Error | undefined;
  let closed = false;
  /** Bytes of trimmed records that may be on disk still. */
  let trimmed = 0;
  let waiting: (() => void)[] = [];
  /** Documents that could not be checkpointed lately; the others go on. */
  const failing = new Set<string>();
  let retry: (() => void) | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  /** One at a time: what changes documents, and what must not see them change. */
  function alone<T>(task: () => Promise<T>): Promise<T> {
    const mine = turn.then(task);
    turn = mine.catch(() => undefined);
    return mine;
  }

  const isClosed = (document: string): boolean => {
    const name = parseDocumentName(document);
    const newest = name && database.get<SegmentRow>(keys.segment(name.log))?.n;
    return name !== undefined && newest !== undefined && name.segment < newest;
  };

  /** The document that most needs a checkpoint: a closed one first, then the one with the oldest record. */
  function next(): string | undefined {
    const { operations, bytes } = documents.uncheckpointed();
    let oldest: { document: string; from: number } | undefined;
    for (const [document, tail] of documents.tails) {
      if (failing.has(document)) continue;
      // More of one that is just being received is on its way.
      if (isClosed(document) && !documents.isPinned(document)) return document;
      if (!oldest || tail.from < oldest.from) oldest = { document, from: tail.from };
    }
    return operations > dueOperations || bytes > mostBytes / 2 ? oldest?.document : undefined;
  }

  /**
   * Merge its records into what is stored, synced and read back (the store does both), say so in the journal, and only
   * then trim: the records of the checkpoint before this one. So there is always either the stored document or all
   * records since the one before.
   */
  async function checkpoint(document: string): Promise<void> {
    const done = isClosed(document);
    const { updates, through } = await recordsOf(document);
    const { standing, stateVector } = await stored.merge(document, updates);
    const stands: CheckpointRow = {
      through,
      digest: segmentDigest(crypto, standing),
      entries: standing.length,
      vector: toBase64url(stateVector),
    };
    await commits.write(
      async ({ draft, onDurable }) => {
        const before = draft.get<LastCheckpoint>(keys.meta('checkpoint'));
        const held = before?.document === document ? Math.min(before.through, through) : before?.through;
        if (before && held !== undefined) await trim(draft, before.document, held);
        draft.put(keys.checkpoint(document), stands);
        draft.put(keys.meta('checkpoint'), { document, through } satisfies LastCheckpoint);
        documents.settle({ draft, onDurable }, document, through);
      },
      { urgent: true },
    );
    // What came in the meantime is in records; a closed document takes no more memory.
    if (done && !documents.tails.has(document)) documents.unload(document);
    failing.delete(document);
    if (failing.size === 0) trouble = undefined;
    release();
    if (trimmed >= mostTrimmed) await compactRecords();
  }

  async function recordsOf(document: string): Promise<{ updates: Uint8Array[]; through: number }> {
    const read = () => store.list(under(`rec/${document}/`));
    let records = await read();
    // All that it has may be on its way to the disk.
    if (records.length === 0) {
      await commits.write(() => undefined, { urgent: true });
      records = await read();
    }
    const last = records.at(-1)?.[0];
    if (last === undefined)
      throw new StorageError('storage_corrupt', `The records of ${document} are not in the journal.`);
    return {
      updates: records.map(([, update]) => update),
      through: Number(last.slice(last.lastIndexOf('/') + 1)),
    };
  }

  async function trim(
    draft: { remove(key: string): void },
    document: string,
    through: number,
  ): Promise<void> {
    const rows = await store.list({
      gte: keys.record(document, 0),
      lt: `rec/${document}/${pad(through)}\u0000`,
    });
    for (const [key, update] of rows) {
      draft.remove(key);
      trimmed += update.length;
    }
  }

  async function compactRecords(): Promise<void> {
    trimmed = 0;
    await store.compact(under('rec/'));
  }

  function release(): void {
    if (full()) return;
    const free = waiting;
    waiting = [];
    for (const go of free) go();
  }

  async function work(): Promise<void> {
    for (let document = next(); document !== undefined && !closed; document = next()) {
      const due = document;
      // A compaction may have made it while this one waited.
      await alone(async () => {
        if (documents.tails.has(due)) await checkpoint(due);
      }).catch((error: unknown) => {
        failing.add(due);
        fail(error);
      });
    }
    // The journal holds everything meanwhile; a disk that was full may not be so for ever.
    if (failing.size > 0 && !closed)
      retry ??= options.timer(() => {
        retry = undefined;
        failing.clear();
        checkpoints.notice();
      }, retryAfter);
  }

  /** Those who wait are told, unless there is room for them all the same. */
  function fail(error: unknown): void {
    trouble = error instanceof Error ? error : new Error(String(error));
    const free = waiting;
    waiting = [];
    for (const go of free) go();
  }

  const full = (): boolean => {
    const { operations, bytes } = documents.uncheckpointed();
    return operations >= mostOperations || bytes >= mostBytes;
  };

  async function purge(others: () => Promise<void>): Promise<void> {
    const rows = await database.under<readonly string[]>('purge/');
    if (rows.length === 0) return;
    for (const [key, hashes] of rows) {
      const document = key.slice('purge/'.length);
      await options.mend(document, hashes);
      if (documents.tails.has(document)) await checkpoint(document);
      const { through } = database.get<CheckpointRow>(keys.checkpoint(document)) ?? { through: 0 };
      await commits.write(({ draft }) => trim(draft, document, through), { urgent: true });
      await store.compact(under(`rec/${document}/`));
      for (const hash of hashes) await store.compact(under(keys.operation(hash)));
      await stored.purge(document);
    }
    await others();
    await commits.write(
      ({ draft }) => {
        // What was removed meanwhile stays due.
        for (const [key, hashes] of rows)
          if (draft.get<readonly string[]>(key)?.length === hashes.length) draft.remove(key);
      },
      { urgent: true },
    );
  }

  const checkpoints: Checkpoints = {
    get trouble() {
      return trouble;
    },
    notice() {
      if (running || closed || next() === undefined) return;
      running = work()
        .catch(fail)
        .finally(() => {
          running = undefined;
        });
    },
    admit() {
      if (!full()) return undefined;
      checkpoints.notice();
      return new Promise<void>((resolve) => waiting.push(resolve)).then(() => {
        if (!trouble || !full()) return;
        const code = trouble instanceof StorageError ? trouble.code : 'storage_failed';
        const message = `Documents can't be checkpointed, so nothing more is taken: ${trouble.message}`;
        throw new CoterieError(code, message, { cause: trouble });
      });
    },
    all: (progress) =>
      alone(async () => {
        const due = [...documents.tails.keys()];
        for (const [i, document] of due.entries()) {
          await checkpoint(document);
          progress?.(i + 1, due.length);
        }
        const last = database.get<LastCheckpoint>(keys.meta('checkpoint'));
        if (last)
          await commits.write(({ draft }) => trim(draft, last.document, last.through), { urgent: true });
        await compactRecords();
      }),
    purge: (others) => alone(() => purge(others)),
    alone,
    async pause() {
      let resume = (): void => undefined;
      const over = new Promise<void>((resolve) => {
        resume = resolve;
      });
      await new Promise<void>((begun) => {
        void alone(async () => {
          begun();
          await over;
        });
      });
      return resume;
    },
    async close() {
      closed = true;
      retry?.();
      fail(new CoterieError('closed', 'The replica is closing.'));
      while (running) await running;
    },
  };
  return checkpoints;
}
