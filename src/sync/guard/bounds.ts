import { limits, muxProtocol } from '../../../schemas/index.ts';

/** Bounds of protocol 1 on what is read at all. Each is far above what an honest document comes to. */
export const guardBounds = {
  /** An update that is judged in one piece, bytes; a larger one is sliced first. */
  updateBytes: muxProtocol.updateBytes,
  /** Structs in such an update. A slice has half as many at most. */
  structs: 8192,
  /** Structs in an update that is to be sliced, and in parked parts that are put together again. */
  sliceStructs: 262_144,
  /** One encoded entry, bytes: numbers take more room than in JSON, and only a header holds numbers. */
  valueBytes: limits.entryBytes + 4 * limits.headerBytes,
  /** Nesting of an encoded value; strict JSON has 32 levels. */
  valueDepth: 40,
  /** Items that one client writes in sequence, each following the one before: what becomes a run of deleted ones. */
  runLength: 1024,
  /** Numbers of one client's items in one document. */
  clock: 2 ** 31 - 1,
} as const;
