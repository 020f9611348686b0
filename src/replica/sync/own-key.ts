import type { Hash } from '../../../schemas/index.ts';
import type { Work } from '../commit/commits.ts';
import type { Database } from '../commit/database.ts';
import { keys } from '../commit/rows.ts';

/** This replica's key is used elsewhere too: a copied directory. */
export interface CopiedRow {
  /** The replica whose key that is. */
  readonly replica: Hash;
  /** An operation under the key that this replica did not make. */
  readonly operation: Hash;
  /** The chain forked and another branch has a lower hash: this replica takes a fresh key. */
  readonly rekey: boolean;
  /** Why it has not taken one yet. */
  readonly trouble?: { readonly code: string; readonly message: string } | undefined;
}

export const copiedKey = keys.meta('copied');

/** What is known of other users of this replica's key. Undefined too for a key that it no longer has. */
export function copiedOf(database: Pick<Database, 'get'>, self: Hash): CopiedRow | undefined {
  const row = database.get<CopiedRow>(copiedKey);
  return row?.replica === self ? row : undefined;
}

/**
 * Notes an operation under the own key that was made elsewhere. Where the chain forks, each branch but the one with the
 * lowest hash takes a new key: true then. A restored directory expects such operations: they are its own from before.
 */
export async function noteOwn(work: Work, self: Hash, hash: Hash, restored: boolean): Promise<boolean> {
  const { draft } = work;
  if (restored) return false;
  const forks = await draft.under<readonly Hash[]>(`v/fork/`);
  const mine = forks.filter(([key]) => key.split('/')[3] === self);
  const before = copiedOf(draft, self);
  let rekey = before?.rekey ?? false;
  // The branch that was here first is this replica's; the others came from elsewhere.
  for (const [, hashes] of mine) {
    const own: Hash[] = [];
    for (const one of hashes) if (await isTrunk(work, one)) own.push(one);
    if (own.some((one) => one !== hashes[0])) rekey = true;
  }
  draft.put(copiedKey, { ...before, replica: self, operation: hash, rekey } satisfies CopiedRow);
  return rekey;
}

async function isTrunk({ draft }: Work, hash: Hash): Promise<boolean> {
  const row = draft.get<{ header: { log: string; replica: Hash; seq: number } }>(keys.operation(hash));
  if (!row) return false;
  const { log, replica, seq } = row.header;
  return draft.get<{ hash: Hash }>(keys.chain(log, replica, seq))?.hash === hash;
}
