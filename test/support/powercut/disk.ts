import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Step } from './trace.ts';

/**
 * What a power cut leaves. `none` is the strictest that a file system may do: bytes that were not synced are gone,
 * and so are names whose directory was not synced. `all` keeps everything. `some` is what journaling file systems
 * do: names and sizes survive up to one moment, in order; the write after that moment is torn.
 */
export interface Survival {
  readonly bytes: 'none' | 'some' | 'all';
  readonly names: 'none' | 'some' | 'all';
}

/** A change of a file's content that was not synced yet. */
type Change = { readonly made: number } & (
  | { readonly at: number; readonly data: Buffer }
  | { readonly size: number }
);

interface Inode {
  readonly directory: boolean;
  durable: Buffer;
  changes: Change[];
}

/** A change of names that its directory's sync makes durable. */
type Naming = { readonly made: number } & (
  | { readonly kind: 'link'; readonly path: string; readonly inode: Inode }
  | { readonly kind: 'unlink'; readonly path: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
);

/** Writes within one sector arrive whole or not at all. */
const SECTOR = 512;

function directoryOf(naming: Naming): string {
  return dirname(naming.kind === 'rename' ? naming.to : naming.path);
}

function applyNaming(names: Map<string, Inode>, naming: Naming): void {
  if (naming.kind === 'link') names.set(naming.path, naming.inode);
  else if (naming.kind === 'unlink') names.delete(naming.path);
  else {
    const inode = names.get(naming.from);
    names.delete(naming.from);
    if (inode !== undefined) names.set(naming.to, inode);
  }
}

function applyChange(content: Buffer, change: Change): Buffer {
  if ('size' in change) {
    const cut = Buffer.alloc(change.size);
    content.copy(cut);
    return cut;
  }
  const end = change.at + change.data.length;
  const grown =
    end > content.length
      ? Buffer.concat([content, Buffer.alloc(end - content.length)])
      : Buffer.from(content);
  change.data.copy(grown, change.at);
  return grown;
}

function applyAll(content: Buffer, changes: readonly Change[]): Buffer {
  let size = content.length;
  for (const change of changes) size = Math.max(size, 'size' in change ? 0 : change.at + change.data.length);
  if (changes.some((change) => 'size' in change)) return changes.reduce(applyChange, content);
  const result = Buffer.alloc(size);
  content.copy(result);
  for (const change of changes) if ('data' in change) change.data.copy(result, change.at);
  return result;
}

/** The disk of a traced process, driven step by step: what programs see, and what would survive. */
export interface TracedDisk {
  step(step: Step): void;
  /** Writes what survives a cut now below `to`. `random` decides what `some` means. */
  materialize(to: string, survival: Survival, random: (below: number) => number): void;
}

/** A disk whose directory `root` exists and holds, durably, a copy of what is in `before`, if that is given. */
export function createTracedDisk(root: string, before?: string): TracedDisk {
  const live = new Map<string, Inode>();
  if (before !== undefined) load(before, root, live);
  const durable = new Map(live);
  let namings: Naming[] = [];
  /** Steps made so far. */
  let made = 0;
  const open = new Map<number, { readonly path: string; readonly inode: Inode | undefined }>();

  const name = (naming: Naming): void => {
    applyNaming(live, naming);
    namings.push(naming);
  };

  const inodeAt = (path: string, create: boolean): Inode | undefined => {
    const found = live.get(path);
    if (found !== undefined || !create) return found;
    const inode: Inode = { directory: false, durable: Buffer.alloc(0), changes: [] };
    name({ made, kind: 'link', path, inode });
    return inode;
  };

  const sync = (fd: number): void => {
    const file = open.get(fd);
    if (file === undefined) return;
    if (file.inode === undefined || file.inode.directory) {
      for (const naming of namings) if (directoryOf(naming) === file.path) applyNaming(durable, naming);
      namings = namings.filter((naming) => directoryOf(naming) !== file.path);
      return;
    }
    file.inode.durable = applyAll(file.inode.durable, file.inode.changes);
    file.inode.changes = [];
  };

  return {
    step(step) {
      made += 1;
      switch (step.kind) {
        case 'open': {
          const inode = inodeAt(step.path, step.create);
          open.set(step.fd, { path: step.path, inode });
          if (step.truncate && inode !== undefined) inode.changes.push({ made, size: 0 });
          return;
        }
        case 'write':
          open.get(step.fd)?.inode?.changes.push({ made, at: step.at, data: step.data });
          return;
        case 'truncate':
          open.get(step.fd)?.inode?.changes.push({ made, size: step.size });
          return;
        case 'sync':
          return sync(step.fd);
        case 'close':
          open.delete(step.fd);
          return;
        case 'rename':
          return name({ made, kind: 'rename', from: step.from, to: step.to });
        case 'link': {
          const inode = live.get(step.from);
          if (inode !== undefined) name({ made, kind: 'link', path: step.to, inode });
          return;
        }
        case 'unlink':
        case 'rmdir':
          return name({ made, kind: 'unlink', path: step.path });
        case 'mkdir':
          return name({
            made,
            kind: 'link',
            path: step.path,
            inode: { directory: true, durable: Buffer.alloc(0), changes: [] },
          });
        case 'say':
          return;
      }
    },
    materialize(to, survival, random) {
      const names = new Map(durable);
      const inodes = new Set([...durable.values(), ...live.values()]);
      const pending = [...namings, ...[...inodes].flatMap((inode) => inode.changes)].map((one) => one.made);
      const moment = [0, ...pending][random(pending.length + 1)] ?? 0;
      const kept = namings.filter(
        (naming) => survival.names === 'all' || (survival.names === 'some' && naming.made <= moment),
      );
      for (const naming of kept) applyNaming(names, naming);
      mkdirSync(to, { recursive: true });
      // Parents sort before what they hold. A name below one that is lost is lost with it.
      const reached = new Set([root]);
      for (const [path, inode] of [...names].sort(([a], [b]) => (a < b ? -1 : 1))) {
        if (!reached.has(dirname(path))) continue;
        reached.add(path);
        const target = join(to, relative(root, path));
        if (inode.directory) mkdirSync(target, { recursive: true });
        else writeFileSync(target, survivingContent(inode, survival, moment, random), { mode: 0o600 });
      }
    },
  };
}

function load(from: string, as: string, names: Map<string, Inode>): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const directory = entry.isDirectory();
    const content = directory ? Buffer.alloc(0) : readFileSync(join(from, entry.name));
    names.set(join(as, entry.name), { directory, durable: content, changes: [] });
    if (directory) load(join(from, entry.name), join(as, entry.name), names);
  }
}

function survivingContent(
  { durable, changes }: Inode,
  { bytes }: Survival,
  moment: number,
  random: (below: number) => number,
): Buffer {
  if (bytes === 'none') return durable;
  if (bytes === 'all') return applyAll(durable, changes);
  const whole = changes.filter((change) => change.made <= moment);
  const torn = changes[whole.length];
  const content = applyAll(durable, whole);
  if (torn === undefined || 'size' in torn || torn.data.length <= SECTOR) return content;
  return applyChange(content, {
    made: torn.made,
    at: torn.at,
    data: torn.data.subarray(0, random(torn.data.length)),
  });
}
