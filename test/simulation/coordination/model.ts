import type { Hash } from '../../../schemas/index.ts';
import { nodeCrypto } from '../../../src/keys/node.ts';
import { awaitedHandle } from '../../../src/op/index.ts';
import type { OperationRow } from '../../../src/replica/commit/rows.ts';
import type { Surface } from '../../../src/replica/surface.ts';
import type { Station } from '../station.ts';

/** Members that come later, wherever they first speak. */
export const comers = ['dee', 'eli'];

/** What an answer showed, and what its receipt is to cover. */
export interface Shown {
  readonly station: string;
  readonly handle: string;
  readonly receipt: string;
  /** Operations, and items that are acknowledged by themselves (`ownItem`). */
  readonly covers: readonly string[];
}

/** What a member acknowledged, as it is told by the answers that it saw: nothing of it is read from a mark. */
export interface Read {
  /** Operations and items of their own that were shown or counted, and acknowledged. */
  readonly acknowledged: Set<string>;
  /** Of those what was acknowledged at a station, which so knows of it at once. */
  readonly at: Map<string, Set<string>>;
  /** What was there before it was a member, and what a lost disk may have known of: either is right. */
  readonly unsure: Set<string>;
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
  readonly made: { readonly station: string; readonly handle: string; readonly covered: string }[];
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
  const read: Read = { acknowledged: new Set(), at: new Map(), unsure: new Set() };
  readers.set(handle, read);
  return read;
}

/** What was acknowledged at a station, as far as it knows. */
export function knownAt({ at }: Read, station: string): Set<string> {
  const known = at.get(station) ?? new Set();
  at.set(station, known);
  return known;
}

/** Notes what was acknowledged. */
export function acknowledged(model: Model, { station, handle, covers }: Omit<Shown, 'receipt'>): void {
  const read = readerOf(model, handle);
  for (const covered of covers) {
    read.acknowledged.add(covered);
    knownAt(read, station).add(covered);
    model.made.push({ station, handle, covered });
  }
}

/** A station is as it was when so much had been acknowledged anywhere: of what came since it may know or not. */
export function restoredTo(model: Model, name: string, made: number): void {
  for (const { station, handle, covered } of model.made.slice(made))
    if (station === name) {
      readerOf(model, handle).unsure.add(covered);
      knownAt(readerOf(model, handle), name).delete(covered);
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
  /** Grants of an earlier arbiter that a forced move cut. */
  beyond: number;
  dropped: number;
  mentions: number;
  direct: number;
  /** Mentions that waited for who bears their handle, and such items that were acknowledged. */
  awaited: number;
  closed: number;
}

export const emptyTally = (): Tally => ({
  ...{ acknowledged: 0, refused: {}, catchUps: 0, cut: 0, counted: 0, receipts: 0, grants: 0, terms: 0 },
  ...{ moves: 0, expired: 0, lost: 0, restored: 0, copied: 0, restarts: 0, partitions: 0, byKey: 0 },
  ...{ rejected: 0, beyond: 0, dropped: 0, mentions: 0, direct: 0, awaited: 0, closed: 0 },
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

/** Whom it names by a handle that nobody bore when it was written (MSG-3) has an item by itself, not of its operation. */
export const ownItem = (hash: Hash): string => `item of ${hash}`;

/** A member, as what is written names it. */
export interface Named {
  readonly id: string;
  readonly handle: string;
}

export type Call = 'direct' | 'mention' | 'awaited';

/** How an operation calls a member: by addressing it, by its id, or by its handle before anybody bore that. */
export function callOf({ header }: Pick<OperationRow, 'header'>, { id, handle }: Named): Call | undefined {
  if (header.type !== 'message.create' && header.type !== 'comment.create') return undefined;
  const { to = [], mentions = [], awaited = [] } = header.data as Record<string, string[] | undefined>;
  if (header.member === id) return undefined;
  if (to.includes(id)) return 'direct';
  if (mentions.includes(id)) return 'mention';
  return awaited.includes(awaitedHandle(nodeCrypto, header.workspace, handle)) ? 'awaited' : undefined;
}
