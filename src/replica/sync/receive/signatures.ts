import type { Hash } from '../../../../schemas/index.ts';
import { keyId, verifySignature } from '../../../op/index.ts';
import type { CheckedEntry } from '../../../sync/guard/index.ts';
import { keys, type OperationRow } from '../../commit/rows.ts';
import { checkSignatures, keyFor, type Signed } from '../../ledger/judging.ts';
import type { AbsorbContext } from '../../ledger/state.ts';

/** An entry from elsewhere, and what its signature says. */
export interface Looked extends CheckedEntry {
  /** `proven`: its replica signed something that goes back to this header; its own signature was not looked at. */
  readonly signed: Signed | 'proven';
}

/** Operations of one chain that are worth proving by their links. */
const bulk = 48;

type Context = Pick<AbsorbContext, 'membership' | 'crypto'>;

/**
 * Checks the signatures of entries, many at a time and off this thread. A replica is named by the hash of its key, so
 * a key that an admission among them brings is the right one, whoever admitted it. What is stored here with the same
 * signature is not checked again.
 */
export async function checkAll(
  context: Context & { readonly stored: (hash: Hash) => OperationRow | undefined },
  entries: readonly CheckedEntry[],
): Promise<Looked[]> {
  const brought = new Map<Hash, string>();
  for (const { entry } of entries) {
    const key = entry.header.type === 'replica.admit' ? entry.header.data['key'] : undefined;
    if (typeof key !== 'string' || key.length !== 43) continue;
    try {
      brought.set(keyId(context.crypto, key), key);
    } catch {
      // No key: its operation will not hold.
    }
  }
  const proven = await proveAll(context, entries);
  return Promise.all(
    entries.map(async (one): Promise<Looked> => {
      if (proven.has(one.hash)) return { ...one, signed: 'proven' };
      const known = context.stored(one.hash);
      if (known && known.sig === one.entry.sig && !known.unchecked)
        return { ...one, signed: known.flaw?.reason === 'signature' ? 'fails' : 'holds' };
      const { header } = one.entry;
      const key = brought.get(header.replica);
      if (key !== undefined && header.type !== 'replica.admit' && keyFor(context, header) === undefined)
        return {
          ...one,
          signed: (await verifySignature(context.crypto, one.entry, key, one.signedBytes))
            ? 'holds'
            : 'fails',
        };
      return { ...one, signed: await checkSignatures(context, one.entry, one.signedBytes) };
    }),
  );
}

/**
 * Headers of which the replica signed one that goes back to them, in chains of which many come at once. Heads are
 * checked singly by the caller as well, so that each chain has at least one signature of its own.
 */
async function proveAll(
  context: Context & { readonly stored: (hash: Hash) => OperationRow | undefined },
  entries: readonly CheckedEntry[],
): Promise<ReadonlySet<Hash>> {
  const chains = new Map<string, Map<Hash, CheckedEntry>>();
  const twins = new Set<Hash>();
  for (const one of entries) {
    const { log, replica } = one.entry.header;
    // Membership rests on each of its signatures.
    if (log === 'members') continue;
    const name = `${log} ${replica}`;
    const chain = chains.get(name) ?? new Map<Hash, CheckedEntry>();
    // Of two entries with one header at most one is signed.
    if (chain.has(one.hash)) twins.add(one.hash);
    chains.set(name, chain.set(one.hash, one));
  }
  const proven = new Set<Hash>();
  for (const chain of chains.values()) {
    if (chain.size < bulk) continue;
    const followed = new Set([...chain.values()].map(({ entry }) => entry.header.prev));
    const heads = [...chain.values()].filter(({ hash }) => !followed.has(hash));
    const held = await Promise.all(
      heads.map(({ entry, signedBytes }) => checkSignatures(context, entry, signedBytes)),
    );
    for (const [i, head] of heads.entries()) {
      if (held[i] !== 'holds') continue;
      let at = chain.get(head.entry.header.prev as Hash);
      while (at && !proven.has(at.hash)) {
        if (!twins.has(at.hash) && !context.stored(at.hash)) proven.add(at.hash);
        at = chain.get(at.entry.header.prev as Hash);
      }
    }
  }
  return proven;
}

/** The row of an operation, as the disk has it. */
export const storedIn =
  (database: { get<T>(key: string): T | undefined }) =>
  (hash: Hash): OperationRow | undefined =>
    database.get<OperationRow>(keys.operation(hash));
