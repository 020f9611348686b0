import * as Y from 'yjs';
import type { Hash } from '../../../schemas/index.ts';
import type { LogDocument } from '../../log/document.ts';
import type { Place } from './types.ts';

/** An item that stands in a document here, perhaps several of one key in a run. */
export interface Standing extends Place {
  readonly length: number;
  readonly origin: Place | undefined;
  readonly key: Hash | undefined;
  readonly live: boolean;
}

const standing = (struct: Y.Item | Y.GC): Standing => {
  const item = struct instanceof Y.Item ? struct : undefined;
  return {
    client: struct.id.client,
    clock: struct.id.clock,
    length: struct.length,
    origin: item?.origin ?? undefined,
    key: item?.parentSub ?? undefined,
    live: item !== undefined && !item.deleted,
  };
};

/** The item at a place that is below the client's next clock. */
export function itemAt(shown: LogDocument, { client, clock }: Place): Standing | undefined {
  const structs = shown.doc.store.clients.get(client);
  const struct = structs?.[Y.findIndexSS(structs, clock)];
  return struct && standing(struct);
}

/** Items that cover some of the places from `clock` to `end`, which are below the client's next clock. */
export function* itemsBetween(
  shown: LogDocument,
  client: number,
  clock: number,
  end: number,
): Generator<Standing> {
  const structs = shown.doc.store.clients.get(client) ?? [];
  for (let i = Y.findIndexSS(structs, clock); i < structs.length; i++) {
    const struct = structs[i] as Y.Item | Y.GC;
    if (struct.id.clock >= end) return;
    yield standing(struct);
  }
}

/** The newest item of a key and what it follows, back to the first. Each is cut off behind the item that is followed. */
export function lineOf(shown: LogDocument, key: Hash): Standing[] {
  const line: Standing[] = [];
  const newest = shown.item(key);
  let at: Place | undefined = newest;
  while (at) {
    const item: Standing | undefined = itemAt(shown, at);
    if (!item) break;
    line.push({ ...item, length: at.clock - item.clock + 1 });
    at = item.origin;
  }
  return line.reverse();
}

/**
 * How many items one client wrote in sequence up to a place, each following the one before: Yjs makes one deleted run
 * of them once they are replaced. Counts no further than beyond `most`.
 */
export function sequenceAt(shown: LogDocument, { client, clock }: Place, most: number): number {
  let length = 0;
  let end = clock + 1;
  while (length <= most) {
    const item = itemAt(shown, { client, clock: end - 1 });
    if (!item) break;
    length += end - item.clock;
    if (item.origin?.client !== client || item.origin.clock !== item.clock - 1) break;
    end = item.clock;
  }
  return length;
}
