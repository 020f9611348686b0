import { CoterieError } from '../../../schemas/index.ts';
import { x25519FromSeed } from '../../keys/node.ts';
import { toBase64url } from '../../op/index.ts';
import type { Commits } from '../commit/commits.ts';
import { emptyCounters, keys, viewsVersion } from '../commit/rows.ts';
import { epochRow } from '../epochs/keyring.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { AbsorbContext } from '../ledger/state.ts';
import { adoptMembers, type MembersLog } from './adopt.ts';
import { type AdmittedBy, type AskInOptions, askIn, type ReplicaKeys } from './ask-in.ts';
import type { WorkspaceRow } from './key.ts';

export { keyFileName, openReplicaKey, type WorkspaceRow } from './key.ts';

/** First rows of a new directory: workspace, counters, sentinels, a fresh feed epoch. */
export const firstRows = (
  row: WorkspaceRow,
  epoch: string,
): readonly (readonly [key: string, value: unknown])[] => [
  [keys.meta('workspace'), row],
  [keys.meta('epoch'), epoch],
  [keys.meta('views'), viewsVersion],
  [keys.meta('counters'), emptyCounters],
  // A live row at the end of what is trimmed: a scan that ends there does not walk every tombstone.
  ...['rec', 'feed', 'op', 'v', 'purge', 'tail', 'checkpoint', 'segment'].map(
    (sublevel) => [`${sublevel}0`, 0] as const,
  ),
];

export async function writeFirstRows(commits: Commits, row: WorkspaceRow, epoch: string): Promise<void> {
  await commits.write(({ draft }) => {
    for (const [key, value] of firstRows(row, epoch)) draft.put(key, value);
  });
}

/** This replica's key joins the workspace on the machine's word, or on a ticket's and its countersigner's. */
async function admitSelf(
  ledger: Ledger,
  commits: Commits,
  replica: ReplicaKeys,
  { name, proof, invited, epochs }: AdmittedBy,
): Promise<void> {
  await commits.write(async (work) => {
    // Without them nothing in the mailbox of the workspace can be read.
    for (const [epoch, secret] of epochs)
      if (work.draft.get(epochRow(epoch)) === undefined) work.draft.put(epochRow(epoch), secret);
    await ledger.append(work, {
      log: 'members',
      type: 'replica.admit',
      data: { ...replica, ...proof, name, ...invited },
    });
  });
}

/**
 * Makes this replica one of the workspace: a new directory, one whose first opening was cut short, or a restored copy
 * with a key of its own. Throws what `askIn` does.
 */
export async function joinWorkspace(
  options: AskInOptions & {
    readonly context: AbsorbContext;
    readonly commits: Commits;
    readonly ledger: Ledger;
    readonly seed: Uint8Array;
    /** Takes in what the countersigner has of the members log, where one is here already: the ticket may be a later one. */
    readonly take?: ((log: MembersLog) => Promise<void>) | undefined;
  },
): Promise<void> {
  const { context, commits, ledger, signer, row } = options;
  const replica = { key: signer.publicKey, encryption: x25519FromSeed(options.seed).publicKey };
  const admitted = await askIn(options, replica);
  const { genesis, members } = admitted;
  if (context.membership.heads.length === 0)
    await adoptMembers(context, commits, row.id, members ?? [{ segment: 1, entry: genesis }]);
  else if (members) await options.take?.(members);
  await admitSelf(ledger, commits, replica, admitted);
}

/** A new feed epoch: cursors of an earlier one are unknown from now on. */
export const freshEpoch = (random: (bytes: number) => Uint8Array): string =>
  toBase64url(random(6)).replaceAll(/[-_]/g, '0');

export function checkHandle(handle: string): string {
  if (!/^[a-z0-9]+(?:[._-][a-z0-9]+)*$/.test(handle) || handle.length > 32)
    throw new CoterieError('invalid', `"${handle}" is not a handle.`, {
      hint: 'A handle is 1 to 32 of a-z 0-9 . _ -, beginning and ending with a letter or digit.',
    });
  return handle;
}
