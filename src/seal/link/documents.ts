import type { ToClient } from '../wire.ts';
import { type DocumentContext, type LinkedDocument, linkDocument } from './document.ts';
import type { Place } from './port.ts';
import { unread } from './unread.ts';

/** The documents of one session, by their names at the relay. */
export interface LinkedDocuments {
  /** The name at the relay of a document in clear. */
  named(document: string): string;
  has(id: string): boolean;
  /** Where none is known one begins, at this place if it is given. */
  at(id: string, place: Place | undefined, name?: string): LinkedDocument;
  all(): readonly LinkedDocument[];
  /** The relay told of a record. */
  entry(message: Extract<ToClient, { readonly type: 'entry' }>, isLive: boolean): void;
  /** How many are not in step. */
  behind(): number;
  /** Returns what is true once all that was told until the call is in the mailbox; `isLive` says whether everything was met. */
  mark(isLive: () => boolean): () => boolean;
}

export function createDocuments(
  context: DocumentContext,
  idOf: (document: string) => string,
): LinkedDocuments {
  const ids = new Map<string, string>();
  const documents = new Map<string, LinkedDocument>();

  function at(id: string, place: Place | undefined, name?: string): LinkedDocument {
    const known = documents.get(id);
    if (known) return known;
    const { crypto, mailbox, incarnation } = context;
    const fresh = place ?? unread(crypto, { mailbox, incarnation, document: id }, name);
    const made = linkDocument(context, id, fresh.name === undefined && name ? { ...fresh, name } : fresh);
    documents.set(id, made);
    return made;
  }

  return {
    named(document) {
      const known = ids.get(document);
      if (known !== undefined) return known;
      const id = idOf(document);
      ids.set(document, id);
      return id;
    },
    has: (id) => documents.has(id),
    at,
    all: () => [...documents.values()],
    entry({ document, offset, record }, isLive) {
      const isNew = !documents.has(document);
      const one = at(document, undefined);
      one.entry(offset, record);
      // One that the meeting has not come to is met by it.
      if (isNew && isLive) void one.meet(undefined);
    },
    behind() {
      let count = 0;
      for (const document of documents.values()) if (document.behind) count++;
      return count;
    },
    mark(isLive) {
      let until = isLive() ? context.told() : undefined;
      let done = false;
      return () => {
        if (done) return true;
        if (!isLive()) return false;
        until ??= context.told();
        const last = until;
        done = [...documents.values()].every((document) => document.isStored(last));
        return done;
      };
    },
  };
}
