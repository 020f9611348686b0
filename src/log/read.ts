import type { Hash } from '../../schemas/index.ts';
import { type Crypto, type ReadEntry, readEntry } from '../op/index.ts';
import { segmentDigest } from './digest.ts';

/** What is read of a `Y.Map`, of any version of Yjs. */
export interface OpsMap {
  entries(): IterableIterator<[string, unknown]>;
}

/** Reads every value of a log document's `ops` map, of any `Y.Doc`: each under its key, checked as `readEntry` does. */
export function* readLog(
  crypto: Pick<Crypto, 'sha256'>,
  ops: OpsMap,
): IterableIterator<[key: string, read: ReadEntry]> {
  for (const [key, value] of ops.entries()) yield [key, readEntry(crypto, value, key)];
}

const hasBody = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && (value as { body?: unknown }).body !== undefined;

/** The digest of what stands in a log document's `ops` map. It takes keys at their word: check entries with `readLog`. */
export function digestOf(crypto: Pick<Crypto, 'sha256'>, ops: OpsMap): Hash {
  const keys: [Hash, boolean][] = [];
  for (const [key, value] of ops.entries()) keys.push([key, hasBody(value)]);
  return segmentDigest(crypto, keys);
}
