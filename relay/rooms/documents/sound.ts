import { decodeUpdate, ID, Item } from 'yjs';

/**
 * Why an update can be applied by nobody; undefined for one that can. Yjs would apply one that is cut off in part, and
 * stop in the middle at one whose item rests on a later one of the same client.
 */
export function unsound(update: Uint8Array): string | undefined {
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
  }
  return undefined;
}
