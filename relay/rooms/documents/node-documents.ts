import { closeCodes } from '../../../schemas/protocol.ts';
import { emptyUpdate, emptyVector, isEmptyUpdate } from '../../../src/log/empty.ts';
import type { DocumentEvents, Documents, RoomDocument } from './document.ts';

/** Presence is awareness alone: there is a document since the protocol has one, and nothing may be written to it. */
function emptyDocument(events: DocumentEvents): RoomDocument {
  return {
    vector: async () => emptyVector,
    diff: async () => emptyUpdate,
    receive(update, from) {
      if (isEmptyUpdate(update)) events.stored(from, 1);
      else events.refused(from, 'presence holds no document');
    },
    left: () => undefined,
    waiting: () => 0,
    close: async () => undefined,
  };
}

export interface NodeDocumentsOptions {
  readonly logs: Documents;
  /** Opened with the first pad. */
  readonly pads: () => Promise<Documents>;
  /** Hears what presence and pads refuse of a socket; logs note it themselves. */
  readonly turnedAway: (socket: number, room: string, reason: string) => void;
}

/** No operation says who wrote a pad, so its door does: a reader reads it. */
function forWriters(document: RoomDocument | undefined, events: DocumentEvents): RoomDocument | undefined {
  if (document === undefined) return undefined;
  return {
    ...document,
    receive(update, from, whole) {
      // A stock client answers what it is asked, also with nothing.
      if (isEmptyUpdate(update) || events.mayWrite(from)) document.receive(update, from, whole);
      else events.refused(from, 'a reader writes no pad', closeCodes.stranger);
    },
  };
}

const pad = /^pad\/[^/\s\p{Cc}][^/\p{Cc}]{0,127}$/u;

/** What `/sync/<workspace>/` has: log documents, `presence`, and `pad/<name>`, which anybody may write. */
export const nodeDocuments = ({ logs, pads, turnedAway }: NodeDocumentsOptions): Documents => ({
  async open(name, events) {
    const noted: DocumentEvents = {
      ...events,
      refused(from, reason, code) {
        turnedAway(from, name, `refused: ${reason}`);
        events.refused(from, reason, code);
      },
    };
    if (name === 'presence') return emptyDocument(noted);
    if (pad.test(name)) return forWriters(await (await pads()).open(name, noted), noted);
    return logs.open(name, events);
  },
});
