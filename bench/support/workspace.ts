import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { viewsVersion } from '../../src/replica/commit/rows.ts';
import { type Made, makerVersion, makeWorkspace } from '../make-workspace.ts';
import type { Asked } from './report.ts';

/** A data directory, and the directories of its user. */
export interface Place {
  readonly data: string;
  readonly config: string;
  /** Where run files lie, so that nobody else's replica is found. */
  readonly state: string;
  /** Removes all of it. */
  remove(): void;
}

/** An empty place beside nothing else. */
export function emptyPlace(): Place {
  const root = mkdtempSync(join(tmpdir(), 'coterie-bench-'));
  return { ...placed(root), remove: () => rmSync(root, { recursive: true, force: true }) };
}

/** Another machine of the user, with nothing on it but the workspace's secret. */
export function besidePlace({ config }: Pick<Place, 'config'>): Place {
  const place = emptyPlace();
  copyTree(config, place.config);
  return place;
}

/** Where things of a place lie. */
export const placed = (root: string) => ({
  data: join(root, 'data'),
  config: join(root, 'config'),
  state: join(root, 'state'),
});

/** A workspace of so many messages, from the cache or made now. Do not open it: open a copy. */
export async function madeWorkspace(asked: Asked, messages: number): Promise<Made & { root: string }> {
  const root = join(asked.cache, `coterie-bench-${messages}-v${makerVersion}.${viewsVersion}`);
  const record = join(root, 'made.json');
  if (asked.fresh || !existsSync(record)) {
    rmSync(root, { recursive: true, force: true });
    mkdirSync(root, { recursive: true });
    await makeWorkspace({ ...placed(root), messages, record });
  }
  return { ...(JSON.parse(readFileSync(record, 'utf8')) as Made), root };
}

/** A copy to write to. Tables never change once written, so they are linked where the disk allows it. */
export function copyOf(made: { readonly root: string }): Place {
  const root = mkdtempSync(join(made.root, '..', 'coterie-bench-copy-'));
  copyTree(join(made.root, 'data'), join(root, 'data'));
  copyTree(join(made.root, 'config'), join(root, 'config'));
  return { ...placed(root), remove: () => rmSync(root, { recursive: true, force: true }) };
}

/** Copies; tables of a store, which never change, are linked. */
export function copyTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) copyTree(source, target);
    else if (entry.isFile()) copyFile(source, target);
  }
}

function copyFile(source: string, target: string): void {
  if (source.endsWith('.ldb')) {
    try {
      linkSync(source, target);
      return;
    } catch {
      // Another disk, or one without links.
    }
  }
  copyFileSync(source, target);
}

/**
 * Takes every file of a place out of the system's cache, after what is not written yet was. Code stays cached, as on a
 * machine that runs other Node programs.
 */
export const dropCache = (place: Place): void => dropDirectories(place.data, place.config);

/** The same for any directories. */
export function dropDirectories(...directories: readonly string[]): void {
  const drop = 'sync -f "$1"; find "$1" -type f -exec dd if={} iflag=nocache count=0 status=none \\;';
  for (const directory of directories) {
    const { status, stderr } = spawnSync('sh', ['-c', drop, 'sh', directory], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`the file cache could not be dropped: ${stderr}`);
  }
}

/** Bytes of a place that are in the system's cache; undefined where nothing can tell. */
export function cachedBytes(place: Place): number | undefined {
  const script = 'find "$1" -type f -size +0 -exec fincore -b -n -o RES {} +';
  const { status, stdout } = spawnSync('sh', ['-c', script, 'sh', place.data], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) return undefined;
  return stdout.split('\n').reduce((sum, line) => sum + Number(line.trim() || 0), 0);
}
