import { link, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Hash } from '../../../schemas/index.ts';
import { openKeyFile, readKeyFile } from '../../keys/key-file.ts';
import { generateSeed, signerFromSeed } from '../../keys/node.ts';
import type { Signer } from '../../op/index.ts';

/** What a data directory knows of its workspace. */
export interface WorkspaceRow {
  readonly id: Hash;
  readonly name: string;
  /** Public key of the machine that admitted this replica. */
  readonly machine: string;
  /** Handle that made the workspace, where this user's machine owns it. */
  readonly maker?: string | undefined;
  /** Handle that speaks when nobody says. */
  readonly as: string;
  /** Public key that takes the place of this replica's, when it lies there: a copied directory that joined anew. */
  readonly next?: string | undefined;
}

/** Name of the file with the replica's seed, in the data directory. */
export const keyFileName = 'replica.key';

const pathOf = (directory: string): string => join(directory, keyFileName);
/** The key that a copied directory takes next lies here until it is admitted. */
const nextOf = (directory: string): string => `${pathOf(directory)}.next`;

export interface ReplicaKey {
  readonly signer: Signer;
  readonly seed: Uint8Array;
}

async function openKey(path: string, random: (bytes: number) => Uint8Array): Promise<ReplicaKey> {
  const { seed } = await openKeyFile(path, () => generateSeed(random));
  return { signer: signerFromSeed(seed), seed };
}

/** The replica's key, made at the first opening. `next`: the public key that is to take its place, if it lies there. */
export async function openReplicaKey(
  directory: string,
  random: (bytes: number) => Uint8Array,
  next?: string | undefined,
): Promise<ReplicaKey> {
  const seed = next === undefined ? undefined : await readKeyFile(nextOf(directory));
  if (seed && signerFromSeed(seed).publicKey === next) {
    const { signer } = await openKey(pathOf(directory), random);
    await useNextKey(directory, signer.id.slice(0, 8));
  }
  return openKey(pathOf(directory), random);
}

/** The key that takes the place of this replica's, made beside it: the same again until `useNextKey`. */
export const openNextKey = (directory: string, random: (bytes: number) => Uint8Array): Promise<ReplicaKey> =>
  openKey(nextOf(directory), random);

/** The next key takes the place of the one in use, which stays beside it as `replica.key.copied-<id>`, the begin of its id. */
export async function useNextKey(directory: string, id: string): Promise<void> {
  const path = pathOf(directory);
  await link(path, `${path}.copied-${id}`).catch((error: unknown) => {
    // A crash came between this and what follows.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
  // At every moment there is a key: a directory without one would be somebody else at its next opening.
  await rename(nextOf(directory), path);
  if (process.platform === 'win32') return;
  const names = await open(directory, 'r');
  await names.sync().finally(() => names.close());
}
