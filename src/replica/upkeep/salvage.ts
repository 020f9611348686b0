import { join } from 'node:path';
import type { Hash } from '../../../schemas/index.ts';
import { nodeCrypto } from '../../keys/node.ts';
import { entryKey, readEntry } from '../../op/index.ts';
import type { Files } from '../../storage/files.ts';
import type { Write } from '../../storage/port.ts';
import { salvageRows } from '../../storage/salvage/rows.ts';
import { decodeRow, encodeRow, entryOf, keys, type OperationRow, pad } from '../commit/rows.ts';
import type { WorkspaceRow } from '../workspace/key.ts';
import { type SalvagedRow, salvagedKey } from './take-salvaged.ts';

/** The members log first: by it the signatures of the others are checked. */
const rowKey = ({ header }: OperationRow, segment: number, hash: Hash): string =>
  `salvaged/${header.log === 'members' ? 0 : 1}/${header.log}/${pad(segment)}/${hash}`;

/** What the journal of a damaged directory says whose it is, where that row can be read. */
export async function salvagedWorkspace(directory: string, files: Files): Promise<WorkspaceRow | undefined> {
  const key = keys.meta('workspace');
  const value = (await salvageRows(join(directory, 'journal'), key, files)).rows.get(key);
  return value && decodeRow<WorkspaceRow>(value);
}

export interface SalvagedOperations {
  readonly writes: readonly Write[];
  /** Operations that are what their names say. */
  readonly operations: number;
  /** Operations, and parts of files with any number of them, that can not be read. */
  readonly damaged: number;
}

/** The operations of a damaged directory, as rows for the journal of the fresh one. */
export async function salvageOperations(
  directory: string,
  workspace: Hash,
  files: Files,
): Promise<SalvagedOperations> {
  const found = await salvageRows(join(directory, 'journal'), 'op/', files);
  const writes: Write[] = [];
  let { damaged } = found;
  let operations = 0;
  for (const [at, value] of found.rows) {
    const hash = at.slice('op/'.length);
    const row = read(hash, workspace, value);
    if (row === undefined) damaged++;
    // What its replica did not sign is nobody's.
    if (row === undefined || row.flaw?.reason === 'signature') continue;
    operations++;
    const key = entryKey(nodeCrypto, hash, row.sig);
    for (const segment of [row.segment, ...(row.also ?? [])]) {
      const document = `log/${row.header.log}/${segment}`;
      const salvaged: SalvagedRow = { document, key, entry: JSON.stringify(entryOf(row)) };
      writes.push([rowKey(row, segment, hash), encodeRow(salvaged)]);
    }
  }
  if (writes.length > 0) writes.push([salvagedKey, encodeRow(operations)]);
  return { writes, operations, damaged };
}

/**
 * The secrets of key epochs, as rows for the journal of the fresh one: they were sealed to the key that it gives up.
 * Each is checked against its epoch before it is used.
 */
export async function salvageSecrets(directory: string, files: Files): Promise<readonly Write[]> {
  return [...(await salvageRows(join(directory, 'journal'), 'epoch/', files)).rows];
}

function read(hash: Hash, workspace: Hash, value: Uint8Array): OperationRow | undefined {
  try {
    const row = decodeRow<OperationRow>(value);
    const found = readEntry(nodeCrypto, entryOf(row));
    const of = row.header.workspace === '' ? hash : row.header.workspace;
    return found.ok && found.hash === hash && of === workspace ? row : undefined;
  } catch {
    return undefined;
  }
}
