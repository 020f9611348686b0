import {
  createEncoder,
  toUint8Array,
  writeAny,
  writeUint8,
  writeUint8Array,
  writeVarString,
  writeVarUint,
} from 'lib0/encoding';

/** One struct as bytes say it, with nothing put right. */
export interface Crafted {
  /** Content kind and flags; made from what else is given unless said. */
  readonly info?: number;
  readonly origin?: readonly [client: number, clock: number];
  readonly rightOrigin?: readonly [client: number, clock: number];
  /** 1: the name of a root follows. */
  readonly parentInfo?: number;
  readonly root?: string;
  readonly key?: string;
  /** Number of items of a run that is deleted; or that of values, where it is a lie. */
  readonly length?: number;
  readonly values?: readonly unknown[];
  /** What stands in place of the content. */
  readonly raw?: Uint8Array;
}

export interface CraftedBlock {
  readonly client: number;
  readonly clock: number;
  readonly structs: readonly Crafted[];
  /** The number that is announced. */
  readonly count?: number;
}

function craftStruct(encoder: ReturnType<typeof createEncoder>, struct: Crafted): void {
  const { origin, rightOrigin, key, values, length } = struct;
  const kind = values || struct.raw ? 8 : 1;
  const flags = (origin ? 0x80 : 0) | (rightOrigin ? 0x40 : 0) | (key === undefined ? 0 : 0x20);
  const info = struct.info ?? kind | flags;
  writeUint8(encoder, info);
  for (const id of [origin, rightOrigin]) if (id) for (const part of id) writeVarUint(encoder, part);
  if (!origin && !rightOrigin && (info & 0x1f) !== 0 && info !== 10) {
    writeVarUint(encoder, struct.parentInfo ?? 1);
    if ((struct.parentInfo ?? 1) === 1) writeVarString(encoder, struct.root ?? 'ops');
    else {
      writeVarUint(encoder, 1);
      writeVarUint(encoder, 0);
    }
    if (key !== undefined) writeVarString(encoder, key);
  }
  if (struct.raw) {
    writeUint8Array(encoder, struct.raw);
    return;
  }
  writeVarUint(encoder, length ?? values?.length ?? 1);
  for (const value of values ?? []) writeAny(encoder, value as Parameters<typeof writeAny>[1]);
}

/** An update of format v1 with exactly these structs and deletions. */
export function craft(
  blocks: readonly CraftedBlock[],
  deletes: readonly (readonly [
    client: number,
    ...ranges: (readonly [clock: number, length: number])[],
  ])[] = [],
  tail: readonly number[] = [],
): Uint8Array {
  const encoder = createEncoder();
  writeVarUint(encoder, blocks.length);
  for (const { client, clock, structs, count } of blocks) {
    writeVarUint(encoder, count ?? structs.length);
    writeVarUint(encoder, client);
    writeVarUint(encoder, clock);
    for (const struct of structs) craftStruct(encoder, struct);
  }
  writeVarUint(encoder, deletes.length);
  for (const [client, ...ranges] of deletes) {
    writeVarUint(encoder, client);
    writeVarUint(encoder, ranges.length);
    for (const [clock, length] of ranges) {
      writeVarUint(encoder, clock);
      writeVarUint(encoder, length);
    }
  }
  for (const unit of tail) writeUint8(encoder, unit);
  return toUint8Array(encoder);
}

/** One struct in an update of its own. */
export const one = (struct: Crafted, client = 7, clock = 0): Uint8Array =>
  craft([{ client, clock, structs: [struct] }]);

/** A number as varuint. */
export function varuint(value: number): Uint8Array {
  const encoder = createEncoder();
  writeVarUint(encoder, value);
  return toUint8Array(encoder);
}
