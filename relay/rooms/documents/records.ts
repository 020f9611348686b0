import { StorageError, type Store, type Write } from '../../../src/storage/port.ts';

/**
 * How an open room lies in a store: `state/<room>`, a number and the whole document up to that record, and
 * `update/<room>/<number>`, merged updates since. Numbers are contiguous.
 */
export interface RoomRecords {
  /** The state, then the updates after it, in order. */
  readonly updates: readonly Uint8Array[];
  readonly stateBytes: number;
  /** Bytes and number of the records after the state. */
  readonly recordBytes: number;
  readonly first: number;
  readonly last: number;
}

/** A name as one part of a key: without a slash. */
const part = (room: string): string => encodeURIComponent(room);
const digits = 14;

const stateKey = (room: string): string => `state/${part(room)}`;
const recordKey = (room: string, n: number): string =>
  `update/${part(room)}/${n.toString().padStart(digits, '0')}`;

/** One more record. */
export const recordWrite = (room: string, n: number, update: Uint8Array): Write => [
  recordKey(room, n),
  update,
];

/** The state up to a record, in place of all records up to there. */
export function stateWrites(room: string, state: Uint8Array, first: number, last: number): Write[] {
  const row = new Uint8Array(8 + state.length);
  new DataView(row.buffer).setFloat64(0, last);
  row.set(state, 8);
  const writes: Write[] = [[stateKey(room), row]];
  for (let n = first; n <= last; n += 1) writes.push([recordKey(room, n), undefined]);
  return writes;
}

/** Reads a room whole. Rejects with `storage_corrupt` when a record is missing or damaged. */
export async function readRecords(store: Store, room: string): Promise<RoomRecords> {
  // An absent row would be an empty document: it is confirmed.
  const row = await store.getConfirmed(stateKey(room));
  const upTo = row === undefined ? 0 : new DataView(row.buffer, row.byteOffset, row.length).getFloat64(0);
  const state = row === undefined ? [] : [row.slice(8)];
  const gte = recordKey(room, upTo + 1);
  const rows = await store.list({ gte, lt: `update/${part(room)}0` });
  let recordBytes = 0;
  rows.forEach(([key, value], at) => {
    if (key !== recordKey(room, upTo + 1 + at))
      throw new StorageError('storage_corrupt', `A record of the room ${room} is missing.`);
    recordBytes += value.length;
  });
  return {
    // Yjs reads beyond views: each in memory of its own.
    updates: [...state, ...rows.map(([, value]) => new Uint8Array(value))],
    stateBytes: state[0]?.length ?? 0,
    recordBytes,
    first: upTo + 1,
    last: upTo + rows.length,
  };
}
