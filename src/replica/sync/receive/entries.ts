import type { Hash } from '../../../../schemas/index.ts';
import { type Crypto, readEntry } from '../../../op/index.ts';
import type { CheckedEntry } from '../../../sync/guard/index.ts';
import type { Breathing } from '../../commit/breathing.ts';

interface ReadingOptions {
  readonly crypto: Pick<Crypto, 'sha256'>;
  readonly workspace: Hash;
  readonly breathing: Breathing;
}

function read(
  { crypto, workspace }: ReadingOptions,
  log: string,
  key: Hash,
  text: string,
): CheckedEntry | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'an entry that is not JSON';
  }
  const found = readEntry(crypto, value, key);
  if (!found.ok) return found.message;
  const { header } = found.entry;
  if (header.log !== log) return `${found.hash} is of the log ${header.log}`;
  if ((header.workspace === '' ? found.hash : header.workspace) !== workspace)
    return `${found.hash} is of another workspace`;
  return found;
}

/**
 * Entries of a log as JSON text, read and checked, in the order of their stamps and in parts of about so many bytes.
 * A text says what is wrong with one: then none is to be taken.
 */
export async function entriesInParts(
  options: ReadingOptions,
  log: string,
  entries: readonly (readonly [key: Hash, entry: string])[],
  bytes: number,
): Promise<CheckedEntry[][] | string> {
  const all: { readonly found: CheckedEntry; readonly length: number }[] = [];
  for (const [key, text] of new Map(entries)) {
    const found = read(options, log, key, text);
    if (typeof found === 'string') return found;
    all.push({ found, length: text.length });
    await options.breathing.pause();
  }
  all.sort((a, b) => (a.found.entry.header.stamp < b.found.entry.header.stamp ? -1 : 1));
  const parts: CheckedEntry[][] = [];
  let left = 0;
  for (const { found, length } of all) {
    if (left <= 0) {
      parts.push([]);
      left = bytes;
    }
    parts.at(-1)?.push(found);
    left -= length;
  }
  return parts;
}
