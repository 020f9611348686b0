import type { Entry, Hash } from '../../../schemas/index.ts';
import { type LogDocument, parseDocumentName, segmentDigest } from '../../log/index.ts';
import { type Crypto, entryKey, fromBase64url } from '../../op/index.ts';
import type { DocumentStore, Store } from '../../storage/port.ts';
import type { Database } from '../commit/database.ts';
import type { Group, Mended } from '../commit/group.ts';
import { type CheckpointRow, entryOf, keys, type PartRow, type TailRow } from '../commit/rows.ts';
import type { Draft, Rows } from '../commit/transaction.ts';
import { createEncoding, groupBy } from './encoding.ts';
import { createLive, current } from './live.ts';
import { createTails, type Settling } from './tails.ts';

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
  /** It is written anew as this update. It stays in memory until the returned function is called. */
  replace(document: string, update: Uint8Array): () => void;
  digest(document: string): Promise<string>;
  /** Of a document that is whole in its checkpoint and not in memory: what it is, without loading it. */
  resting(document: string): Resting | undefined;
  /** Tails of documents with records that are not checkpointed. */
  readonly tails: ReadonlyMap<string, TailRow>;
  /** Operations and bytes not checkpointed. */
  uncheckpointed(): { operations: number; bytes: number };
  /** Takes records up to `through`, which a checkpoint holds, off a tail. */
  settle(work: Settling, document: string, through: number): void;
  /** A write that is not on disk yet takes its whole tail: its checkpoint is still the one before. */
  isSettling(document: string): boolean;
  /** Digests that are kept of a document, in its checkpoint or its tail, are not relied on from here on. */
  doubt(draft: Pick<Draft, 'get' | 'put'>, document: string): void;
  /** Notes the digests of what was written to, so that the next opening knows them without loading a document. */
  note(rows: { put(key: string, value: unknown): void }): void;
  /** After a refused write: fresh writers, tails as they are on disk. */
  reset(): Promise<void>;
}

/** A document on disk that nobody has in memory. */
export interface Resting {
  readonly entries: number;
  readonly stateVector: Uint8Array;
  /** The whole state as one update; undefined when it woke up meanwhile. */
  read(): Promise<Uint8Array | undefined>;
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

/** One record of a group. */
interface Written extends Shown {
  readonly n: number;
  readonly applied: ((touched: readonly Hash[]) => void) | undefined;
}

export async function createDocuments(options: DocumentsOptions): Promise<Documents> {
  const { store, database, stored, crypto, random } = options;
  const encoding = createEncoding(random);
  /** Documents that a write in the making will mend. */
  const held = new Set<string>();
  const pins = new Map<string, number>();
  const tails = await createTails(database);
  const isHeld = (document: string): boolean => held.has(document) || pins.has(document);

  const live = createLive({
    store,
    database,
    stored,
    random,
    isHeld,
    onDrop: encoding.unload,
  });

  const shown = async (document: string): Promise<LogDocument> => (await live.open(document)).ready;

  const isAwake = (document: string): boolean =>
    live.get(document) !== undefined || tails.rows.has(document) || tails.isSettling(document);

  function resting(document: string): Resting | undefined {
    if (isAwake(document)) return undefined;
    const { entries, vector } = database.get<CheckpointRow>(keys.checkpoint(document)) ?? {};
    const stateVector = vector && fromBase64url(vector, Math.floor((vector.length * 3) / 4));
    if (!stateVector || entries === undefined) return undefined;
    return {
      entries,
      stateVector,
      async read() {
        const state = await stored.read(document);
        return isAwake(document) ? undefined : state;
      },
    };
  }

  function unpin(document: string): void {
    const left = (pins.get(document) ?? 1) - 1;
    if (left > 0) pins.set(document, left);
    else {
      pins.delete(document);
      options.onGrown();
    }
  }

  const keyed = (entries: readonly { hash: Hash; entry: Entry }[]): [Hash, Entry][] =>
    entries.map(({ hash, entry }) => [entryKey(crypto, hash, entry.sig), entry]);

  /** Something was written into it before, if only by others while this group was made. */
  function isListed(document: string): boolean {
    const name = parseDocumentName(document);
    return name !== undefined && database.get(keys.part(name.log, name.segment)) !== undefined;
  }

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
      if (entry.ready && (applied || entry.looking > 0 || isHeld(document))) {
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
      const begun = new Set(
        appended
          .filter(({ first, document }) => first && !isListed(document))
          .map(({ document }) => document),
      );
      for (const [document, list] of groupBy(appended)) {
        const entries = keyed(list.map(({ hash, row }) => ({ hash, entry: entryOf(row) })));
        const update = encoding.write(document, entries);
        live.keep(document, begun.has(document));
        const places = entries.map(([key], i): [Hash, Hash] => [key, list[i]?.hash ?? '']);
        const n = record(rows, document, update, places, places.length);
        written.push({ document, update, n, origin: undefined, applied: undefined });
      }
      for (const { document, update, entries, origin, applied } of incoming) {
        live.keep(document, false);
        const n = record(rows, document, update, entries, Math.max(1, entries.length));
        written.push({ document, update, n, origin, applied });
      }
      for (const [document, list] of groupBy<Mended>(mended)) {
        const shown = live.loaded(document);
        if (!shown) throw new Error(`${document} is mended without being loaded`);
        // The last word on a key is what it becomes.
        const update = encoding.mend(document, shown, [...new Map(keyed(list))]);
        held.delete(document);
        const n = record(rows, document, update, [], list.length);
        written.push({ document, update, n, origin: undefined, applied: undefined });
      }
      // What a following write judges, or lets go, is news as well, and stands in documents already.
      const grown = written.length > 0 || rows.has(keys.meta('counters'));
      return () => {
        for (const one of written) show(one);
        if (grown) options.onGrown();
      };
    },
    shown,
    loaded: live.loaded,
    hold(document) {
      held.add(document);
      return shown(document);
    },
    pin(document) {
      pins.set(document, (pins.get(document) ?? 0) + 1);
      return shown(document);
    },
    unpin,
    isPinned: (document) => pins.has(document),
    unload(document) {
      if (isHeld(document)) return;
      live.drop(document);
      encoding.finish(document);
    },
    replace(document, update) {
      live.replace(document, update);
      encoding.finish(document);
      // Read anew before that is on disk it would be the old one.
      pins.set(document, (pins.get(document) ?? 0) + 1);
      return () => unpin(document);
    },
    async digest(document) {
      const { entry, ready } = await live.open(document);
      entry.digest ??= segmentDigest(crypto, bodies(ready));
      return entry.digest;
    },
    resting,
    tails: tails.rows,
    uncheckpointed: tails.sum,
    settle: tails.settle,
    isSettling: tails.isSettling,
    doubt(draft, document) {
      tails.doubt(draft, document);
      const checkpoint = draft.get<CheckpointRow>(keys.checkpoint(document));
      if (checkpoint?.digest !== undefined)
        draft.put(keys.checkpoint(document), { through: checkpoint.through } satisfies CheckpointRow);
    },
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
