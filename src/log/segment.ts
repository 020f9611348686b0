import { limits } from '../../schemas/index.ts';

/** True when the next operation of a log belongs in a new segment. `bytes` may be an estimate. */
export const shouldRoll = (segment: { readonly operations: number; readonly bytes: number }): boolean =>
  segment.operations >= limits.segmentOperations || segment.bytes >= limits.segmentBytes;

/** No honest log comes this far; nothing is written or taken beyond it. */
export const mostSegments = 10_000_000;
