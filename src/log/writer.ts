import { CoterieError, type Entry, type Hash } from '../../schemas/index.ts';
import { encodeItems } from './encode.ts';

/** Encodes new entries for one segment and one opening, under a clientID of its own. */
export interface Writer {
  readonly clientID: number;
  /** Entries written so far: the clock of the next. */
  readonly clock: number;
  /**
   * One update (format v1) for a whole group, one entry a key. Its items follow those of the call before, so updates
   * must be stored and sent in this order, and after one that was refused a fresh writer goes on.
   * Nothing is kept of the values. Throws `internal` for a key that is twice in the group.
   */
  encode(entries: readonly (readonly [key: Hash, entry: Entry])[]): Uint8Array;
}

/**
 * A writer never reads the document that others see: a new key has no item to follow. To replace what stands under a
 * key use a mender. `clientID` must be fresh.
 */
export function createWriter(options: { clientID: number }): Writer {
  const { clientID } = options;
  let clock = 0;
  return {
    clientID,
    get clock() {
      return clock;
    },
    encode(entries) {
      if (new Set(entries.map(([key]) => key)).size !== entries.length)
        throw new CoterieError('internal', 'one key twice in a group');
      const update = encodeItems(
        clientID,
        clock,
        entries.map(([key, entry]) => ({ key, entry })),
      );
      clock += entries.length;
      return update;
    },
  };
}
