import { createDecoder, readAny } from 'lib0/decoding';
import type { Hash } from '../../../schemas/index.ts';
import { type Crypto, readEntry } from '../../op/index.ts';
import { type CheckedEntry, Refusal, type Struct } from './types.ts';
import { encodeValue } from './update/write.ts';

/** The log, and the workspace where it is known, that a document is of. */
export interface Home {
  readonly log: string;
  readonly workspace?: Hash | undefined;
}

export interface CheckedValue {
  readonly checked: CheckedEntry;
  /** The entry encoded anew: nothing stands in it that was not looked at. */
  readonly bytes: Uint8Array;
}

function decode(value: Uint8Array): unknown {
  try {
    return readAny(createDecoder(value));
  } catch (error) {
    throw new Refusal('malformed', error instanceof Error ? error.message : 'a value that can not be read');
  }
}

/** Reads the value of a struct as an entry of the log. What it means, and whether it counts, is judged elsewhere. */
export function checkValue(
  crypto: Pick<Crypto, 'sha256'>,
  { key, value = new Uint8Array() }: Struct,
  home: Home,
): CheckedValue {
  const read = readEntry(crypto, decode(value));
  if (!read.ok) throw new Refusal('entry', read.message);
  const { entry, hash, signedBytes } = read;
  if (key !== undefined && key !== read.key) throw new Refusal('key', `${read.key} stands under ${key}`);
  const { log, workspace } = entry.header;
  if (log !== home.log) throw new Refusal('log', `${hash} is of the log ${log}`);
  // A genesis is its workspace.
  if (home.workspace !== undefined && (workspace === '' ? hash : workspace) !== home.workspace)
    throw new Refusal('workspace', `${hash} is of another workspace`);
  return { checked: { key: read.key, hash, entry, signedBytes }, bytes: encodeValue(entry) };
}
