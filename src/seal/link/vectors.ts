import { decodeStateVector, encodeStateVector, parseUpdateMeta } from 'yjs';

/** A Yjs state vector: each client, and how many of its structs from the first on. */
export type Vector = ReadonlyMap<number, number>;

export const vectorOf = (bytes: Uint8Array): Vector => decodeStateVector(bytes);

/** As bytes, as others are asked with it. */
export const vectorBytes = (vector: Vector): Uint8Array => encodeStateVector(new Map(vector));

/** What is held once an update is there too. What follows a gap in it counts as lacking: it is sent once more then. */
export function extended(vector: Vector, update: Uint8Array): Vector {
  const { from, to } = parseUpdateMeta(update);
  const next = new Map(vector);
  for (const [client, end] of to) {
    const has = next.get(client) ?? 0;
    if ((from.get(client) ?? 0) <= has && end > has) next.set(client, end);
  }
  return next;
}

/** True where nothing of `inner` is beyond `outer`. */
export function covers(outer: Vector, inner: Vector): boolean {
  for (const [client, end] of inner) if ((outer.get(client) ?? 0) < end) return false;
  return true;
}

/** True for an update that holds structs, and not deletions alone. */
export const hasStructs = (update: Uint8Array): boolean => parseUpdateMeta(update).to.size > 0;
