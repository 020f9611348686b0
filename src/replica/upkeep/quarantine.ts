import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { CoterieError, type DoctorReport } from '../../../schemas/index.ts';
import { finishSettingAside, setAside } from '../../storage/aside.ts';
import { openDirectory } from '../../storage/directory.ts';
import { type Files, nodeFiles } from '../../storage/files.ts';
import { openStorage, type Storage } from '../../storage/open.ts';
import { StorageError, type Write } from '../../storage/port.ts';
import { inspectTables } from '../../storage/store/tables.ts';
import { decodeRow, encodeRow, keys } from '../commit/rows.ts';
import { asCoterie } from '../failures.ts';
import { firstRows, freshEpoch, keyFileName, type WorkspaceRow } from '../workspace/bootstrap.ts';
import { machineWorkspaces } from '../workspace/machine.ts';
import { rowFor } from '../workspace/settle.ts';
import { damaged, type Finding } from './finding.ts';
import { salvagedWorkspace, salvageOperations, salvageSecrets } from './salvage.ts';

const because = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Tables are compared from outside first: some damages make the engine abort the process that opens them. */
async function tablesOf(directory: string): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const name of ['journal', 'documents']) {
    const path = join(directory, name);
    if (nodeFiles.kind(path) !== 'directory') found.push(damaged(name, 'the directory is missing'));
    // Without its HEAD a store was never opened, or opening it says what is lost.
    else if (nodeFiles.exists(join(path, 'HEAD'))) {
      const { problems } = await inspectTables(path, nodeFiles);
      for (const { file, problem } of problems) found.push(damaged(`table ${name}/${file}`, problem));
    }
  }
  return found;
}

/** What is missing, which documents and rows can't be read. */
async function contentsOf(storage: Storage): Promise<Finding[]> {
  const findings: Finding[] = [];
  const { loss } = storage.info;
  if (loss) findings.push(damaged('journal', `committed data is missing: ${loss.reasons.join('; ')}`));
  const report = await storage.scrub();
  for (const { file, problem } of [...report.journal.problems, ...report.documents.problems])
    findings.push(damaged(`table ${file}`, problem));
  let rows = 0;
  try {
    for await (const [,] of storage.store.scan({ gte: '', lt: '\u{10ffff}' })) rows++;
  } catch (error) {
    findings.push(damaged('rows', `after ${rows} rows: ${because(error)}`));
  }
  if (findings.length === 0)
    findings.push({ what: 'journal', state: 'ok', message: `${rows} rows can be read; open it again` });
  return findings;
}

interface Examined {
  readonly report: DoctorReport;
  /** What the journal says whose it is, as far as it can be read. */
  readonly workspace: WorkspaceRow | undefined;
}

async function examined(directory: string): Promise<Examined> {
  const tables = await tablesOf(directory);
  if (tables.length > 0) return { report: { ok: false, findings: tables }, workspace: undefined };
  let storage: Storage;
  try {
    storage = await openStorage({ directory, salvage: true });
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'storage_corrupt') throw asCoterie(error);
    return {
      report: { ok: false, findings: [damaged('data directory', because(error))] },
      workspace: undefined,
    };
  }
  try {
    const row = await storage.store.get(keys.meta('workspace')).catch(() => undefined);
    const findings = await contentsOf(storage);
    return {
      report: { ok: findings.every(({ state }) => state === 'ok'), findings },
      workspace: row && decodeRow<WorkspaceRow>(row),
    };
  } finally {
    await storage.close();
  }
}

/**
 * Looks at a directory that does not open as a replica, since something of it is damaged: what is missing, which tables
 * are not what was written, which rows can't be read. Rejects with `directory_locked` alone.
 */
export const examineDamaged = async (directory: string): Promise<DoctorReport> =>
  (await examined(resolve(directory))).report;

/** A directory that was set aside. */
export interface Quarantined {
  readonly report: DoctorReport;
  /** Where it lies now; null when nothing is damaged, and so nothing was moved. */
  readonly moved: string | null;
  /** Name of the workspace that the fresh directory in its place belongs to. */
  readonly workspace: string | null;
  /**
   * Operations that were read in it, which the fresh one takes in at its next opening; and how many of them, and of
   * parts of files with any number of them, could not be read. Null when nothing was moved now.
   */
  readonly salvaged: { readonly operations: number; readonly damaged: number } | null;
}

/** What of a directory is made anew. Anything else (tokens, pads, what the command line keeps) stays. */
const own = new Set(['journal', 'documents', 'search', 'coterie.json', 'holder.json']);
const rowsAtOnce = 1000;
const isOwn = (name: string): boolean => own.has(name) || name.startsWith(keyFileName);

/**
 * Sets a damaged directory aside, beside where it was and whole, with a fresh one in its place: of the same workspace,
 * with the same tokens and pads. The fresh one takes a key of its own at its first opening, for a journal that
 * lost its end would fork the chain of the old key. It takes in the operations that can be read of the damaged one, and
 * fills from peers; what no peer has and can not be read is in the directory that was set aside alone. Cut off at any moment, nothing has begun, or the next opening finishes it. `workspace` names the user's workspace
 * where the journal does not tell and there are several: `invalid` without it. Rejects with `directory_locked` while
 * something runs there, and `not_found` where there is no directory.
 */
export async function quarantine(options: {
  readonly directory: string;
  readonly config: string;
  readonly workspace?: string | undefined;
  /** Handle that speaks when nobody says, where the journal does not tell. */
  readonly as: string;
  readonly now?: (() => number) | undefined;
  readonly files?: Files | undefined;
}): Promise<Quarantined> {
  const { files = nodeFiles } = options;
  const directory = resolve(options.directory);
  if (files.kind(directory) !== 'directory')
    throw new CoterieError('not_found', `There is no directory ${directory}.`);
  try {
    const finished = begun(directory, files);
    refuseHeld(directory);
    const { report, workspace } = await examined(directory);
    if (report.ok)
      return {
        report,
        moved: finished ?? null,
        workspace: (finished && workspace?.name) ?? null,
        salvaged: null,
      };
    const row = workspace ?? (await salvagedWorkspace(directory, files)) ?? (await rowOf(options));
    const { writes, operations, damaged: lost } = await salvageOperations(directory, row.id, files);
    const secrets = await salvageSecrets(directory, files);
    const day = new Date((options.now ?? Date.now)()).toISOString().slice(0, 19).replaceAll(/[:-]/g, '');
    const moved = `${directory}.damaged-${day}-${randomBytes(2).toString('hex')}`;
    const fill = async (fresh: string): Promise<void> => {
      const storage = await openStorage({ directory: fresh });
      try {
        const first = firstRows(row, freshEpoch(randomBytes));
        await storage.store.commit([
          ...first.map(([key, value]): Write => [key, encodeRow(value)]),
          ...secrets,
        ]);
        for (let at = 0; at < writes.length; at += rowsAtOnce)
          await storage.store.commit(writes.slice(at, at + rowsAtOnce));
      } finally {
        await storage.close();
      }
    };
    await setAside({ directory, moved, isOwn, fill, files });
    return { report, moved, workspace: row.name, salvaged: { operations, damaged: lost } };
  } catch (error) {
    throw asCoterie(error);
  }
}

/** Finishes what was cut off before; what is damaged of that is found by looking at the directory. */
function begun(directory: string, files: Files): string | undefined {
  try {
    return finishSettingAside(directory, files);
  } catch (error) {
    if (error instanceof StorageError && error.code === 'storage_corrupt') return undefined;
    throw error;
  }
}

function refuseHeld(directory: string): void {
  try {
    const holder = openDirectory(directory, nodeFiles).holder();
    if (holder)
      throw new CoterieError('directory_locked', `Process ${holder.pid} runs on ${directory}.`, {
        hint: 'Stop it first.',
      });
  } catch (error) {
    // Its format file may be what is damaged.
    if (!(error instanceof StorageError) || error.code !== 'storage_corrupt') throw asCoterie(error);
  }
}

/** The workspace of a journal that can't be read: the only one of this user, or the one that is named. */
async function rowOf(options: {
  readonly config: string;
  readonly workspace?: string | undefined;
  readonly as: string;
}): Promise<WorkspaceRow> {
  const all = await machineWorkspaces(options.config);
  const fit = all.filter(({ file }) => options.workspace === undefined || file === options.workspace);
  const [one] = fit;
  if (!one || fit.length > 1)
    throw new CoterieError('invalid', 'The journal does not tell of which workspace it is.', {
      hint: `Name it: coterie doctor --quarantine --workspace ${all.map(({ file }) => file).join('|')}`,
    });
  return rowFor(one.workspace, options.as);
}
