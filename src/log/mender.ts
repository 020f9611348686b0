import { CoterieError, type Entry, type Hash } from '../../schemas/index.ts';
import type { LogDocument } from './document.ts';
import { type EntryItem, encodeItems, type ItemId } from './encode.ts';

/** Encodes entries that replace what stands under their keys: redactions and repairs. */
export interface Mender {
  readonly clientID: number;
  /** Entries written so far: the clock of the next. */
  readonly clock: number;
  /**
   * One update (format v1) whose items follow the newest ones of their keys, in the shown document or in updates of
   * this mender that the document hasn't got yet; so they win over those and all before. The document isn't changed.
   * Updates must be stored and applied in this order; after one that was refused a fresh mender goes on.
   * Throws `internal` for a key that is twice in the group.
   */
  encode(entries: readonly (readonly [key: Hash, entry: Entry])[]): Uint8Array;
}

/** `clientID` must be fresh and other than the document's and its writers'. */
export function createMender(shown: LogDocument, clientID: number): Mender {
  let clock = 0;
  /** Items of ours by key that the shown document may not hold yet. */
  const ahead = new Map<Hash, number>();

  function item(key: Hash, entry: Entry): EntryItem {
    const own = ahead.get(key);
    if (own !== undefined) {
      const id: ItemId = { client: clientID, clock: own };
      return { key, entry, origin: id, deletes: id };
    }
    const current = shown.item(key);
    return { key, entry, origin: current, deletes: current?.live ? current : undefined };
  }

  return {
    clientID,
    get clock() {
      return clock;
    },
    encode(entries) {
      if (new Set(entries.map(([key]) => key)).size !== entries.length)
        throw new CoterieError('internal', 'one key twice in a group');
      const applied = shown.clockOf(clientID);
      for (const [key, at] of ahead) if (at < applied) ahead.delete(key);
      const update = encodeItems(
        clientID,
        clock,
        entries.map(([key, entry]) => item(key, entry)),
      );
      for (const [key] of entries) ahead.set(key, clock++);
      return update;
    },
  };
}
