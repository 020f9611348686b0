import { join } from 'node:path';
import type { Hash, Progress } from '../../../schemas/index.ts';
import { nodeCrypto } from '../../keys/node.ts';
import { entryKey, readEntry } from '../../op/index.ts';
import type { Files } from '../../storage/files.ts';
import type { Store, Write } from '../../storage/port.ts';
import { salvageRows } from '../../storage/salvage/rows.ts';
import type { SyncSource } from '../../sync/port.ts';
import type { Commits } from '../commit/commits.ts';
import type { Database } from '../commit/database.ts';
import { decodeRow, encodeRow, entryOf, keys, type OperationRow, pad } from '../commit/rows.ts';
import type { WorkspaceRow } from '../workspace/key.ts';

/** An entry of the directory that was set aside, on its way into the fresh one. */
interface SalvagedRow {
  readonly document: string;
  readonly key: Hash;
  /** As JSON text. */
  readonly entry: string;
}

/** Operations that wait to be taken in: absent when there are none, so that no opening looks for them. */
export const salvagedKey = keys.meta('salvaged');
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

const [begin, end] = ['salvaged/', 'salvaged0'];
/** Whom it comes from: no session. */
const nobody = 0;
const atOnce = 256;

/**
 * Takes in what was salvaged of the directory that was set aside, by the door by which everything from elsewhere
 * comes: each signature is checked, and what a peer brought before changes nothing. Cut off, the next opening goes on.
 */
export async function takeSalvaged(options: {
  readonly database: Database;
  readonly commits: Commits;
  readonly store: Pick<Store, 'compact'>;
  readonly source: Pick<SyncSource, 'take'>;
  readonly progress?: ((progress: Progress) => void) | undefined;
}): Promise<void> {
  const { database, commits, store, source, progress } = options;
  const total = database.get<number>(salvagedKey) ?? (await database.getConfirmed<number>(salvagedKey));
  if (total === undefined) return;
  let done = 0;
  for (let after = begin; ; ) {
    const rows = await database.list<SalvagedRow>({ gte: after, lt: end, limit: atOnce });
    if (rows.length === 0) break;
    const documents = new Map<string, [Hash, string][]>();
    for (const [, { document, key, entry }] of rows)
      documents.set(document, [...(documents.get(document) ?? []), [key, entry]]);
    for (const [document, entries] of documents) {
      const { ok } = await source.take(document, entries, nobody);
      // One that is refused is refused alone.
      if (!ok) for (const one of entries) await source.take(document, [one], nobody);
    }
    await commits.write(({ draft }) => {
      for (const [key] of rows) draft.remove(key);
    });
    after = `${rows.at(-1)?.[0]}\u0000`;
    done += rows.length;
    progress?.({ stage: 'taking in what was salvaged', done, total });
  }
  // A text that is removed later must not lie on in what this was read from.
  await store.compact({ gte: begin, lt: end });
  await commits.write(({ draft }) => draft.remove(salvagedKey));
}
