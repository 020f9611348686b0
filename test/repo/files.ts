import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Text of a file, by its path from the root. */
export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

export const layers = ['schemas', 'src', 'relay'] as const;

/** Paths, from the root, of the files below a folder whose names end so; sorted. */
export const filesUnder = (folder: string, end: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(end))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length).split(sep).join('/'))
    .filter((path) => !path.includes('node_modules/'))
    .sort();
