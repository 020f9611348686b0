import { applyUpdate, Doc, encodeStateAsUpdate, encodeStateVector } from 'yjs';
import type { Store } from '../../../src/storage/port.ts';
import type { RoomCounts } from '../metrics.ts';
import type { DocumentEvents, Documents, RoomDocument } from './document.ts';
import { createOwing } from './owing.ts';
import { type RoomRecords, readRecords, recordWrite, stateWrites } from './records.ts';
import { unsound } from './sound.ts';

export interface OpenDocumentsOptions {
  readonly store: Store;
  readonly counts: RoomCounts;
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
  readonly compaction?: Partial<CompactionLimits> | undefined;
  /** So many clients have written to a document: told when it was loaded, and when more have. */
  readonly onClients?: ((name: string, clients: number) => void) | undefined;
  /** A checkpoint could not be written; the records are still there. */
  readonly onTrouble?: ((error: unknown) => void) | undefined;
}

export interface CompactionLimits {
  /** A document is compacted at so many records or bytes, if they are a quarter of its state; */
  readonly records: number;
  readonly bytes: number;
  /** at so many records in any case. */
  readonly most: number;
}

const defaults: CompactionLimits = { records: 256, bytes: 1024 * 1024, most: 4_096 };

/** Updates that are applied in one go: the event loop must turn. */
const mostAtOnce = 1_024;
/** Answers that are kept until the document changes, for many who join at once. */
const mostAnswers = 16;

/**
 * Documents that anybody may write, by any name, as records in a store. Updates of one turn are applied together; what
 * they changed, merged, is one record, in one synced commit with those of other rooms; then it is announced.
 */
export function openDocuments(options: OpenDocumentsOptions): Documents {
  const { store } = options;
  let reopening: Promise<unknown> | undefined;

  return {
    async open(name, events) {
      if (store.failed) {
        reopening ??= store.reopen().finally(() => {
          reopening = undefined;
        });
        await reopening;
      }
      return openDocument(name, await readRecords(store, name), events, options);
    },
  };
}

interface Arrived {
  readonly update: Uint8Array;
  readonly from: number;
  /** It is an answer to a first step: all that the sender has. */
  readonly whole: boolean;
}

const empty = (update: Uint8Array): boolean => update.length === 2 && update[0] === 0 && update[1] === 0;

function openDocument(
  name: string,
  records: RoomRecords,
  events: DocumentEvents,
  { store, counts, monotonic, compaction, onClients, onTrouble }: OpenDocumentsOptions,
): RoomDocument {
  const limits: CompactionLimits = { ...defaults, ...compaction };
  const doc = new Doc();
  doc.transact(() => {
    for (const update of records.updates) applyUpdate(doc, update);
  });
  let clients = 0;
  const count = (): void => {
    if (doc.store.clients.size === clients) return;
    clients = doc.store.clients.size;
    onClients?.(name, clients);
  };
  count();
  let { first, last, recordBytes, stateBytes } = records;
  let queue: Arrived[] = [];
  let queued = 0;
  let turn: NodeJS.Immediate | undefined;
  let writing: Promise<void> | undefined;
  let compacting: Promise<void> | undefined;
  let over = false;
  const owing = createOwing();
  const answers = new Map<string, Promise<Uint8Array>>();
  let merged: Uint8Array | undefined;
  doc.on('update', (update: Uint8Array) => {
    merged = update;
  });

  /** False when a part of it rests on what is not here. That part is dropped: a queue of Yjs' own would grow without end. */
  function integrate(update: Uint8Array): boolean {
    applyUpdate(doc, update);
    const whole = doc.store.pendingStructs === null && doc.store.pendingDs === null;
    doc.store.pendingStructs = null;
    doc.store.pendingDs = null;
    return whole;
  }

  /** Applies what can be read; answers how many messages of each socket are settled once it is durable, and their bytes. */
  function apply(batch: readonly Arrived[]): { settled: Map<number, number>; bytes: number } {
    const late: Arrived[] = [];
    const settled = new Map<number, number>();
    let bytes = 0;
    const settle = ({ update, from, whole }: Arrived, complete: boolean): void => {
      bytes += update.length;
      const count = owing.settle(from, complete, whole);
      settled.set(from, (settled.get(from) ?? 0) + count);
    };
    const take = (one: Arrived): boolean => {
      if (!empty(one.update) && !integrate(one.update)) return false;
      settle(one, true);
      return true;
    };
    doc.transact(() => {
      for (const one of batch) {
        const why = unsound(one.update, doc);
        if (why === undefined) {
          if (!take(one)) late.push(one);
          continue;
        }
        queued -= one.update.length;
        events.refused(one.from, why);
      }
      // What came before that on which it rests, from another socket.
      for (const one of late) {
        if (take(one)) continue;
        settle(one, false);
        events.lacking(one.from);
      }
    });
    return { settled, bytes };
  }

  function fail(error: unknown): void {
    over = true;
    queue = [];
    events.failed(error);
  }

  function flush(): void {
    turn = undefined;
    if (over || writing || queue.length === 0) return;
    const batch = queue.length > mostAtOnce ? queue.splice(0, mostAtOnce) : queue;
    if (batch === queue) queue = [];
    merged = undefined;
    let applied: ReturnType<typeof apply>;
    try {
      applied = apply(batch);
    } catch (error) {
      // It could be read and not be integrated: nobody knows what that left in memory.
      fail(error);
      return;
    }
    const done = (): void => {
      queued -= applied.bytes;
      for (const [from, count] of applied.settled) events.stored(from, count);
    };
    const update = merged as Uint8Array | undefined;
    if (update === undefined) {
      done();
      plan();
      return;
    }
    answers.clear();
    const from = batch[0]?.from;
    const only = batch.every((one) => one.from === from) ? from : undefined;
    writing = write(update).then(
      () => {
        writing = undefined;
        count();
        events.update(update, only);
        done();
        if (due()) compacting ??= compact();
        plan();
      },
      (error: unknown) => {
        writing = undefined;
        fail(error);
        throw error;
      },
    );
    // Whoever waits for it hears of it; so does the room.
    writing.catch(() => undefined);
  }

  function plan(): void {
    if (queue.length > 0 && !over) turn ??= setImmediate(flush);
  }

  async function write(update: Uint8Array): Promise<void> {
    last += 1;
    const began = monotonic();
    await store.commit([recordWrite(name, last, update)]);
    counts.commits += 1;
    counts.commitSeconds += (monotonic() - began) / 1_000;
    recordBytes += update.length;
  }

  function due(): boolean {
    const count = last - first + 1;
    if (count < limits.records && recordBytes < limits.bytes) return false;
    return recordBytes >= stateBytes / 4 || count >= limits.most;
  }

  /** Called when all of the document is durable. The state and the end of its records land together. */
  async function compact(): Promise<void> {
    const state = encodeStateAsUpdate(doc);
    const writes = stateWrites(name, state, first, last);
    stateBytes = state.length;
    recordBytes = 0;
    first = last + 1;
    try {
      await store.commit(writes);
    } catch (error) {
      // The next commit of this document is refused too, and the room is loaded anew.
      onTrouble?.(error);
    } finally {
      compacting = undefined;
    }
  }

  async function answer(vector: Uint8Array): Promise<Uint8Array> {
    let state: Uint8Array;
    try {
      state = encodeStateAsUpdate(doc, vector);
    } catch {
      throw new RangeError('a state vector that cannot be read');
    }
    await writing;
    return state;
  }

  return {
    vector: async () => encodeStateVector(doc),
    diff(vector) {
      const key = Buffer.from(vector.buffer, vector.byteOffset, vector.length).toString('latin1');
      const known = answers.get(key);
      if (known) return known;
      const made = answer(vector);
      if (answers.size < mostAnswers && key.length < 4_096) {
        answers.set(key, made);
        made.catch(() => answers.delete(key));
      }
      return made;
    },
    receive(update, from, whole) {
      if (over) return;
      queue.push({ update, from, whole });
      queued += update.length;
      if (writing === undefined) plan();
    },
    left: owing.left,
    waiting: () => queued,
    async close() {
      while (!over && (queue.length > 0 || writing)) {
        if (writing === undefined) flush();
        await writing?.catch(() => undefined);
      }
      clearImmediate(turn);
      await compacting;
      if (!over && last - first > 0) await compact();
      over = true;
      doc.destroy();
    },
  };
}
