import type { Row, Store, Write } from '../../storage/port.ts';
import type { Bits } from './bits.ts';
import { encodePostings, joinPostings } from './postings.ts';
import { decodeNumber, rows } from './rows.ts';

/** Rows that are looked through at once. */
const STEP = 2000;

/** A list without the dead; undefined when none of them is in it. */
function without([key, list]: Row, dead: Bits): Write | undefined {
  const { documents, times } = joinPostings([list], Number.POSITIVE_INFINITY);
  if (!documents.some((number) => dead.has(number))) return undefined;
  const kept: number[] = [];
  for (const [at, number] of documents.entries()) if (!dead.has(number)) kept.push(number, times[at] ?? 1);
  return [key, kept.length > 0 ? encodePostings(kept) : undefined];
}

/** Takes the dead out of the lists of one kind. */
export async function sweepLists(
  store: Store,
  kind: string,
  dead: Bits,
  turn: () => Promise<void>,
): Promise<void> {
  let from = kind;
  for (;;) {
    const found = await store.list({ gte: from, lt: `${kind}\u{10ffff}`, limit: STEP });
    const writes = found.flatMap((row) => {
      const write = without(row, dead);
      return write ? [write] : [];
    });
    if (writes.length > 0) await store.commit(writes);
    const last = found.at(-1)?.[0];
    if (last === undefined || found.length < STEP) return;
    from = `${last}\u0000`;
    await turn();
  }
}

/** Takes away the rows that tell documents of these numbers by their ids, and the other way round. */
export async function sweepIds(
  store: Store,
  numbers: readonly number[],
  turn: () => Promise<void>,
): Promise<void> {
  for (let at = 0; at < numbers.length; at += STEP) {
    const some = numbers.slice(at, at + STEP);
    const named = (await store.getMany(some.map(rows.id))).map((bytes, i) => ({
      number: some[i] ?? 0,
      id: bytes && new TextDecoder().decode(bytes),
    }));
    const writes: Write[] = [];
    for (const { number, id } of named) {
      if (id === undefined) continue;
      writes.push([rows.id(number), undefined], [rows.content(number), undefined]);
      const own = await store.get(rows.number(id));
      // A document that was put again has another number under the same id.
      if (own && decodeNumber(own) === number) writes.push([rows.number(id), undefined]);
    }
    if (writes.length > 0) await store.commit(writes);
    await turn();
  }
}
