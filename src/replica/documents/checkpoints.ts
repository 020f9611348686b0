import { CoterieError } from '../../../schemas/index.ts';
import { parseDocumentName } from '../../log/index.ts';
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
/** Trimmed records are compacted away after this many checkpoints. */
const compactEach = 16;

export interface CheckpointsOptions {
  readonly store: Store;
  readonly stored: DocumentStore;
  readonly database: Database;
  readonly documents: Documents;
  readonly commits: Commits;
}

export function createCheckpoints(options: CheckpointsOptions): Checkpoints {
  const { store, stored, database, documents, commits } = options;
  let running: Promise<void> | undefined;
  let trouble: Error | undefined;
  let closed = false;
  let paused = 0;
  let sinceCompaction = 0;
  let waiting: (() => void)[] = [];

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
      if (isClosed(document)) return document;
      if (!oldest || tail.from < oldest.from) oldest = { document, from: tail.from };
    }
    return operations > dueOperations || bytes > mostBytes / 2 ? oldest?.document : undefined;
  }

  /**
   * Encode, write synced and read back (the store does both), say so in the journal, and only then trim: the records of
   * the checkpoint before this one. So there is always either the stored document or all records since the one before.
   */
  async function checkpoint(document: string): Promise<void> {
    const shown = await documents.shown(document);
    const through = documents.through(document);
    const state = shown.encode();
    const done = isClosed(document);
    const digest = await documents.digest(document);
    await stored.write(document, state);
    await commits.write(
      async ({ draft }) => {
        const before = draft.get<{ document: string; through: number }>(keys.meta('checkpoint'));
        documents.settle(draft, document, through);
        draft.put(keys.checkpoint(document), {
          through,
          digest,
        } satisfies CheckpointRow);
        draft.put(keys.meta('checkpoint'), { document, through });
        if (before)
          await trim(
            draft,
            before.document,
            before.document === document ? Math.min(before.through, through) : before.through,
          );
      },
      { urgent: true },
    );
    // What came in the meantime is in records; a closed document takes no more memory.
    if (done && !documents.tails.has(document)) documents.unload(document);
    trouble = undefined;
    release();
    if (++sinceCompaction >= compactEach) {
      sinceCompaction = 0;
      await store.compact(under('rec/'));
    }
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
    for (const [key] of rows) draft.remove(key);
  }

  function release(): void {
    const { operations, bytes } = documents.uncheckpointed();
    if (operations >= mostOperations || bytes >= mostBytes) return;
    const free = waiting;
    waiting = [];
    for (const go of free) go();
  }

  async function work(): Promise<void> {
    for (let document = next(); document !== undefined && !closed && paused === 0; document = next())
      await checkpoint(document);
  }

  function fail(error: unknown): void {
    trouble = error instanceof Error ? error : new Error(String(error));
    const free = waiting;
    waiting = [];
    for (const go of free) go();
  }

  const checkpoints: Checkpoints = {
    get trouble() {
      return trouble;
    },
    notice() {
      if (running || closed || paused > 0 || next() === undefined) return;
      running = work()
        .catch(fail)
        .finally(() => {
          running = undefined;
        });
    },
    admit() {
      const { operations, bytes } = documents.uncheckpointed();
      if (operations < mostOperations && bytes < mostBytes) return undefined;
      checkpoints.notice();
      return new Promise<void>((resolve) => waiting.push(resolve)).then(() => {
        if (!trouble) return;
        const code = trouble instanceof StorageError ? trouble.code : 'storage_failed';
        throw new CoterieError(
          code,
          `Documents can't be checkpointed, so nothing more is taken: ${trouble.message}`,
          { cause: trouble },
        );
      });
    },
    async all(progress) {
      while (running) await running;
      const due = [...documents.tails.keys()];
      for (const [i, document] of due.entries()) {
        await checkpoint(document);
        progress?.(i + 1, due.length);
      }
      const last = database.get<{ document: string; through: number }>(keys.meta('checkpoint'));
      if (last)
        await commits.write(({ draft }) => trim(draft, last.document, last.through), { urgent: true });
      await store.compact(under('rec/'));
    },
    async purge(others) {
      const rows = await database.under<readonly string[]>('purge/');
      if (rows.length === 0) return;
      while (running) await running;
      for (const [key, hashes] of rows) {
        const document = key.slice('purge/'.length);
        await checkpoint(document);
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
    },
    async pause() {
      paused++;
      while (running) await running;
      return () => {
        paused--;
        checkpoints.notice();
      };
    },
    async close() {
      closed = true;
      fail(new CoterieError('closed', 'The replica is closing.'));
      while (running) await running;
    },
  };
  return checkpoints;
}
