import { CoterieError } from '../../../schemas/index.ts';
import type { Store } from '../../storage/port.ts';
import { batchChecksum } from '../../storage/store/frame.ts';
import type { Database } from './database.ts';
import {
  type Appended,
  type Attempt,
  createGroup,
  type Group,
  type Incoming,
  type Mended,
  refusal,
  toWrites,
  uncertain,
} from './group.ts';
import { createDraft, type Draft, type Rows } from './transaction.ts';

/** A commit group closes at this many operations: while the disk writes one, the next is made. … */
const groupOperations = 32;
/** … or after this long, ms, whatever signatures are outstanding. */
const groupTime = 20;
/** A store that could not be opened again is tried each so many milliseconds. */
const reopenEach = 200;

/** What one write adds to its group besides rows. */
export interface Work {
  readonly draft: Draft;
  append(entry: Appended): void;
  receive(update: Incoming): void;
  mend(entry: Mended): void;
  /** Runs after the group is durable, in order, before the writers hear of it. */
  onDurable(effect: () => void): void;
  /** Returns what takes back everything done since: rows, entries, and what memory took over. */
  savepoint(): () => void;
  /** Resolves when everything queued before is on disk, signed and shown (or refused, and this write with it). */
  settled(): Promise<void>;
}

export interface Commits {
  /**
   * Runs `task` alone, resolves with its value once everything it wrote is durable. `urgent` is not held back while
   * too much waits for a checkpoint: the checkpoint itself.
   */
  write<T>(task: (work: Work) => Promise<T> | T, options?: { urgent?: boolean }): Promise<T>;
  /** Resolves when nothing is queued or in flight. */
  idle(): Promise<void>;
  /** Operations and rows queued or in flight. */
  readonly queued: number;
  close(): Promise<void>;
}

export interface CommitsOptions {
  readonly store: Store;
  readonly database: Database;
  /** Milliseconds, monotonic. */
  readonly monotonic: () => number;
  /** Adds the documents' records, just before the group is written; what it returns runs once that is durable. */
  readonly finish: (
    rows: Rows,
    group: Pick<Group, 'appended' | 'incoming' | 'mended'>,
  ) => (() => void) | undefined;
  /** Waits while too much is written and not checkpointed. */
  readonly admit: () => Promise<void> | undefined;
  /** Marks what is in memory; the returned function takes it back to that, for a step that is refused. */
  readonly savepoint: () => () => void;
  /** After a refused write: everything in memory that was built on it must go. */
  readonly onRefused: () => Promise<void>;
}

/**
 * Durable first: writes are run one at a time on the rows as they will be, joined to a group, and the group is one
 * synced batch. Nobody hears of a write before its group is on disk. After a failed batch the store is opened anew,
 * all that was built on the failed rows is refused, and the answer is what the disk says.
 */
export function createCommits(options: CommitsOptions): Commits {
  const { store, database, monotonic } = options;
  let open = createGroup();
  let flying: Group | undefined;
  let generation = 0;
  let tasks = 0;
  let turn: Promise<unknown> = Promise.resolve();
  let pumping: Promise<void> | undefined;
  // The disk refused a group, and what is there is being read: nothing may be built before that is known.
  let recovering: Promise<void> | undefined;
  let wake: (() => void) | undefined;
  let closed = false;
  // The store failed and could not be opened again yet: nothing in memory is sure.
  let stale = false;
  let retry: ReturnType<typeof setTimeout> | undefined;

  async function run<T>(
    task: (work: Work) => Promise<T> | T,
  ): Promise<{ value: T; done: Promise<void> | undefined }> {
    while (open.entries >= groupOperations && flying) await flying.done.promise.catch(() => undefined);
    while (recovering) await recovering;
    if (closed) throw new CoterieError('closed', 'The replica is closing.');
    if (stale) await revive();
    const began = generation;
    const draft = createDraft(database, flying ? [open.rows, flying.rows] : [open.rows]);
    const appended: Appended[] = [];
    const incoming: Incoming[] = [];
    const mended: Mended[] = [];
    const effects: (() => void)[] = [];
    const before = options.savepoint();
    const attempt = async () =>
      task({
        draft,
        append: (entry) => appended.push(entry),
        receive: (update) => incoming.push(update),
        mend: (entry) => mended.push(entry),
        onDurable: (effect) => effects.push(effect),
        settled: async () => pumping,
        savepoint() {
          const rows = draft.savepoint();
          const memory = options.savepoint();
          const lengths = [appended, incoming, mended, effects].map((list) => ({
            list,
            length: list.length,
          }));
          return () => {
            rows();
            memory();
            for (const { list, length } of lengths) list.length = length;
          };
        },
      });
    const value = await attempt().catch(async (error: unknown) => {
      before();
      if (generation !== began) await rebuilt();
      throw error;
    });
    if (generation !== began) {
      await rebuilt();
      throw refusal();
    }
    // It wrote nothing, but what it answers may rest on what is queued: nobody hears of that before it is on disk.
    if (draft.rows.size === 0 && incoming.length === 0 && mended.length === 0)
      return { value, done: open.rows.size > 0 ? open.done.promise : flying?.done.promise };
    // The group that was open at the start may be in flight by now; what comes joins the one that is open.
    join(open, { rows: draft.rows, effects, appended, incoming, mended });
    const { promise } = open.done;
    pumping ??= pump();
    return { value, done: promise };
  }

  function join(
    group: Group,
    { rows, effects, appended, incoming, mended }: Omit<Group, 'entries' | 'outstanding' | 'done'>,
  ): void {
    for (const [key, row] of rows) group.rows.set(key, row);
    group.effects.push(...effects);
    group.appended.push(...appended);
    group.incoming.push(...incoming);
    group.mended.push(...mended);
    group.entries += appended.length + incoming.reduce((sum, { entries }) => sum + entries.length, 0);
    group.outstanding += appended.length;
    for (const { signed } of appended) {
      const done = (): void => settled(group);
      signed.then(done, done);
    }
  }

  /** What a task put in memory while the disk refused what it was built on goes as well. */
  async function rebuilt(): Promise<void> {
    await pumping;
    await options.onRefused().catch(() => undefined);
  }

  function settled(group: Group): void {
    group.outstanding--;
    wake?.();
  }

  const ripe = (): boolean => open.entries >= groupOperations || (open.outstanding === 0 && tasks === 0);

  /** Waits until the open group is worth a disk write. */
  async function ripen(): Promise<void> {
    const began = monotonic();
    while (!ripe()) {
      const left = groupTime - (monotonic() - began);
      if (left <= 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        wake = () => {
          if (!ripe()) return;
          clearTimeout(timer);
          resolve();
        };
      });
      wake = undefined;
    }
  }

  async function pump(): Promise<void> {
    while (open.rows.size > 0 || open.incoming.length > 0 || open.mended.length > 0) {
      await ripen();
      const group = open;
      open = createGroup();
      flying = group;
      const attempt: Attempt = { number: store.lastCommit + 1, writes: undefined };
      try {
        await Promise.all(group.appended.map(({ signed }) => signed));
        const applied = options.finish(group.rows, group);
        if (applied) group.effects.unshift(applied);
        attempt.writes = toWrites(group.rows);
        await store.commit(attempt.writes);
        succeed(group);
      } catch (error) {
        recovering = recover(group, attempt, error);
        await recovering;
        recovering = undefined;
      }
      flying = undefined;
    }
    // In the turn of the last look, so that what comes next starts another pump.
    pumping = undefined;
  }

  function succeed(group: Group): void {
    database.accept(group.rows);
    for (const effect of group.effects) effect();
    group.done.resolve();
  }

  /** Whether a refused commit is on disk after all: by its content, since its number may be another's. */
  async function hasLanded({ number, writes }: Attempt): Promise<boolean> {
    const end = await store.reopen();
    if (writes === undefined || end < number) return false;
    return (await store.checksumOf(number)) === batchChecksum(writes);
  }

  /** In a turn, so that no task runs meanwhile. Rejects while the disk can't be read. */
  async function revive(): Promise<void> {
    await pumping;
    if (!stale) return;
    await store.reopen();
    database.forget();
    await options.onRefused();
    stale = false;
  }

  function reviveLater(): void {
    retry ??= setTimeout(() => {
      retry = undefined;
      if (!stale || closed) return;
      turn = turn.then(revive).catch(reviveLater);
    }, reopenEach);
    retry.unref?.();
  }

  async function recover(group: Group, attempt: Attempt, error: unknown): Promise<void> {
    generation++;
    const behind = open;
    open = createGroup();
    flying = undefined;
    database.forget();
    let landed = false;
    try {
      landed = await hasLanded(attempt);
      await options.onRefused();
    } catch (failure) {
      stale = true;
      reviveLater();
      group.done.reject(attempt.writes === undefined ? refusal(failure) : uncertain(failure));
      behind.done.reject(refusal(error));
      return;
    }
    if (landed) {
      for (const effect of group.effects) effect();
      group.done.resolve();
    } else group.done.reject(refusal(error));
    behind.done.reject(refusal(error));
  }

  const commits: Commits = {
    async write(task, { urgent = false } = {}) {
      if (!urgent) await options.admit();
      tasks++;
      const mine = turn.then(() => run(task));
      turn = mine.catch(() => undefined);
      let result: Awaited<typeof mine>;
      try {
        result = await mine;
      } finally {
        tasks--;
        wake?.();
      }
      await result.done;
      return result.value;
    },
    async idle() {
      for (;;) {
        await turn;
        if (!pumping) return;
        await pumping;
      }
    },
    get queued() {
      return open.rows.size + (flying?.rows.size ?? 0);
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      await commits.idle();
    },
  };
  return commits;
}
