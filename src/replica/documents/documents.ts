import type { Entry, Hash } from '../../../schemas/index.ts';
import {
  createMender,
  createWriter,
  freshClientID,
  type LogDocument,
  openLogDocument,
  segmentDigest,
} from '../../log/index.ts';
import { type Crypto, entryKey } from '../../op/index.ts';
import type { DocumentStore, Store } from '../../storage/port.ts';
import type { Database } from '../commit/database.ts';
import type { Appended, Mended } from '../commit/group.ts';
import { entryOf, keys, type TailRow, under } from '../commit/rows.ts';
import type { Rows } from '../commit/transaction.ts';
import { createTails } from './tails.ts';

/** The Yjs side of a replica: writers, shown documents and the records between them and their checkpoints. */
export interface Documents {
  /** Encodes what a group brings into one record a document. Returns what to do once the group is durable. */
  finish(rows: Rows, appended: readonly Appended[], mended: readonly Mended[]): () => void;
  /** The document as others see it: loaded from checkpoint and records, once. */
  shown(document: string): Promise<LogDocument>;
  /** The same, and it stays in memory until the group that mends it. */
  hold(document: string): Promise<LogDocument>;
  /** A document that is in memory, if it is. */
  loaded(document: string): LogDocument | undefined;
  unload(document: string): void;
  digest(document: string): Promise<string>;
  /** Tails of documents with records that are not checkpointed. */
  readonly tails: ReadonlyMap<string, TailRow>;
  /** Operations and bytes not checkpointed. */
  uncheckpointed(): { operations: number; bytes: number };
  /** The document as it is shown now, whole: its update, the last durable record in it, its digest. */
  stateOf(document: string): Promise<{ state: Uint8Array; through: number; digest: string }>;
  /** Takes records up to `through`, which a checkpoint holds, off a tail. */
  settle(
    rows: { put(key: string, value: unknown): void; remove(key: string): void },
    document: string,
    through: number,
  ): void;
  /** Notes the digests of what was written to, so that the next opening knows them without loading a document. */
  note(rows: { put(key: string, value: unknown): void }): void;
  /** After a refused write: fresh writers, tails as they are on disk. */
  reset(): Promise<void>;
}

function* bodies(document: LogDocument): Generator<readonly [Hash, boolean]> {
  for (const [key, entry] of document.entries()) yield [key, entry.body !== undefined];
}

export interface DocumentsOptions {
  readonly store: Store;
  readonly database: Database;
  readonly stored: DocumentStore;
  readonly crypto: Crypto;
  readonly random: (bytes: number) => Uint8Array;
  /** Called after each durable group, when tails have grown. */
  readonly onGrown: () => void;
}

interface Live {
  readonly loading: Promise<LogDocument>;
  ready: LogDocument | undefined;
  /** Updates that became durable while it was loading. */
  early: Uint8Array[];
  digest: string | undefined;
  through: number;
}

/** Documents in memory. */
const mostLive = 32;

export async function createDocuments(options: DocumentsOptions): Promise<Documents> {
  const { store, database, stored, crypto, random } = options;
  const live = new Map<string, Live>();
  const writers = new Map<string, ReturnType<typeof createWriter>>();
  const menders = new Map<string, ReturnType<typeof createMender>>();
  /** Documents that a write in the making will mend. */
  const held = new Set<string>();
  const tails = await createTails(database);

  async function load(document: string, entry: Live): Promise<LogDocument> {
    const rows = await store.list(under(`rec/${document}/`));
    // Only what is durable counts: a record in flight comes through `early`.
    const last = rows.at(-1)?.[0];
    if (last !== undefined)
      entry.through = Math.max(entry.through, Number(last.slice(last.lastIndexOf('/') + 1)));
    // Without a checkpoint all of it is in records: the thread that keeps the documents need not start for it.
    const checkpointed = (await database.getConfirmed(keys.checkpoint(document))) !== undefined;
    const state = checkpointed ? await stored.read(document) : undefined;
    const updates = rows.map(([, value]) => value);
    const shown = openLogDocument({
      clientID: freshClientID(random),
      state: state ? [state, ...updates] : updates,
    });
    for (const update of entry.early) shown.apply(update);
    entry.early = [];
    entry.ready = shown;
    return shown;
  }

  function openLive(document: string, fresh: boolean): Live {
    const known = live.get(document);
    if (known) return known;
    const entry: Live = {
      ready: undefined,
      early: [],
      digest: undefined,
      through: 0,
      loading: undefined as never,
    };
    live.set(document, entry);
    if (fresh) {
      entry.ready = openLogDocument({ clientID: freshClientID(random) });
      Object.assign(entry, { loading: Promise.resolve(entry.ready) });
    } else {
      const loading = load(document, entry);
      loading.catch(() => live.delete(document));
      Object.assign(entry, { loading });
    }
    return entry;
  }

  /**
   * A document that is written to stays in memory while there is room, since its checkpoint needs it; one that this
   * group begins needs no loading. Everything in it is on disk: any may go at any time, but for those held.
   */
  function keepInMemory(document: string, fresh: boolean): void {
    const known = live.get(document);
    if (known) {
      live.delete(document);
      live.set(document, known);
      return;
    }
    if (!fresh && live.size >= mostLive) return;
    openLive(document, fresh);
    for (const [other, entry] of live) {
      if (live.size <= mostLive) return;
      if (entry.ready && other !== document && !held.has(other)) drop(other);
    }
  }

  function drop(document: string): void {
    live.get(document)?.ready?.close();
    live.delete(document);
    menders.delete(document);
  }

  function writer(document: string): ReturnType<typeof createWriter> {
    let found = writers.get(document);
    if (!found) {
      found = createWriter({ clientID: freshClientID(random) });
      writers.set(document, found);
    }
    return found;
  }

  function mend(document: string, mended: readonly Mended[]): Uint8Array {
    const shown = live.get(document)?.ready;
    if (!shown) throw new Error(`${document} is mended without being loaded`);
    let mender = menders.get(document);
    if (!mender) {
      mender = createMender(shown, freshClientID(random));
      menders.set(document, mender);
    }
    return mender.encode(mended.map(({ hash, entry }) => [entryKey(crypto, hash, entry.sig), entry]));
  }

  return {
    finish(rows, appended, mended) {
      const updates: [document: string, update: Uint8Array, n: number][] = [];
      const byDocument = new Map<string, [Hash, Entry][]>();
      const begun = new Set(appended.filter(({ first }) => first).map(({ document }) => document));
      for (const { document, hash, row } of appended) {
        const entries = byDocument.get(document) ?? [];
        entries.push([entryKey(crypto, hash, row.sig), entryOf(row)]);
        byDocument.set(document, entries);
      }
      for (const [document, entries] of byDocument) {
        const update = writer(document).encode(entries);
        keepInMemory(document, begun.has(document));
        updates.push([document, update, tails.grow(rows, document, update, entries.length)]);
      }
      const byMended = new Map<string, Mended[]>();
      for (const entry of mended)
        byMended.set(entry.document, [...(byMended.get(entry.document) ?? []), entry]);
      for (const [document, entries] of byMended) {
        const update = mend(document, entries);
        held.delete(document);
        updates.push([document, update, tails.grow(rows, document, update, entries.length)]);
      }
      return () => {
        for (const [document, update, n] of updates) {
          const entry = live.get(document);
          if (!entry) continue;
          entry.digest = undefined;
          entry.through = Math.max(entry.through, n);
          if (entry.ready) entry.ready.apply(update);
          else entry.early.push(update);
        }
        if (updates.length > 0) options.onGrown();
      };
    },
    shown: (document) => openLive(document, false).loading,
    loaded: (document) => live.get(document)?.ready,
    hold(document) {
      held.add(document);
      return openLive(document, false).loading;
    },
    unload(document) {
      if (held.has(document)) return;
      drop(document);
      writers.delete(document);
    },
    async digest(document) {
      const entry = openLive(document, false);
      const shown = await entry.loading;
      const digest = entry.digest ?? segmentDigest(crypto, bodies(shown));
      entry.digest = digest;
      return digest;
    },
    tails: tails.rows,
    uncheckpointed: tails.sum,
    settle: tails.settle,
    async stateOf(document) {
      const entry = openLive(document, false);
      const shown = await entry.loading;
      // All of one instant and one loading: nothing is awaited between.
      const digest = entry.digest ?? segmentDigest(crypto, bodies(shown));
      entry.digest = digest;
      return { state: shown.encode(), through: entry.through, digest };
    },
    note(rows) {
      for (const [document, tail] of tails.rows) {
        const entry = live.get(document);
        if (!entry?.ready || entry.through !== tail.through) continue;
        const digest = entry.digest ?? segmentDigest(crypto, bodies(entry.ready));
        rows.put(keys.tail(document), { ...tail, digest } satisfies TailRow);
      }
    },
    async reset() {
      held.clear();
      writers.clear();
      menders.clear();
      // What was refused may be on disk after all, and no shown document has it: all are read anew.
      live.clear();
      await tails.read();
    },
  };
}
