// Judges updates of log documents before anything is done with them. Rules: docs/spec/guard.md.
export { guardBounds } from './bounds.ts';
export { type GuardOptions, judgeInSteps, judgeUpdate } from './guard.ts';
export { createParking, type Parking, parkingBounds } from './parking/parking.ts';
export { sliceUpdate } from './slice.ts';
export type {
  CheckedEntry,
  Judgement,
  RefusalReason,
  Refused,
  Taken,
} from './types.ts';
