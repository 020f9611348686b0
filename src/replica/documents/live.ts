import { freshClientID, type LogDocument, openLogDocument } from '../../log/index.ts';
import type { DocumentStore, Store } from '../../storage/port.ts';
import { inNextTurn } from '../../turn.ts';
import type { Database } from '../commit/database.ts';
import { keys, under } from '../commit/rows.ts';

/** One document in memory. */
export interface Live {
  /** Resolves when there is a document to apply updates to. */
  readonly loading: Promise<LogDocument>;
  ready: LogDocument | undefined;
  /** Updates that are durable and not applied yet: while it is loading, and until someone looks. */
  early: Uint8Array[];
  digest: string | undefined;
  /** The last record that is in it. */
  through: number;
  /** Calls that are answered with it in this turn of the event loop, and may look at it still. */
  looking: number;
}

/** Documents in memory: loaded from checkpoint and records when someone looks, a few of them at a time. */
export interface LiveDocuments {
  /** What is in memory of a document, whether it is ready or not. */
  get(document: string): Live | undefined;
  /** With all that is durable. */
  open(document: string): Promise<{ readonly entry: Live; readonly ready: LogDocument }>;
  /** With all that is durable, if it is in memory. */
  loaded(document: string): LogDocument | undefined;
  /** It was just written to. `fresh`: it begins, so there is nothing to load. */
  keep(document: string, fresh: boolean): void;
  /** From now on it is what this update makes. */
  replace(document: string, update: Uint8Array): void;
  drop(document: string): void;
  clear(): void;
}

/** Documents in memory. */
const mostLive = 32;

/** Nobody looks at most of what is written: updates are applied when someone does. */
export function current({ early }: Live, ready: LogDocument): LogDocument {
  if (early.length > 0)
    ready.doc.transact(() => {
      for (const update of early.splice(0)) ready.apply(update);
    });
  return ready;
}

export function createLive(options: {
  readonly store: Store;
  readonly database: Database;
  readonly stored: DocumentStore;
  readonly random: (bytes: number) => Uint8Array;
  /** It must stay in memory. */
  readonly isHeld: (document: string) => boolean;
  /** It leaves memory. */
  readonly onDrop: (document: string) => void;
}): LiveDocuments {
  const { store, database, stored, random, isHeld } = options;
  const live = new Map<string, Live>();

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
    entry.ready = shown;
    return shown;
  }

  function begin(document: string, make: (entry: Live) => Promise<LogDocument>): Live {
    const entry: Live = {
      ready: undefined,
      early: [],
      digest: undefined,
      through: 0,
      looking: 0,
      loading: undefined as never,
    };
    live.set(document, entry);
    return Object.assign(entry, { loading: make(entry) });
  }

  function withState(document: string, state: readonly Uint8Array[]): void {
    begin(document, (entry) => {
      entry.ready = openLogDocument({ clientID: freshClientID(random), state });
      return Promise.resolve(entry.ready);
    });
  }

  function openLive(document: string): Live {
    const known = live.get(document);
    if (known) return known;
    const entry = begin(document, (entry) => load(document, entry));
    entry.loading.then(
      () => makeRoom(document),
      // Another one may stand in its place by now.
      () => live.get(document) === entry && live.delete(document),
    );
    return entry;
  }

  function makeRoom(document: string): void {
    for (const [other, entry] of live) {
      if (live.size <= mostLive) return;
      if (entry.ready && other !== document && !isHeld(other)) drop(other);
    }
  }

  function drop(document: string): void {
    live.get(document)?.ready?.close();
    live.delete(document);
    options.onDrop(document);
  }

  return {
    get: (document) => live.get(document),
    async open(document) {
      for (;;) {
        const entry = openLive(document);
        const ready = await entry.loading;
        // It may have had to make room meanwhile.
        if (live.get(document) !== entry) continue;
        entry.looking++;
        inNextTurn(() => entry.looking--);
        return { entry, ready: current(entry, ready) };
      }
    },
    loaded(document) {
      const entry = live.get(document);
      return entry?.ready && current(entry, entry.ready);
    },
    /**
     * It stays while there is room, since its digest is soon asked for. Everything in it is on disk: any may go at any
     * time, but for those held.
     */
    keep(document, fresh) {
      const known = live.get(document);
      if (known) {
        live.delete(document);
        live.set(document, known);
        return;
      }
      if (!fresh && live.size >= mostLive) return;
      if (fresh) withState(document, []);
      else openLive(document);
      makeRoom(document);
    },
    replace(document, update) {
      drop(document);
      withState(document, [update]);
    },
    drop,
    // Not closed: who looks at one of them still may end that.
    clear: () => live.clear(),
  };
}
