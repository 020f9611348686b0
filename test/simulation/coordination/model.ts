import type { Hash } from '../../../schemas/index.ts';
import type { OperationRow } from '../../../src/replica/commit/rows.ts';
import type { Surface } from '../../../src/replica/surface.ts';
import type { Station } from '../station.ts';

/** What an answer showed, and what its receipt is to cover. */
export interface Shown {
  readonly station: string;
  readonly handle: string;
  readonly receipt: string;
  readonly operations: readonly Hash[];
  /** Operations whose own items it may take off: those that wait for a handle. */
  readonly closed: readonly Hash[];
}

/** What a member acknowledged, as it is told by the answers that it saw: nothing of it is read from a mark. */
export interface Read {
  /** Operations that were shown or counted, and acknowledged. */
  readonly acknowledged: Set<Hash>;
  /** What was there before it was a member, and what a lost disk may have known of: either is right. */
  readonly unsure: Set<Hash>;
  /** Operations that waited for its handle (MSG-3) and whose items it may have acknowledged. */
  readonly closed: Set<Hash>;
}

export interface Model {
  /** By handle. */
  readonly readers: Map<string, Read>;
  /** Ids of members by handle. */
  readonly ids: Map<string, string>;
  readonly receipts: Shown[];
  readonly tasks: Set<string>;
  readonly messages: Set<string>;
  readonly reservations: Set<string>;
  /** Replicas that may not be the arbiter: their directories were copied. */
  readonly copied: Set<string>;
  /** Acknowledgements at one station, in order: what a backup of before does not know. */
  readonly made: { readonly station: string; readonly handle: string; readonly operation: Hash }[];
}

export const emptyModel = (): Model => ({
  readers: new Map(),
  ids: new Map(),
  receipts: [],
  tasks: new Set(),
  messages: new Set(),
  reservations: new Set(),
  copied: new Set(),
  made: [],
});

export function readerOf({ readers }: Model, handle: string): Read {
  const known = readers.get(handle);
  if (known) return known;
  const read: Read = { acknowledged: new Set(), unsure: new Set(), closed: new Set() };
  readers.set(handle, read);
  return read;
}

/** Notes what was acknowledged. */
export function acknowledged(
  model: Model,
  { station, handle, operations, closed }: Omit<Shown, 'receipt'>,
): void {
  const read = readerOf(model, handle);
  for (const hash of closed) read.closed.add(hash);
  for (const operation of operations) {
    read.acknowledged.add(operation);
    model.made.push({ station, handle, operation });
  }
}

/** How often things came about in a run. */
export interface Tally {
  acknowledged: number;
  refused: Record<string, number>;
  catchUps: number;
  cut: number;
  counted: number;
  receipts: number;
  grants: number;
  terms: number;
  moves: number;
  expired: number;
  lost: number;
  restored: number;
  copied: number;
  restarts: number;
  partitions: number;
  byKey: number;
  rejected: number;
  dropped: number;
  mentions: number;
}

export const emptyTally = (): Tally => ({
  ...{ acknowledged: 0, refused: {}, catchUps: 0, cut: 0, counted: 0, receipts: 0, grants: 0, terms: 0 },
  ...{ moves: 0, expired: 0, lost: 0, restored: 0, copied: 0, restarts: 0, partitions: 0, byKey: 0 },
  ...{ rejected: 0, dropped: 0, mentions: 0 },
});

/** One step of a member at one replica. */
export interface Turn {
  readonly station: Station;
  readonly handle: string;
  readonly verbs: Surface;
  readonly draw: (below: number) => number;
  readonly model: Model;
  readonly tally: Tally;
  /** Goes on by itself; what it ends with is looked at when the run is over. */
  readonly background: (work: Promise<unknown>) => void;
}

export const pick = <T>(draw: (below: number) => number, from: Iterable<T>): T | undefined => {
  const all = [...from];
  return all[draw(all.length || 1)];
};

/** Something that others are told of: what a member can have pending. */
export const isNews = ({ header, state }: OperationRow): boolean =>
  state === undefined &&
  header.imported === undefined &&
  header.log !== 'members' &&
  !header.log.startsWith('marks.') &&
  header.type !== 'join';

/** Every operation that a station holds, by hash. */
export async function operationsAt(station: Station): Promise<Map<Hash, OperationRow>> {
  const rows = await station.rows<OperationRow>('op/');
  return new Map(rows.map(([key, row]): [Hash, OperationRow] => [key.slice('op/'.length), row]));
}

/** It names the member by a handle that nobody bore when it was written: an item of its own, not of its operation. */
export const isAwaited = ({ header }: Pick<OperationRow, 'header'>, member: string): boolean => {
  const { mentions = [], awaited = [] } = header.data as { mentions?: string[]; awaited?: string[] };
  return awaited.length > 0 && !mentions.includes(member);
};
