import { endOf } from '../order.ts';
import type { ParkedPart, Struct } from '../types.ts';
import { writeUpdate } from '../update/write.ts';

/** What is left of a struct from `clock` on; undefined where that is nothing. */
function rest(struct: Struct, clock: number): Struct | undefined {
  const end = endOf(struct);
  if (end <= clock) return undefined;
  if (struct.clock >= clock) return struct;
  const origin = { client: struct.client, clock: clock - 1 };
  return { ...struct, clock, length: end - clock, origin, key: undefined };
}

/** One update that says what the parts say. Where two have the same place, the one that begins earlier is heard. */
export function joinParts(parts: readonly ParkedPart[]): Uint8Array {
  const structs = new Map<number, Struct[]>();
  const ends = new Map<number, number>();
  for (const { client, structs: own } of [...parts].sort((a, b) => a.clock - b.clock)) {
    const list = structs.get(client) ?? [];
    structs.set(client, list);
    for (const struct of own) {
      const kept = rest(struct, ends.get(client) ?? 0);
      if (!kept) continue;
      list.push(kept);
      ends.set(client, endOf(kept));
    }
  }
  return writeUpdate(structs);
}
