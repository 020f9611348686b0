// Small file helpers shared by the scripts. Node built-ins only.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url)).replace(/[\\/]$/, '');
export const at = (...parts) => join(root, ...parts);
export const layers = ['schemas', 'src', 'relay'];

/** Every file under `dir`, depth first and sorted, as absolute paths. */
export function filesUnder(dir, keep = () => true) {
  if (!existsSync(dir)) return [];
  const found = [];
  for (const entry of readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) found.push(...filesUnder(path, keep));
    else if (keep(path)) found.push(path);
  }
  return found;
}

/** A path relative to the root, with forward slashes everywhere. */
export const display = (path) => relative(root, path).split(sep).join('/');

export const sha256 = (data) => createHash('sha256').update(data).digest('hex');

export function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Names, times and sizes: cheap, and it notices removed files, which a newest time would not. */
export function fingerprint(paths) {
  const lines = paths.map((path) => {
    const { mtimeMs, size } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: 0, size: -1 };
    return `${display(path)} ${mtimeMs} ${size}`;
  });
  return sha256(lines.join('\n'));
}
