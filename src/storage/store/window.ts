import { StorageError } from '../port.ts';
import { crc32 } from './crc32.ts';
import { frame, readUint32, unframe } from './frame.ts';
import type { HeadFound } from './head.ts';

/**
 * Commit rows: every batch writes one under its number and deletes the one `WINDOW` before it, so an intact store
 * holds exactly the rows of its last `WINDOW` commits. The engine silently drops damaged records of its log, and a
 * dropped batch always shows: its own row is missing, and the row that it would have deleted stays behind. So a
 * short window convicts, however many batches were dropped.
 */
export const WINDOW = 4096;

const PREFIX = '\u0000c';
/** The range of commit rows. */
export const WINDOW_RANGE = { gte: PREFIX, lt: '\u0000d' } as const;

/** Key of a commit row. */
export function commitKey(commit: number): string {
  return PREFIX + commit.toString().padStart(14, '0');
}

/** A commit row as it is stored. */
export function commitRow(commit: number, checksum: number): Uint8Array {
  const value = Buffer.allocUnsafe(4);
  value.writeUInt32LE(checksum, 0);
  return frame(commitKey(commit), value);
}

/** The batch checksum in a stored commit row. Throws `storage_corrupt`. */
export function rowChecksum(commit: number, framed: Uint8Array): number {
  return readUint32(unframe(commitKey(commit), framed));
}

/** What is missing from a store, found at opening. */
export interface Loss {
  /** Ranges of commit numbers that are gone, inclusive, ascending. Bounded; `more` says that there are others. */
  readonly missing: readonly (readonly [from: number, to: number])[];
  readonly more: boolean;
  /** One sentence for each thing found. */
  readonly reasons: readonly string[];
  /** True when only commits are gone that had been left to the operating system before it restarted. */
  readonly expected: boolean;
}

/** What opening found out: the last commit and what is wrong. */
export interface WindowFound {
  readonly last: number;
  readonly checksum: number;
  readonly loss: Loss | undefined;
}

const MOST_RANGES = 20;

function numberOf(key: string): number {
  return Number(key.slice(PREFIX.length));
}

/** Checksums by commit number, ascending; a damaged row is a reason and still counts as there. */
function readSums(rows: readonly (readonly [string, Uint8Array])[], reasons: string[]): Map<number, number> {
  const sums = new Map<number, number>();
  for (const [key, framed] of rows) {
    const commit = numberOf(key);
    try {
      sums.set(commit, rowChecksum(commit, framed));
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      reasons.push(`the row of commit ${commit} is damaged`);
      sums.set(commit, 0);
    }
  }
  return sums;
}

/** Commits that the rows show to be missing: holes, and those that would have deleted a row left behind. */
function findHoles(numbers: Iterable<number>, last: number): [number, number][] {
  const missing: [number, number][] = [];
  let previous = Math.max(0, last - WINDOW);
  for (const commit of numbers) {
    if (commit <= last - WINDOW) {
      missing.push([commit + WINDOW, commit + WINDOW]);
      continue;
    }
    if (commit > previous + 1) missing.push([previous + 1, commit - 1]);
    previous = commit;
  }
  return merge(missing);
}

/** What HEAD says against the rows: a reason, if it says anything. */
function judgeHead(
  head: HeadFound | undefined,
  last: number,
  sums: ReadonlyMap<number, number>,
): string | undefined {
  if (head === undefined)
    return last > 0 ? 'the file HEAD is missing, so nothing witnesses the end' : undefined;
  const { witness } = head;
  if (witness === undefined) return 'the file HEAD is damaged, so nothing witnesses the end';
  if (witness.commit > last) {
    return `commits ${last + 1} to ${witness.commit} are missing: HEAD says that ${witness.commit} was the last`;
  }
  const stored = sums.get(witness.commit);
  if (stored !== undefined && stored !== witness.checksum) {
    return `commit ${witness.commit} is not the one that HEAD witnessed`;
  }
  return undefined;
}

/** Checks the stored commit rows and HEAD against each other. `boot` is the hash of this boot, 0 if unknown. */
export function judgeWindow(
  rows: readonly (readonly [string, Uint8Array])[],
  head: HeadFound | undefined,
  boot: number,
): WindowFound {
  const reasons: string[] = [];
  const sums = readSums(rows, reasons);
  const last = [...sums.keys()].at(-1) ?? 0;
  const missing = findHoles(sums.keys(), last);
  for (const [from, to] of missing.slice(0, MOST_RANGES)) {
    reasons.push(from === to ? `commit ${from} is missing` : `commits ${from} to ${to} are missing`);
  }
  const sound = reasons.length === 0;
  const trouble = judgeHead(head, last, sums);
  if (trouble !== undefined) reasons.push(trouble);
  const witness = head?.witness;
  const behind = witness !== undefined && witness.commit > last;
  if (behind) missing.push([last + 1, witness.commit]);
  // Commits left to the operating system may go with it; those of the same boot may not.
  const expected = sound && behind && !witness.synced && (boot === 0 || witness.boot !== boot);
  const loss =
    reasons.length === 0
      ? undefined
      : { missing: missing.slice(0, MOST_RANGES), more: missing.length > MOST_RANGES, reasons, expected };
  return { last, checksum: sums.get(last) ?? 0, loss };
}

/** Sorts ranges and joins those that touch or overlap. */
function merge(ranges: readonly (readonly [number, number])[]): [number, number][] {
  const merged: [number, number][] = [];
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const open = merged.at(-1);
    if (open !== undefined && from <= open[1] + 1) open[1] = Math.max(open[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** The error that a store with losses opens with, unless it is asked to salvage. */
export function lossError(directory: string, loss: Loss): StorageError {
  const more = loss.more ? ', and more' : '';
  return new StorageError(
    'storage_corrupt',
    `The store in ${directory} lost committed data: ${loss.reasons.join('; ')}${more}. ` +
      'See: coterie doctor',
  );
}

/** CRC-32 of a boot id, 0 when it is unknown. */
export function bootSum(id: string | undefined): number {
  return id === undefined ? 0 : crc32(id);
}
