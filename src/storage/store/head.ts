import { crc32 } from 'node:zlib';
import type { Files, PlacedFile } from '../files.ts';

/** What HEAD witnesses: this commit was durable, in the sense of the durability it was made with. */
export interface Witness {
  readonly commit: number;
  readonly checksum: number;
  /** False when the commit was left to the operating system: a power cut may have taken it back. */
  readonly synced: boolean;
  /** CRC-32 of the boot id at writing, 0 when unknown. */
  readonly boot: number;
}

/** What was found in a HEAD file. `damaged` counts slots that do not read; both damaged is a lost witness. */
export interface HeadFound {
  readonly witness: Witness | undefined;
  readonly damaged: number;
}

/** An open HEAD file. */
export interface Head {
  readonly found: HeadFound;
  /** Records a commit in the slot that does not hold the newest. Throws the file system's error. */
  write(witness: Witness): void;
  /** Makes the record survive a power cut. Not needed for safety: a HEAD that lags behind is harmless. */
  sync(): void;
  close(): void;
}

const MAGIC = 0x43_4f_54_48;
const SLOT_BYTES = 32;
// Each slot has a sector of its own, so that a torn write of one never reaches the other.
const SLOTS = [0, 4096] as const;
const FILE_BYTES = 4096 + SLOT_BYTES;

function encode(witness: Witness): Buffer {
  const slot = Buffer.alloc(SLOT_BYTES);
  slot.writeUInt32LE(MAGIC, 0);
  slot.writeUIntLE(witness.commit, 4, 6);
  slot.writeUInt32LE(witness.checksum, 10);
  slot.writeUInt8(witness.synced ? 1 : 0, 14);
  slot.writeUInt32LE(witness.boot, 15);
  slot.writeUInt32LE(crc32(slot.subarray(0, SLOT_BYTES - 4)), SLOT_BYTES - 4);
  return slot;
}

function decode(bytes: Uint8Array): Witness | undefined {
  if (bytes.length < SLOT_BYTES) return undefined;
  const slot = Buffer.from(bytes.buffer, bytes.byteOffset, SLOT_BYTES);
  if (slot.readUInt32LE(0) !== MAGIC) return undefined;
  if (slot.readUInt32LE(SLOT_BYTES - 4) !== crc32(slot.subarray(0, SLOT_BYTES - 4))) return undefined;
  return {
    commit: slot.readUIntLE(4, 6),
    checksum: slot.readUInt32LE(10),
    synced: slot.readUInt8(14) === 1,
    boot: slot.readUInt32LE(15),
  };
}

/** Makes the HEAD file of a new store: both slots say that nothing was committed. Synced with its directory. */
export function createHead(files: Files, path: string, directory: string): void {
  const bytes = Buffer.alloc(FILE_BYTES);
  const nothing = encode({ commit: 0, checksum: 0, synced: true, boot: 0 });
  for (const at of SLOTS) bytes.set(nothing, at);
  files.replace(path, bytes, 0o600);
  files.syncDirectory(directory);
}

/** Reads a HEAD file without keeping it open. `undefined` when there is none. */
export function readHead(files: Files, path: string): HeadFound | undefined {
  const bytes = files.read(path);
  if (bytes === undefined) return undefined;
  return judge(SLOTS.map((at) => decode(bytes.subarray(at, at + SLOT_BYTES))));
}

function judge(slots: readonly (Witness | undefined)[]): HeadFound {
  let witness: Witness | undefined;
  let damaged = 0;
  for (const slot of slots) {
    if (slot === undefined) damaged += 1;
    else if (witness === undefined || slot.commit > witness.commit) witness = slot;
  }
  return { witness, damaged };
}

/** Opens an existing HEAD file for the life of a store. */
export function openHead(files: Files, path: string): Head {
  const file: PlacedFile = files.open(path, 0o600);
  const slots = SLOTS.map((at) => decode(file.read(SLOT_BYTES, at)));
  const found = judge(slots);
  let next = slots[0] !== undefined && slots[0] === found.witness ? 1 : 0;
  return {
    found,
    write(witness) {
      file.write(encode(witness), SLOTS[next] ?? 0);
      next = 1 - next;
    },
    sync: () => file.sync(),
    close: () => file.close(),
  };
}
