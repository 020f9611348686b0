import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a directory and those above it that are not there. One at a time: where the file system says that a name is not
 * there though its parent is, as below `/proc`, making them all at once never ends on Node 20. Throws what `mkdir` throws.
 */
export function makeDirectories(path: string, mode = 0o777): void {
  const whole = resolve(path);
  if (statSync(whole, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(whole) !== whole) makeDirectories(dirname(whole), mode);
  try {
    mkdirSync(whole, { mode });
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (!statSync(whole, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}
