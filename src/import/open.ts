import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { CoterieError } from '../../schemas/index.ts';
import { type Folder, invalid, longestFile, mostFiles, said, unsafe } from './folder.ts';
import { openZip } from './zip.ts';

/**
 * Opens a directory, or a zip archive as one. Nothing outside of it is ever read.
 * @throws {CoterieError} `import_invalid` where it cannot be read, `import_unsafe` where something in it leads outside
 */
export async function openFolder(path: string): Promise<Folder> {
  const found = await stat(path).catch((error: unknown) => {
    throw invalid(`${path} cannot be read: ${said(error)}`, error);
  });
  if (found.isDirectory()) return openDirectory(path);
  if (found.isFile()) return openZip(path);
  throw invalid(`${path} is neither a directory nor a file`);
}

async function openDirectory(path: string): Promise<Folder> {
  const root = await realpath(path);
  const name = basename(root);
  const files = new Map<string, number>();

  const look = async (inside: string): Promise<void> => {
    const entries = await readdir(join(root, inside), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const place = inside === '' ? entry.name : `${inside}/${entry.name}`;
      if (entry.isDirectory()) await look(place);
      else if (entry.isFile() || entry.isSymbolicLink()) {
        const size = await sizeWithin(root, place, name);
        if (size !== undefined) files.set(place, size);
      }
      if (files.size > mostFiles) throw unsafe(`${name} holds more than ${mostFiles} files`);
    }
  };
  await look('').catch((error: unknown) => {
    throw error instanceof CoterieError ? error : invalid(`${name} cannot be read: ${said(error)}`, error);
  });

  return {
    name,
    files: new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1))),
    async read(place) {
      // Looked at again: the directory may have changed since it was listed.
      const size = files.has(place) ? await sizeWithin(root, place, name) : undefined;
      if (size === undefined) throw invalid(`${name} holds no file ${place}`);
      if (size > longestFile) throw unsafe(`${name}/${place} is larger than ${longestFile} bytes`);
      return readFile(join(root, place)).catch((error: unknown) => {
        throw invalid(`${name}/${place} cannot be read: ${said(error)}`, error);
      });
    },
    close: () => Promise.resolve(),
  };
}

/** Size of a file below the root; undefined for a link to a directory, whose files are read where they stand. */
async function sizeWithin(root: string, place: string, name: string): Promise<number | undefined> {
  const path = join(root, place);
  const found = await lstat(path);
  if (!found.isSymbolicLink()) return found.isFile() ? found.size : undefined;
  const target = await realpath(path).catch((error: unknown) => {
    throw invalid(`${name}/${place} is a link to nothing`, error);
  });
  if (!target.startsWith(root + sep))
    throw unsafe(`${name}/${place} is a link that leads outside of ${name}`);
  const there = await stat(target);
  return there.isFile() ? there.size : undefined;
}
