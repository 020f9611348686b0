import type { Hash } from '../../../../schemas/index.ts';
import { rootName } from '../../../log/encode.ts';
import type { Cursor } from '../../varuint.ts';
import { guardBounds } from '../bounds.ts';
import { type Place, Refusal, type Struct } from '../types.ts';
import { byte, count, left, skipAny, uint } from './cursor.ts';

export interface DeleteRange extends Place {
  readonly length: number;
}

/** An update of format v1 in which everything but the values has been looked at. */
export interface ReadUpdate {
  /** Structs of each client, by clock, without overlaps; gaps are left out. */
  readonly structs: ReadonlyMap<number, readonly Struct[]>;
  readonly count: number;
  readonly deletes: readonly DeleteRange[];
}

const hashPattern = /^[a-z2-7]{25}[aeimquy4]$/;
const rootBytes = new TextEncoder().encode(rootName);

// Info bits and content kinds of Yjs.
const hasOrigin = 0x80;
const hasRightOrigin = 0x40;
const hasKey = 0x20;
const contentBits = 0x1f;
const contentDeleted = 1;
const contentAny = 8;
const skipInfo = 10;

function place(cursor: Cursor): Place {
  return { client: uint(cursor), clock: uint(cursor) };
}

/** The root `ops`, by name; then a key. */
function readKey(cursor: Cursor, info: number): Hash {
  if (uint(cursor) !== 1) throw new Refusal('place', 'an item within another');
  const { bytes } = cursor;
  const named =
    uint(cursor) === rootBytes.length && rootBytes.every((unit, i) => bytes[cursor.at + i] === unit);
  if (!named) throw new Refusal('place', `a root other than ${rootName}`);
  cursor.at += rootBytes.length;
  if ((info & hasKey) === 0) throw new Refusal('place', 'an item without a key');
  const length = uint(cursor);
  if (length !== 26 || left(cursor) < 26) throw new Refusal('place', 'a key that is no hash');
  let key = '';
  for (let i = 0; i < 26; i++) key += String.fromCharCode(byte(cursor));
  if (!hashPattern.test(key)) throw new Refusal('place', 'a key that is no hash');
  return key;
}

/** Steps over one entry's value and gives its bytes, unread. */
function readValue(cursor: Cursor): Uint8Array {
  if (uint(cursor) !== 1) throw new Refusal('struct', 'an item with more or fewer than one value');
  const from = cursor.at;
  skipAny(cursor, guardBounds.valueDepth);
  if (cursor.at - from > guardBounds.valueBytes) throw new Refusal('too_large', 'an entry is too large');
  return cursor.bytes.subarray(from, cursor.at);
}

function readItem(cursor: Cursor, info: number, client: number, clock: number): Struct {
  if ((info & hasRightOrigin) !== 0) throw new Refusal('struct', 'an item with a right origin');
  const kind = info & contentBits;
  if (kind !== contentDeleted && kind !== contentAny)
    throw new Refusal('struct', kind === 0 ? 'a collected struct' : `content of kind ${kind}`);
  const origin = (info & hasOrigin) === 0 ? undefined : place(cursor);
  if (origin && origin.client === client && origin.clock >= clock)
    throw new Refusal('clock', 'an item follows itself');
  const key = origin ? undefined : readKey(cursor, info);
  if (kind === contentAny) return { client, clock, length: 1, origin, key, value: readValue(cursor) };
  const length = uint(cursor);
  if (length < 1 || length > guardBounds.runLength)
    throw new Refusal('struct', `a deleted run of ${length} items`);
  return { client, clock, length, origin, key, value: undefined };
}

function checkEnd(clock: number): void {
  if (clock > guardBounds.clock) throw new Refusal('clock', 'clocks beyond every bound');
}

interface Blocks {
  readonly structs: Map<number, Struct[]>;
  /** Clients with more than one block. */
  readonly again: Set<number>;
}

/** Structs of one client, as they stand in the update; gives how many. */
function readBlock(cursor: Cursor, blocks: Blocks, room: number): number {
  const size = count(cursor, 2);
  if (size > room) throw new Refusal('too_large', 'it has too many structs');
  const client = uint(cursor);
  let clock = uint(cursor);
  const known = blocks.structs.get(client);
  const list = known ?? [];
  if (known) blocks.again.add(client);
  else blocks.structs.set(client, list);
  for (let i = 0; i < size; i++) {
    const info = byte(cursor);
    let end = clock;
    if (info === skipInfo) end += uint(cursor);
    else {
      const struct = readItem(cursor, info, client, clock);
      end += struct.length;
      list.push(struct);
    }
    checkEnd(end);
    clock = end;
  }
  return size;
}

/** Puts the blocks of a client that has several together; Yjs would let the last replace the others. */
function joinBlocks({ structs, again }: Blocks): void {
  for (const client of again) {
    const list = structs.get(client) ?? [];
    list.sort((a, b) => a.clock - b.clock);
    let end = 0;
    for (const struct of list) {
      if (struct.clock < end) throw new Refusal('clock', 'two structs at one place');
      end = struct.clock + struct.length;
    }
  }
}

function readDeletes(cursor: Cursor): DeleteRange[] {
  const deletes: DeleteRange[] = [];
  for (let clients = count(cursor, 2); clients > 0; clients--) {
    const client = uint(cursor);
    for (let ranges = count(cursor, 2); ranges > 0; ranges--) {
      const clock = uint(cursor);
      const length = uint(cursor);
      if (length < 1 || clock + length > guardBounds.clock)
        throw new Refusal('deletion', `a deletion of ${length} items from ${clock} on`);
      deletes.push({ client, clock, length });
    }
  }
  return deletes;
}

/**
 * Reads an update of format v1 as Yjs does, but strictly: nothing is made for what is only announced, nothing may
 * follow, and what no log document holds is refused. Throws `Refusal`.
 */
export function readUpdate(
  update: Uint8Array,
  most: { readonly bytes: number; readonly structs: number },
  progress: { structs: number } = { structs: 0 },
): ReadUpdate {
  if (update.length > most.bytes) throw new Refusal('too_large', `it is ${update.length} bytes`);
  const cursor: Cursor = { bytes: update, at: 0 };
  const structs = new Map<number, Struct[]>();
  const blocks: Blocks = { structs, again: new Set() };
  for (let more = count(cursor, 3); more > 0; more--)
    progress.structs += readBlock(cursor, blocks, most.structs - progress.structs);
  joinBlocks(blocks);
  const deletes = readDeletes(cursor);
  if (left(cursor) > 0) throw new Refusal('malformed', `${left(cursor)} bytes follow its end`);
  return { structs, count: progress.structs, deletes };
}
