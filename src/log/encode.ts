import {
  createEncoder,
  toUint8Array,
  writeAny,
  writeUint8,
  writeVarString,
  writeVarUint,
} from 'lib0/encoding';
import type { Entry } from '../../schemas/index.ts';

/** Name of the root `Y.Map` of every log document. */
export const rootName = 'ops';

/** Place of an item: who wrote it and when. */
export interface ItemId {
  readonly client: number;
  readonly clock: number;
}

/** One map entry to write. With `origin` it follows that item; `deletes` names the live item that it replaces. */
export interface EntryItem {
  readonly key: string;
  readonly entry: Entry;
  readonly origin?: ItemId | undefined;
  readonly deletes?: ItemId | undefined;
}

// Update format v1, as Yjs 13 writes it (a test compares the bytes): info bits and the content kind "any".
const hasOrigin = 0x80;
const hasParentSub = 0x20;
const contentAny = 8;

/** Deleted places of one client as runs, ascending. */
function runs(clocks: number[]): { clock: number; length: number }[] {
  const result: { clock: number; length: number }[] = [];
  for (const clock of clocks.sort((a, b) => a - b)) {
    const last = result.at(-1);
    if (last && last.clock + last.length === clock) last.length++;
    else result.push({ clock, length: 1 });
  }
  return result;
}

/** One update of format v1 that sets each entry in turn: items of `client` from `clock` on. */
export function encodeItems(client: number, clock: number, items: readonly EntryItem[]): Uint8Array {
  const encoder = createEncoder();
  writeVarUint(encoder, items.length === 0 ? 0 : 1);
  if (items.length > 0) {
    writeVarUint(encoder, items.length);
    writeVarUint(encoder, client);
    writeVarUint(encoder, clock);
  }
  const deleted = new Map<number, number[]>();
  for (const { key, entry, origin, deletes } of items) {
    writeUint8(encoder, contentAny | hasParentSub | (origin ? hasOrigin : 0));
    if (origin) {
      writeVarUint(encoder, origin.client);
      writeVarUint(encoder, origin.clock);
    } else {
      // The parent is a root type, by name; an item with an origin takes parent and key from it.
      writeVarUint(encoder, 1);
      writeVarString(encoder, rootName);
      writeVarString(encoder, key);
    }
    writeVarUint(encoder, 1);
    writeAny(encoder, entry as unknown as Parameters<typeof writeAny>[1]);
    if (deletes) {
      const clocks = deleted.get(deletes.client);
      if (clocks) clocks.push(deletes.clock);
      else deleted.set(deletes.client, [deletes.clock]);
    }
  }
  writeVarUint(encoder, deleted.size);
  for (const [by, clocks] of [...deleted].sort((a, b) => b[0] - a[0])) {
    const ranges = runs(clocks);
    writeVarUint(encoder, by);
    writeVarUint(encoder, ranges.length);
    for (const { clock: start, length } of ranges) {
      writeVarUint(encoder, start);
      writeVarUint(encoder, length);
    }
  }
  return toUint8Array(encoder);
}
