import * as Y from 'yjs';
import { CoterieError, type Entry, type Hash } from '../../schemas/index.ts';
import { rootName } from './encode.ts';

/** A segment that others see: a `Y.Doc` whose root map `ops` holds entries by key. */
export interface LogDocument {
  /** For sessions and listeners. Write through `apply` only. */
  readonly doc: Y.Doc;
  readonly ops: Y.Map<Entry>;
  /** Entries that stand there. */
  readonly size: number;
  /** Estimated bytes of the entries that stand there, as an update carries them. */
  readonly bytes: number;
  /**
   * Applies an update of format v1 and says which keys it touched. `origin` goes to the document's listeners.
   * The update must be checked and stored already; a broken one throws what Yjs throws, perhaps half applied.
   */
  apply(update: Uint8Array, origin?: unknown): readonly Hash[];
  get(key: Hash): Entry | undefined;
  has(key: Hash): boolean;
  keys(): IterableIterator<Hash>;
  entries(): IterableIterator<[Hash, Entry]>;
  /** True when a value stands under the key: an entry that was applied can be lost to a deletion. */
  isLive(key: Hash): boolean;
  /** Place of the newest item of a key, dead or alive; what replaces it must follow it. */
  item(key: Hash): { readonly client: number; readonly clock: number; readonly live: boolean } | undefined;
  /** The next clock of a client: what it wrote below that is here. */
  clockOf(client: number): number;
  /** The whole state as one update, or what lies beyond a state vector. */
  encode(since?: Uint8Array): Uint8Array;
  stateVector(): Uint8Array;
  close(): void;
}

/** Cheap estimate of a value's size: its strings and eight bytes for everything else. */
function weigh(value: unknown): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 8;
  let bytes = 8;
  for (const key in value) bytes += key.length + 2 + weigh((value as Readonly<Record<string, unknown>>)[key]);
  return bytes;
}

/**
 * Opens a segment from updates. `clientID` must be fresh and other than those of its writers and menders: nothing is
 * ever written under it, and Yjs would change it on meeting it in an update.
 */
export function openLogDocument(options: { clientID: number; state?: Iterable<Uint8Array> }): LogDocument {
  const doc = new Y.Doc();
  doc.clientID = options.clientID;
  const ops = doc.getMap<Entry>(rootName);
  // Counted when someone asks: most documents are only received and passed on.
  let size: number | undefined;
  let bytes: number | undefined;
  let touched: Hash[] = [];
  let open = true;

  ops.observe((event) => {
    // Also keys where only an older item arrived or went: whoever wrote one of them may want to look.
    for (const key of event.keysChanged) touched.push(key);
    size = undefined;
    bytes = undefined;
  });

  const apply = (update: Uint8Array, origin?: unknown): readonly Hash[] => {
    if (!open) throw new CoterieError('closed', 'the document is closed');
    touched = [];
    Y.applyUpdate(doc, update, origin);
    return touched;
  };
  for (const update of options.state ?? []) apply(update);

  return {
    doc,
    ops,
    get size() {
      size ??= ops.size;
      return size;
    },
    get bytes() {
      if (bytes !== undefined) return bytes;
      bytes = 0;
      for (const entry of ops.values()) bytes += weigh(entry);
      return bytes;
    },
    apply,
    get: (key) => ops.get(key),
    has: (key) => ops.has(key),
    keys: () => ops.keys(),
    entries: () => ops.entries(),
    isLive: (key) => ops.has(key),
    item(key) {
      const item = ops._map.get(key);
      return item && { client: item.lastId.client, clock: item.lastId.clock, live: !item.deleted };
    },
    clockOf: (client) => Y.getState(doc.store, client),
    encode: (since) => Y.encodeStateAsUpdate(doc, since),
    stateVector: () => Y.encodeStateVector(doc),
    close() {
      open = false;
      doc.destroy();
    },
  };
}
