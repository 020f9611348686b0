import type { Entry, Hash } from '../../../schemas/index.ts';
import {
  createMender,
  createWriter,
  freshClientID,
  type LogDocument,
  type Mender,
  type Writer,
} from '../../log/index.ts';

/** Writers and menders of this opening, one of each a document. */
export interface Encoding {
  /** One update with new entries. */
  write(document: string, entries: readonly (readonly [key: Hash, entry: Entry])[]): Uint8Array;
  /** One update whose entries replace what `shown` has under their keys. */
  mend(
    document: string,
    shown: LogDocument,
    entries: readonly (readonly [key: Hash, entry: Entry])[],
  ): Uint8Array;
  /** Others wrote under these: from now on fresh ones are used. */
  renounce(document: string, clients: Iterable<number>): void;
  /** The document left memory: its mender goes with it. */
  unload(document: string): void;
  /** Nothing is written to it for now. */
  finish(document: string): void;
  reset(): void;
}

export function createEncoding(random: (bytes: number) => Uint8Array): Encoding {
  const writers = new Map<string, Writer>();
  const menders = new Map<string, Mender>();

  return {
    write(document, entries) {
      let writer = writers.get(document);
      if (!writer) {
        writer = createWriter({ clientID: freshClientID(random) });
        writers.set(document, writer);
      }
      return writer.encode(entries);
    },
    mend(document, shown, entries) {
      let mender = menders.get(document);
      if (!mender) {
        mender = createMender(shown, freshClientID(random));
        menders.set(document, mender);
      }
      return mender.encode(entries);
    },
    renounce(document, clients) {
      for (const client of clients) {
        if (writers.get(document)?.clientID === client) writers.delete(document);
        if (menders.get(document)?.clientID === client) menders.delete(document);
      }
    },
    unload: (document) => void menders.delete(document),
    finish(document) {
      menders.delete(document);
      writers.delete(document);
    },
    reset() {
      writers.clear();
      menders.clear();
    },
  };
}

/** What belongs to each document, in order. */
export function groupBy<T extends { readonly document: string }>(list: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of list) {
    const known = groups.get(item.document);
    if (known) known.push(item);
    else groups.set(item.document, [item]);
  }
  return groups;
}
