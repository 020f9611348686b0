import { createID, type Doc, decodeUpdate, GC, getItem, getState, ID, Item } from 'yjs';

/** What an item belongs to as Yjs would find it now: undefined where that is not here, or was removed. */
function belongsTo({ parent, origin, rightOrigin }: Item, { store }: Doc): unknown {
  const here = (id: ID): Item | GC | undefined =>
    id.clock < getState(store, id.client) ? getItem(store, id) : undefined;
  if (parent instanceof ID) {
    const owner = here(parent);
    return owner instanceof Item && 'type' in owner.content ? owner.content.type : undefined;
  }
  if (parent !== null) return parent;
  const beside = origin ?? rightOrigin;
  const sibling = beside === null ? undefined : here(beside);
  return sibling instanceof Item ? sibling.parent : undefined;
}

/** It goes on from something that was removed with all that it was part of, as part of something that is there. */
function goesOnFromRemoved(item: Item, doc: Doc): boolean {
  const { client, clock } = item.id;
  const known = getState(doc.store, client);
  if (known <= clock || known >= clock + item.length) return false;
  return getItem(doc.store, createID(client, known - 1)) instanceof GC && belongsTo(item, doc) !== undefined;
}

/**
 * Why an update can be applied by nobody who has this document; undefined for one that can. Yjs would apply one that is
 * cut off in part, and stop in the middle at one whose item rests on a later one of the same client or goes on from what
 * was removed.
 */
export function unsound(update: Uint8Array, doc: Doc): string | undefined {
  let structs: ReturnType<typeof decodeUpdate>['structs'];
  try {
    ({ structs } = decodeUpdate(update));
  } catch {
    return 'an update that cannot be read';
  }
  for (const struct of structs) {
    if (!(struct instanceof Item)) continue;
    const { id, origin, rightOrigin, parent } = struct;
    const later = (on: ID | null): boolean => on !== null && on.client === id.client && on.clock >= id.clock;
    if (later(origin) || later(rightOrigin) || (parent instanceof ID && later(parent)))
      return 'an update that rests on itself';
    if (goesOnFromRemoved(struct, doc)) return 'an update that goes on from what was removed';
  }
  return undefined;
}
