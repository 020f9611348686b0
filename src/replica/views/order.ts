import type { Hash, Header } from '../../../schemas/index.ts';
import { timePart } from '../../op/index.ts';
import type { Reader } from '../commit/transaction.ts';

/**
 * Where a thing stands in a list: by stamp, then hash; history by its own time. 27 characters and the hash.
 * A reply never stands before what it answers: where clocks say otherwise it follows its parent (`~`).
 */
export function naturalOrder(hash: Hash, header: Header): string {
  const stamp = header.imported ? `${timePart(header.imported.at)}${'0'.repeat(16)}` : header.stamp;
  return `${stamp}.${hash}`;
}

/** A moved thing's order is kept in a row; the others' is natural. */
export const movedKey = (id: Hash): string => `v/moved/${id}`;

export function orderOf(reader: Pick<Reader, 'get'>, hash: Hash, header: Header): string {
  return reader.get<string>(movedKey(hash)) ?? naturalOrder(hash, header);
}

/** The order of something that must follow `parent`. */
export const following = (natural: string, parent: string): string =>
  natural > parent ? natural : `${parent}~${natural}`;
