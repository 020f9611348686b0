import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Hash } from '../../../schemas/index.ts';
import type { Work } from '../commit/commits.ts';
import type { Database } from '../commit/database.ts';
import { keys } from '../commit/rows.ts';
import { keyFileName, type WorkspaceRow } from '../workspace/key.ts';
import { findMachineWorkspace } from '../workspace/machine.ts';

/** This replica's key is used elsewhere too: a copied directory. */
export interface CopiedRow {
  /** An operation under the key that this replica did not make. */
  readonly operation: Hash;
  /** The chain forked and this branch has the higher hash: at the next opening this replica takes a fresh key. */
  readonly rekey: boolean;
}

export const copiedKey = keys.meta('copied');

export const copiedOf = (database: Pick<Database, 'get'>): CopiedRow | undefined =>
  database.get<CopiedRow>(copiedKey);

/**
 * Notes an operation under the own key that was made elsewhere. Where the chain forks, the branch with the higher hash
 * takes a new key. A restored directory expects such operations: they are its own from before.
 */
export async function noteOwn(work: Work, self: Hash, hash: Hash, restored: boolean): Promise<void> {
  const { draft } = work;
  if (restored) return;
  const forks = await draft.under<readonly Hash[]>(`v/fork/`);
  const mine = forks.filter(([key]) => key.split('/')[3] === self);
  let rekey = draft.get<CopiedRow>(copiedKey)?.rekey ?? false;
  // The branch that was here first is this replica's; the others came from elsewhere.
  for (const [, hashes] of mine) {
    const own: Hash[] = [];
    for (const one of hashes) if (await isTrunk(work, one)) own.push(one);
    if (own.some((one) => one === hashes.at(-1))) rekey = true;
  }
  draft.put(copiedKey, { operation: hash, rekey } satisfies CopiedRow);
}

async function isTrunk({ draft }: Work, hash: Hash): Promise<boolean> {
  const row = draft.get<{ header: { log: string; replica: Hash; seq: number } }>(keys.operation(hash));
  if (!row) return false;
  const { log, replica, seq } = row.header;
  return draft.get<{ hash: Hash }>(keys.chain(log, replica, seq))?.hash === hash;
}

/**
 * Sets the key of a copied directory aside, when this is the copy that must take another and this user's machine can
 * admit it: the file stays beside the fresh one. True when it did.
 */
export async function retireCopiedKey(
  database: Pick<Database, 'get'>,
  directory: string,
  config: string,
): Promise<boolean> {
  const copied = copiedOf(database);
  const workspace = database.get<WorkspaceRow>(keys.meta('workspace'));
  if (!copied?.rekey || !workspace) return false;
  const machine = await findMachineWorkspace(config, workspace.id);
  // One that was invited would have to be invited again: until then it goes on, and the doctor says so.
  if (!machine || machine.joined) return false;
  const path = join(directory, keyFileName);
  await rename(path, `${path}.copied-${copied.operation.slice(0, 8)}`).catch((error: unknown) => {
    // A crash came between this and the fresh key.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  });
  const names = await open(directory, 'r');
  await names.sync().finally(() => names.close());
  return true;
}
