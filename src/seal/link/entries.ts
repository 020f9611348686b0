import { decodeUpdate, Item } from 'yjs';
import type { Hash } from '../../../schemas/index.ts';

/** Entries that an update sets, by key, as JSON: whoever takes them checks each. */
export function entriesOf(update: Uint8Array): (readonly [key: Hash, entry: string])[] {
  const found: (readonly [Hash, string])[] = [];
  for (const struct of decodeUpdate(update).structs) {
    if (!(struct instanceof Item) || struct.parentSub === null) continue;
    const [value] = struct.content.getContent() as readonly unknown[];
    if (value !== undefined) found.push([struct.parentSub, JSON.stringify(value)]);
  }
  return found;
}
