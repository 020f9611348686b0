import type { Hash, Header } from '../../../schemas/index.ts';
import { shownStamp } from '../../op/index.ts';
import type { Reader } from '../commit/transaction.ts';

/**
 * Where a thing stands in a list: by stamp, then hash; history by its own time. 27 characters and the hash.
 * A reply never stands before what it answers: where clocks say otherwise it follows its parent (`~`).
 */
export const naturalOrder = (hash: Hash, header: Header): string => `${shownStamp(header)}.${hash}`;

/** A moved thing's order is kept in a row; the others' is natural. */
export const movedKey = (id: Hash): string => `v/moved/${id}`;

export function orderOf(reader: Pick<Reader, 'get'>, hash: Hash, header: Header): string {
  return reader.get<string>(movedKey(hash)) ?? naturalOrder(hash, header);
}

/** The order of something that must follow `parent`. */
export const following = (natural: string, parent: string): string =>
  natural > parent ? natural : `${parent}~${natural}`;
