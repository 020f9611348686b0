import { decodeFromRelay, encodeToClient, type ToClient } from '../../../src/seal/wire.ts';
import type { Meddle } from './support.ts';

/** A relay that changes what it says: of each message what is said instead, or as it was for undefined. */
export function tampering(change: (message: ToClient) => readonly ToClient[] | undefined): Meddle {
  return (frame, way) => {
    if (way === 'up') return [frame];
    const decoded = decodeFromRelay(frame);
    if (decoded.kind !== 'message') return [frame];
    return change(decoded.message)?.map((message) => encodeToClient(message)) ?? [frame];
  };
}

/** Does it to the first message for which it comes to something. */
export function once(change: (message: ToClient) => readonly ToClient[] | undefined): Meddle {
  let done = false;
  return tampering((message) => {
    const changed = done ? undefined : change(message);
    done ||= changed !== undefined;
    return changed;
  });
}

/** Changes the list of records of an answer that has enough of them. */
export const ofRecords =
  (least: number, change: (records: Uint8Array[]) => Uint8Array[]) =>
  (message: ToClient): readonly ToClient[] | undefined =>
    message.type === 'records' && message.records.length >= least
      ? [{ ...message, records: change(message.records.map((record) => record.slice())) }]
      : undefined;
