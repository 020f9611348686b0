import type { Entry, Hash } from '../../../schemas/index.ts';
import {
  freshClientID,
  type LogDocument,
  openLogDocument,
  parseDocumentName,
  segmentDigest,
} from '../../log/index.ts';
import { type Crypto, entryKey } from '../../op/index.ts';
import type { DocumentStore, Store } from '../../storage/port.ts';
import type { Database } from '../commit/database.ts';
import type { Group, Mended } from '../commit/group.ts';
import { entryOf, keys, type PartRow, type TailRow, under } from '../commit/rows.ts';
import type { Rows } from '../commit/transaction.ts';
import { createEncoding, groupBy } from './encoding.ts';
import { createTails } from './tails.ts';

/** An update that just became durable, and is shown. */
export interface Shown {
  readonly document: string;
  readonly update: Uint8Array;
  /** The session that it came from; undefined for what was written here. */
  readonly origin: number | undefined;
}

/** The Yjs side of a replica: writers, shown documents and the records between them and their checkpoints. */
export interface Documents {
  /** Encodes what a group brings into one record a document. Returns what to do once the group is durable. */
  finish(rows: Rows, group: Pick<Group, 'appended' | 'incoming' | 'mended'>): () => void;
  /** The document as others see it: loaded from checkpoint and records, once. */
  shown(document: string): Promise<LogDocument>;
  /** The same, and it stays in memory until the group that mends it. */
  hold(document: string): Promise<LogDocument>;
  /** The same, and it stays in memory until it is let go as often as it was pinned. */
  pin(document: string): Promise<LogDocument>;
  unpin(document: string): void;
  isPinned(document: string): boolean;
  /** A document that is in memory, if it is. */
  loaded(document: string): LogDocument | undefined;
  unload(document: string): void;
  /** It was written anew: what is in memory of it is not it any more. */
  forget(document: string): void;
  digest(document: string): Promise<string>;
  /** Tails of documents with records that are not checkpointed. */
  readonly tails: ReadonlyMap<string, TailRow>;
  /** Operations and bytes not checkpointed. */
  uncheckpointed(): { operations: number; bytes: number };
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
  /** Called after each durable group, when tails have grown, and when a document was let go. */
  readonly onGrown: () => void;
  /** Called for each update once it is durable and shown, in the order of the journal. Must not throw. */
  readonly onShown: (update: Shown) => void;
}

interface Live {
  /** Resolves when there is a document to apply updates to. */
  readonly loading: Promise<LogDocument>;
  ready: LogDocument | undefined;
  /** Updates that are durable and not applied yet: while it is loading, and until someone looks. */
  early: Uint8Array[];
  digest: string | undefined;
  through: number;
}

/** One record of a group. */
interface Written extends Shown {
  readonly n: number;
  readonly applied: ((touched: readonly Hash[]) => void) | undefined;
}

/** Documents in memory. */
const mostLive = 32;

export async function createDocuments(options: DocumentsOptions): Promise<Documents> {
  const { store, database, stored, crypto, random } = options;
  const live = new Map<string, Live>();
  const encoding = createEncoding(random);
  /** Documents that a write in the making will mend. */
  const held = new Set<string>();
  const pins = new Map<string, number>();
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
    entry.ready = shown;
    return shown;
  }

  /** Nobody looks at most of what is written: updates are applied when someone does. */
  function current({ early }: Live, ready: LogDocument): LogDocument {
    if (early.length > 0)
      ready.doc.transact(() => {
        for (const update of early.splice(0)) ready.apply(update);
      });
    return ready;
  }

  async function opened(document: string): Promise<{ entry: Live; ready: LogDocument }> {
    for (;;) {
      const entry = openLive(document, false);
      const ready = await entry.loading;
      // It may have had to make room meanwhile.
      if (live.get(document) === entry) return { entry, ready: current(entry, ready) };
    }
  }

  const shown = async (document: string): Promise<LogDocument> => (await opened(document)).ready;

  function loaded(document: string): LogDocument | undefined {
    const entry = live.get(document);
    return entry?.ready && current(entry, entry.ready);
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
      loading.then(
        () => makeRoom(document),
        () => live.delete(document),
      );
      Object.assign(entry, { loading });
    }
    return entry;
  }

  const isHeld = (document: string): boolean => held.has(document) || pins.has(document);

  /**
   * A document that is written to stays in memory while there is room, since its digest is soon asked for; one that this
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
    makeRoom(document);
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
    encoding.unload(document);
  }

  const keyed = (entries: readonly { hash: Hash; entry: Entry }[]): [Hash, Entry][] =>
    entries.map(({ hash, entry }) => [entryKey(crypto, hash, entry.sig), entry]);

  /** One more record, and what is listed of its document. */
  function record(
    rows: Rows,
    document: string,
    update: Uint8Array,
    entries: readonly (readonly [key: Hash, hash: Hash])[],
    operations: number,
  ): number {
    const n = tails.grow(rows, document, update, operations);
    if (entries.length === 0) return n;
    rows.set(keys.place(document, n), entries);
    const name = parseDocumentName(document);
    if (!name) return n;
    const part = keys.part(name.log, name.segment);
    const before = ((rows.has(part) ? rows.get(part) : database.get(part)) as PartRow | undefined) ?? {
      operations: 0,
      bytes: 0,
    };
    rows.set(part, {
      operations: before.operations + entries.length,
      bytes: before.bytes + update.length,
    } satisfies PartRow);
    return n;
  }

  function show({ document, update, n, origin, applied }: Written): void {
    const entry = live.get(document);
    if (entry) {
      entry.digest = undefined;
      entry.through = Math.max(entry.through, n);
      // Whoever holds it sees it change.
      if (entry.ready && (applied || isHeld(document))) {
        const touched = current(entry, entry.ready).apply(update);
        applied?.(touched);
      } else entry.early.push(update);
    }
    options.onShown({ document, update, origin });
  }

  return {
    finish(rows, { appended, incoming, mended }) {
      const written: Written[] = [];
      // Whoever writes under a clientID of ours has taken it: what is encoded from here on has another.
      for (const { document, clients } of incoming) encoding.renounce(document, clients);
      const begun = new Set(appended.filter(({ first }) => first).map(({ document }) => document));
      for (const [document, list] of groupBy(appended)) {
        const entries = keyed(list.map(({ hash, row }) => ({ hash, entry: entryOf(row) })));
        const update = encoding.write(document, entries);
        keepInMemory(document, begun.has(document));
        const places = entries.map(([key], i): [Hash, Hash] => [key, list[i]?.hash ?? '']);
        const n = record(rows, document, update, places, places.length);
        written.push({ document, update, n, origin: undefined, applied: undefined });
      }
      for (const { document, update, entries, origin, applied } of incoming) {
        keepInMemory(document, false);
        const n = record(rows, document, update, entries, Math.max(1, entries.length));
        written.push({ document, update, n, origin, applied });
      }
      for (const [document, list] of groupBy<Mended>(mended)) {
        const shown = loaded(document);
        if (!shown) throw new Error(`${document} is mended without being loaded`);
        // The last word on a key is what it becomes.
        const update = encoding.mend(document, shown, [...new Map(keyed(list))]);
        held.delete(document);
        const n = record(rows, document, update, [], list.length);
        written.push({ document, update, n, origin: undefined, applied: undefined });
      }
      return () => {
        for (const one of written) show(one);
        if (written.length > 0) options.onGrown();
      };
    },
    shown,
    loaded,
    hold(document) {
      held.add(document);
      return shown(document);
    },
    pin(document) {
      pins.set(document, (pins.get(document) ?? 0) + 1);
      return shown(document);
    },
    unpin(document) {
      const left = (pins.get(document) ?? 1) - 1;
      if (left > 0) pins.set(document, left);
      else {
        pins.delete(document);
        options.onGrown();
      }
    },
    isPinned: (document) => pins.has(document),
    unload(document) {
      if (isHeld(document)) return;
      drop(document);
      encoding.finish(document);
    },
    forget(document) {
      drop(document);
      encoding.finish(document);
    },
    async digest(document) {
      const { entry, ready } = await opened(document);
      entry.digest ??= segmentDigest(crypto, bodies(ready));
      return entry.digest;
    },
    tails: tails.rows,
    uncheckpointed: tails.sum,
    settle: tails.settle,
    note(rows) {
      for (const [document, tail] of tails.rows) {
        const entry = live.get(document);
        if (!entry?.ready || entry.through !== tail.through) continue;
        const digest = entry.digest ?? segmentDigest(crypto, bodies(current(entry, entry.ready)));
        rows.put(keys.tail(document), { ...tail, digest } satisfies TailRow);
      }
    },
    async reset() {
      held.clear();
      encoding.reset();
      // What was refused may be on disk after all, and no shown document has it: all are read anew.
      live.clear();
      await tails.read();
    },
  };
}
