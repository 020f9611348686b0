import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Takes the index off the disk, whole. Throws when something of it stays. */
export async function removeDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
}

/** Where in a data directory the index is kept. */
export const searchIn = (directory: string): string | undefined => join(directory, 'search');

/** Where in the search's directory the full-text index lies, and where the vectors. */
export const textIn = (directory: string): string => join(directory, 'text');
export const vectorsIn = (directory: string): string => join(directory, 'vectors');

/** Whether vectors were kept: which of them are of what was removed, the index alone can tell. */
export const hasVectors = (directory: string): boolean => existsSync(vectorsIn(directory));
