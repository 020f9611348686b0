import { join } from 'node:path';
import { openKeyFile } from '../../keys/key-file.ts';
import { generateSeed, signerFromSeed } from '../../keys/node.ts';
import type { Signer } from '../../op/index.ts';
import { makeDirectories } from '../../storage/make-directories.ts';

/** Name of the file with the key by which this user's machine is known to others, in the configuration directory. */
export const machineKeyName = 'node.key';

/**
 * The key of this user on this machine, made when there is none: nodes listen with it, and tickets count uses by it. It
 * lies outside the data directories, so that an emptied one does not change it. Throws `directory_unreadable`.
 */
export async function openMachineKey(
  config: string,
  random?: (bytes: number) => Uint8Array,
): Promise<Signer> {
  makeDirectories(config, 0o700);
  const { seed } = await openKeyFile(join(config, machineKeyName), () => generateSeed(random));
  return signerFromSeed(seed);
}
