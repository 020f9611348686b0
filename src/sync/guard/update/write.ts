import {
  createEncoder,
  type Encoder,
  toUint8Array,
  writeAny,
  writeUint8,
  writeUint8Array,
  writeVarString,
  writeVarUint,
} from 'lib0/encoding';
import { rootName } from '../../../log/encode.ts';
import type { Struct } from '../types.ts';
import type { DeleteRange } from './read.ts';

const hasOrigin = 0x80;
const hasKey = 0x20;
const contentDeleted = 1;
const contentAny = 8;
const skipInfo = 10;

/** What is written of a struct. */
export type Written = Omit<Struct, 'client'>;

function writeStruct(encoder: Encoder, { length, origin, key, value }: Written): void {
  const kind = value ? contentAny : contentDeleted;
  writeUint8(encoder, kind | (origin ? hasOrigin : hasKey));
  if (origin) {
    writeVarUint(encoder, origin.client);
    writeVarUint(encoder, origin.clock);
  } else {
    writeVarUint(encoder, 1);
    writeVarString(encoder, rootName);
    writeVarString(encoder, key ?? '');
  }
  writeVarUint(encoder, length);
  if (value) writeUint8Array(encoder, value);
}

/** Structs of one client by clock, with a skip where some are missing between them. */
function writeBlock(encoder: Encoder, client: number, structs: readonly Written[]): void {
  const first = structs[0]?.clock ?? 0;
  let at = first;
  let skips = 0;
  for (const { clock, length } of structs) {
    if (clock > at) skips++;
    at = clock + length;
  }
  writeVarUint(encoder, structs.length + skips);
  writeVarUint(encoder, client);
  writeVarUint(encoder, first);
  at = first;
  for (const struct of structs) {
    if (struct.clock > at) {
      writeUint8(encoder, skipInfo);
      writeVarUint(encoder, struct.clock - at);
    }
    writeStruct(encoder, struct);
    at = struct.clock + struct.length;
  }
}

function writeDeletes(encoder: Encoder, deletes: readonly DeleteRange[]): void {
  const clients = new Map<number, DeleteRange[]>();
  for (const range of deletes) {
    const ranges = clients.get(range.client);
    if (ranges) ranges.push(range);
    else clients.set(range.client, [range]);
  }
  writeVarUint(encoder, clients.size);
  for (const [client, ranges] of [...clients].sort((a, b) => b[0] - a[0])) {
    writeVarUint(encoder, client);
    writeVarUint(encoder, ranges.length);
    for (const { clock, length } of ranges) {
      writeVarUint(encoder, clock);
      writeVarUint(encoder, length);
    }
  }
}

/** One update of format v1. Clients with nothing are left out, the highest comes first, as Yjs writes them. */
export function writeUpdate(
  structs: ReadonlyMap<number, readonly Written[]>,
  deletes: readonly DeleteRange[] = [],
): Uint8Array {
  const encoder = createEncoder();
  const blocks = [...structs].filter(([, list]) => list.length > 0).sort((a, b) => b[0] - a[0]);
  writeVarUint(encoder, blocks.length);
  for (const [client, list] of blocks) writeBlock(encoder, client, list);
  writeDeletes(encoder, deletes);
  return toUint8Array(encoder);
}

/** A value as lib0 writes it: what is passed on holds nothing that was not looked at. */
export function encodeValue(value: unknown): Uint8Array {
  const encoder = createEncoder();
  writeAny(encoder, value as Parameters<typeof writeAny>[1]);
  return toUint8Array(encoder);
}

/** Bytes that a struct takes at most, with the head of a block before it. */
export function sizeOf(struct: Struct): number {
  return 60 + (struct.value?.length ?? 0);
}
