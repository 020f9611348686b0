import type { Hash } from '../../schemas/index.ts';
import { own, recordOf } from './data.ts';

/** A run of `seq`, both ends inclusive. */
export type Run = readonly [from: number, to: number];

type Table<T> = Readonly<Record<string, Readonly<Record<Hash, T>>>>;

/**
 * How far a member has read, in the shape of the data of `mark.set`. `vector`: log -> replica -> the `seq` with no
 * hole below it. `acks`: what was acknowledged singly beyond it, as runs that are sorted, apart and never touch the
 * vector. `forked`: operations beyond a fork, by hash, sorted. `items`: inbox items, likewise. Nothing empty and no zero is kept, so two marks that
 * cover the same are deeply equal.
 */
export interface Mark {
  readonly vector: Table<number>;
  readonly acks: Table<readonly Run[]>;
  readonly forked: readonly Hash[];
  /** Inbox items that no operation of another stands for, by id, sorted; absent when there are none. */
  readonly items?: readonly Hash[];
}

export const emptyMark: Mark = { vector: {}, acks: {}, forked: [] };

/** What covers one replica's chain in one log. */
interface Cover {
  readonly upTo: number;
  readonly runs: readonly Run[];
}

const coverOf = (mark: Mark, log: string, replica: Hash): Cover => ({
  upTo: own(own(mark.vector, log) ?? {}, replica) ?? 0,
  runs: own(own(mark.acks, log) ?? {}, replica) ?? [],
});

/** Sorts runs, joins those that touch, and lets the vector absorb what follows it without a hole. */
function normal(upTo: number, runs: readonly Run[]): Cover {
  const sorted = [...runs].sort((a, b) => a[0] - b[0]);
  const apart: Run[] = [];
  let vector = upTo;
  for (const [from, to] of sorted) {
    if (to < from || to <= vector) continue;
    const last = apart.at(-1);
    if (from <= vector + 1) vector = to;
    else if (last !== undefined && from <= last[1] + 1)
      apart[apart.length - 1] = [last[0], Math.max(last[1], to)];
    else apart.push([from, to]);
  }
  return { upTo: vector, runs: apart };
}

/** One cell of a table set, or taken away with its row when nothing is left of it. */
function put<T>(table: Table<T>, log: string, replica: Hash, value: T | undefined): Table<T> {
  const { [replica]: _, ...others } = own(table, log) ?? {};
  const row = value === undefined ? others : { ...others, [replica]: value };
  const { [log]: __, ...logs } = table;
  return Object.keys(row).length === 0 ? logs : { ...logs, [log]: row };
}

const withCover = (mark: Mark, log: string, replica: Hash, { upTo, runs }: Cover): Mark => ({
  ...mark,
  vector: put(mark.vector, log, replica, upTo > 0 ? upTo : undefined),
  acks: put(mark.acks, log, replica, runs.length > 0 ? runs : undefined),
});

/** True when the mark covers this operation: it lies under the vector or in a run. */
export function covers(mark: Mark, log: string, replica: Hash, seq: number): boolean {
  const { upTo, runs } = coverOf(mark, log, replica);
  return seq <= upTo || runs.some(([from, to]) => from <= seq && seq <= to);
}

/** True when an operation beyond a fork was acknowledged. */
export const coversForked = (mark: Mark, hash: Hash): boolean => mark.forked.includes(hash);

/** Acknowledges one operation. */
export const acknowledge = (mark: Mark, log: string, replica: Hash, seq: number): Mark =>
  acknowledgeRun(mark, log, replica, seq, seq);

/** Acknowledges a range, both ends inclusive. */
export function acknowledgeRun(mark: Mark, log: string, replica: Hash, from: number, to: number): Mark {
  const { upTo, runs } = coverOf(mark, log, replica);
  return withCover(mark, log, replica, normal(upTo, [...runs, [from, to]]));
}

/** Acknowledges an operation beyond a fork, where `seq` no longer tells one from another. */
export const acknowledgeForked = (mark: Mark, hash: Hash): Mark =>
  mark.forked.includes(hash) ? mark : { ...mark, forked: [...mark.forked, hash].sort() };

/** True when an inbox item was acknowledged by its id. */
export const coversItem = (mark: Mark, id: Hash): boolean => mark.items?.includes(id) ?? false;

/** Acknowledges inbox items by id. */
export const acknowledgeItems = (mark: Mark, ids: readonly Hash[]): Mark => ({
  ...mark,
  ...itemsOf([...(mark.items ?? []), ...ids]),
});

const itemsOf = (ids: readonly Hash[]): { items?: readonly Hash[] } =>
  ids.length > 0 ? { items: [...new Set(ids)].sort() } : {};

/** What either covers: maximum of the vectors, union of the runs. Commutative, associative, idempotent. */
export function mergeMarks(a: Mark, b: Mark): Mark {
  const vector: Record<string, Record<Hash, number>> = {};
  const acks: Record<string, Record<Hash, readonly Run[]>> = {};
  for (const [log, replica] of chainsOf(a, b)) {
    const one = coverOf(a, log, replica);
    const two = coverOf(b, log, replica);
    const { upTo, runs } = normal(Math.max(one.upTo, two.upTo), [...one.runs, ...two.runs]);
    if (upTo > 0) vector[log] = { ...own(vector, log), [replica]: upTo };
    if (runs.length > 0) acks[log] = { ...own(acks, log), [replica]: runs };
  }
  return {
    vector,
    acks,
    forked: [...new Set([...a.forked, ...b.forked])].sort(),
    ...itemsOf([...(a.items ?? []), ...(b.items ?? [])]),
  };
}

/** Every (log, replica) that the marks speak of, once. */
function chainsOf(...marks: readonly Mark[]): (readonly [log: string, replica: Hash])[] {
  const chains = new Map<string, readonly [string, Hash]>();
  for (const mark of marks)
    for (const table of [mark.vector, mark.acks])
      for (const [log, row] of Object.entries(table))
        for (const replica of Object.keys(row)) chains.set(`${log} ${replica}`, [log, replica]);
  return [...chains.values()];
}

/** A chain as it stands here: operations 1 to `last`. */
export interface Chain {
  readonly log: string;
  readonly replica: Hash;
  readonly last: number;
}

/**
 * Lets the vector take in what needs no acknowledgement. From the end of each vector on it goes over operations that
 * are `free` (the member's own, imported, rejected, membership, join) or acknowledged, and stops at the first other.
 */
export function absorb(
  mark: Mark,
  chains: Iterable<Chain>,
  free: (log: string, replica: Hash, seq: number) => boolean,
): Mark {
  let absorbed = mark;
  for (const { log, replica, last } of chains) {
    let cover = coverOf(absorbed, log, replica);
    const before = cover.upTo;
    while (cover.upTo < last && free(log, replica, cover.upTo + 1))
      cover = normal(cover.upTo + 1, cover.runs);
    if (cover.upTo > before) absorbed = withCover(absorbed, log, replica, cover);
  }
  return absorbed;
}

/**
 * What of `now` is not in `before`: the data of a mark that is not whole. Merging it into anything that has `before`
 * gives `now`. Both are states of one member's mark, so `now` covers all that `before` does.
 */
export function changesOf(before: Mark, now: Mark): Mark {
  const known = new Set([...before.forked, ...(before.items ?? [])]);
  let changes: Mark = {
    ...emptyMark,
    forked: now.forked.filter((hash) => !known.has(hash)),
    ...itemsOf((now.items ?? []).filter((id) => !known.has(id))),
  };
  for (const [log, replica] of chainsOf(now)) {
    const old = coverOf(before, log, replica);
    const { upTo, runs } = coverOf(now, log, replica);
    const fresh = runs.filter(([from, to]) => !old.runs.some((run) => run[0] <= from && to <= run[1]));
    const advanced = upTo > old.upTo ? upTo : 0;
    if (advanced > 0 || fresh.length > 0)
      changes = withCover(changes, log, replica, { upTo: advanced, runs: fresh });
  }
  return changes;
}

/** The mark in the data of a `mark.set`, in normal form. What has another shape reads as nothing. */
export function markOf(data: Readonly<Record<string, unknown>>): Mark {
  let mark: Mark = emptyMark;
  const vector = recordOf(data, 'vector') ?? {};
  const acks = recordOf(data, 'acks') ?? {};
  for (const log of new Set([...Object.keys(vector), ...Object.keys(acks)])) {
    const tops = recordOf(vector, log) ?? {};
    const rows = recordOf(acks, log) ?? {};
    for (const replica of new Set([...Object.keys(tops), ...Object.keys(rows)])) {
      const upTo = own(tops, replica);
      const runs = own(rows, replica);
      mark = withCover(
        mark,
        log,
        replica,
        normal(typeof upTo === 'number' ? upTo : 0, Array.isArray(runs) ? runs.filter(isRun) : []),
      );
    }
  }
  return {
    ...mark,
    forked: [...new Set(hashesIn(data, 'forked'))].sort(),
    ...itemsOf(hashesIn(data, 'items')),
  };
}

function hashesIn(data: Readonly<Record<string, unknown>>, field: string): Hash[] {
  const list = own(data, field);
  return Array.isArray(list) ? list.filter((hash) => typeof hash === 'string') : [];
}

const isRun = (value: unknown): value is Run =>
  Array.isArray(value) && value.length === 2 && value.every((end) => typeof end === 'number');
