import { rm } from 'node:fs/promises';

/** Takes the index off the disk, whole. Throws when something of it stays. */
export async function removeDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
}
