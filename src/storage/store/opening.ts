import { join } from 'node:path';
import type { Files } from '../files.ts';
import { StorageError } from '../port.ts';
import { openClassicLevel } from './classic-level.ts';
import type { Engine, EngineOperation } from './engine.ts';
import { createHead, type Head, openHead, readHead } from './head.ts';
import { createNameSync, type NameSync } from './names.ts';
import { createTables, createTablesFile, inspectTables, TABLE_NAME, type Tables } from './tables.ts';
import { toStorageError } from './trouble.ts';
import {
  commitKey,
  commitRow,
  judgeWindow,
  type Loss,
  lossError,
  rowChecksum,
  WINDOW,
  WINDOW_RANGE,
} from './window.ts';

/** A file of the store beside the engine's own, in the same directory; the engine leaves names it does not know. */
const HEAD_FILE = 'HEAD';

/** An open engine with its witnesses, from one opening to the next. */
export interface Opened {
  readonly engine: Engine;
  readonly head: Head;
  readonly names: NameSync;
  readonly tables: Tables;
  /** Number of the last commit found. */
  readonly last: number;
  loss: Loss | undefined;
}

export interface Opening {
  readonly directory: string;
  readonly files: Files;
  readonly monotonic: () => number;
  /** CRC-32 of the boot id, 0 when unknown. */
  readonly boot: number;
  readonly mustExist: boolean;
  readonly salvage: boolean;
  /** Compares every table with its sum first. */
  readonly verify: boolean;
}

/**
 * Refuses to let the engine make a new, empty database where there was one: without its CURRENT file it would, and
 * it would delete every table as unknown.
 */
function checkNotLost(files: Files, directory: string, mustExist: boolean): void {
  const names = files.list(directory);
  if (names.includes('CURRENT')) return;
  const rest = names.some((name) => TABLE_NAME.test(name)) || names.includes(HEAD_FILE);
  if (!rest && !mustExist) return;
  throw new StorageError(
    'storage_corrupt',
    `The store in ${directory} has lost its file CURRENT${rest ? '' : ' and everything else'}. See: coterie doctor`,
  );
}

/**
 * Removes what a power cut left of a store that was being made: the engine does not open its own half-made files.
 * HEAD is made before the first commit, so where there is neither HEAD nor a byte of data nothing is lost.
 */
function clearUnfinished(files: Files, directory: string): void {
  const names = files.list(directory);
  if (names.includes(HEAD_FILE)) return;
  const holdsData = (name: string): boolean =>
    TABLE_NAME.test(name) || (name.endsWith('.log') && (files.read(join(directory, name))?.length ?? 0) > 0);
  if (names.some(holdsData)) return;
  for (const name of names) {
    if (/^(?:CURRENT|TABLES|MANIFEST-\d+|\d+\.(?:log|dbtmp)|\w+\.new)$/.test(name))
      files.remove(join(directory, name));
  }
}

async function verifyTables(files: Files, directory: string): Promise<void> {
  const { problems } = await inspectTables(directory, files);
  if (problems.length === 0) return;
  const what = problems.slice(0, 5).map(({ file, problem }) => `${file}: ${problem}`);
  throw new StorageError(
    'storage_corrupt',
    `The store in ${directory} is damaged: ${what.join('; ')}. See: coterie doctor`,
  );
}

/** Opens the engine and holds what it found against HEAD and the commit rows. Rejects with `StorageError`. */
export async function openWitnessed(opening: Opening): Promise<Opened> {
  const { directory, files, monotonic, boot, mustExist, salvage, verify } = opening;
  const path = join(directory, HEAD_FILE);
  let engine: Engine | undefined;
  let head: Head | undefined;
  try {
    files.makeDirectory(directory, 0o700);
    if (!mustExist) clearUnfinished(files, directory);
    checkNotLost(files, directory, mustExist);
    const before = readHead(files, path);
    if (verify && before !== undefined) await verifyTables(files, directory);
    engine = await openClassicLevel(directory);
    const { last, checksum, loss } = judgeWindow(await engine.list(WINDOW_RANGE), before, boot);
    if (loss !== undefined && !loss.expected && !salvage) throw lossError(directory, loss);
    if (before === undefined) {
      if (last === 0) createTablesFile(files, directory);
      createHead(files, path, directory);
    }
    head = openHead(files, path);
    // What was replayed from the log is in synced tables by now, so it may be witnessed as synced.
    if (loss === undefined && last > 0) head.write({ commit: last, checksum, synced: true, boot });
    const { tables: live } = engine;
    const opened: Opened = {
      engine,
      head,
      names: createNameSync(files, directory, monotonic),
      tables: createTables({ directory, files, live }),
      last,
      loss,
    };
    if (loss?.expected) await acceptLoss(opened, { last, boot });
    opened.tables.note();
    return opened;
  } catch (error) {
    head?.close();
    await engine?.close().catch(() => undefined);
    throw toStorageError(error, `The store in ${directory} does not open`);
  }
}

function sound(commit: number, framed: Uint8Array | undefined): boolean {
  if (framed === undefined) return false;
  try {
    rowChecksum(commit, framed);
    return true;
  } catch {
    return false;
  }
}

/** Rewrites the commit rows as if nothing had been lost, with zero as the checksum of those that were. */
export async function acceptLoss(opened: Opened, end: { last: number; boot: number }): Promise<void> {
  const { engine, head } = opened;
  const { last, boot } = end;
  const rows = new Map(await engine.list(WINDOW_RANGE));
  const from = Math.max(1, last - WINDOW + 1);
  const operations: EngineOperation[] = [];
  for (const key of rows.keys()) {
    if (key < commitKey(from)) operations.push({ type: 'del', key });
  }
  for (let commit = from; commit <= last; commit += 1) {
    const key = commitKey(commit);
    if (!sound(commit, rows.get(key))) operations.push({ type: 'put', key, value: commitRow(commit, 0) });
  }
  await engine.batch(operations, true);
  const row = last > 0 ? await engine.get(commitKey(last)) : undefined;
  const checksum = row === undefined ? 0 : rowChecksum(last, row);
  // Both slots, because the higher number of the two would win.
  for (let slot = 0; slot < 2; slot += 1) head.write({ commit: last, checksum, synced: true, boot });
  head.sync();
}
