import { join } from 'node:path';
import type { Hash } from '../../../schemas/index.ts';
import { openKeyFile } from '../../keys/key-file.ts';
import { generateSeed, signerFromSeed } from '../../keys/node.ts';
import type { Signer } from '../../op/index.ts';

/** What a data directory knows of its workspace. */
export interface WorkspaceRow {
  readonly id: Hash;
  readonly name: string;
  /** Public key of the machine that admitted this replica. */
  readonly machine: string;
  /** Handle that speaks when nobody says. */
  readonly as: string;
}

/** Name of the file with the replica's seed, in the data directory. */
export const keyFileName = 'replica.key';

/** The replica's key, made at the first opening. */
export async function openReplicaKey(
  directory: string,
  random: (bytes: number) => Uint8Array,
): Promise<{ signer: Signer; seed: Uint8Array }> {
  const { seed } = await openKeyFile(join(directory, keyFileName), () => generateSeed(random));
  return { signer: signerFromSeed(seed), seed };
}
