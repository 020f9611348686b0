import { join } from 'node:path';
import { CoterieError, type Entry, type Hash } from '../../../schemas/index.ts';
import type { ChannelState } from '../../fold/types.ts';
import { openKeyFile } from '../../keys/key-file.ts';
import { generateSeed, signerFromSeed, x25519FromSeed } from '../../keys/node.ts';
import { createClock, type Signer } from '../../op/index.ts';
import type { Commits } from '../commit/commits.ts';
import { emptyCounters, keys, type OperationRow } from '../commit/rows.ts';
import type { Draft } from '../commit/transaction.ts';
import { absorb } from '../ledger/absorb.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { AbsorbContext } from '../ledger/state.ts';
import {
  type MachineWorkspace,
  openMachineWorkspace,
  proveAdmission,
  readMachineWorkspace,
} from './machine.ts';

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

/** The workspace of a new directory: the user's, made now if there is none. */
export function chooseWorkspace(options: {
  readonly config: string;
  readonly name: string;
  readonly replica: Hash;
  readonly now: () => number;
  readonly random: (bytes: number) => Uint8Array;
}): Promise<MachineWorkspace> {
  const { now, random } = options;
  const stamp = () => createClock({ now, random, replica: options.replica }).next();
  return openMachineWorkspace({
    config: options.config,
    name: options.name,
    arbiter: options.replica,
    now,
    random,
    stamp,
  });
}

/** First rows of a new directory: counters, sentinels, a fresh feed epoch. */
export async function writeFirstRows(
  commits: Commits,
  row: WorkspaceRow,
  epoch: string,
  viewsVersion: number,
): Promise<void> {
  await commits.write(({ draft }) => {
    draft.put(keys.meta('workspace'), row);
    draft.put(keys.meta('epoch'), epoch);
    draft.put(keys.meta('views'), viewsVersion);
    draft.put(keys.meta('counters'), emptyCounters);
    // A live row at the end of what is trimmed: a scan that ends there does not walk every tombstone.
    for (const sublevel of ['rec', 'feed', 'op', 'v', 'purge', 'tail', 'checkpoint', 'segment'])
      draft.put(`${sublevel}0`, 0);
  });
}

/** The channels that exist from the genesis are listed. */
export function placeDefaults(draft: Pick<Draft, 'put'>, channels: Iterable<ChannelState>): void {
  for (const state of channels) {
    draft.put(keys.channel(state.id), { messages: 0 });
    draft.put(keys.channelName(state.name[0]?.value ?? '', state.id), state.created.stamp);
  }
}

/** The genesis, made elsewhere, becomes the first operation here. */
async function adoptGenesis(
  context: AbsorbContext,
  commits: Commits,
  genesis: Entry,
  hash: Hash,
): Promise<void> {
  await commits.write(async (work) => {
    const row: OperationRow = {
      header: genesis.header,
      ...(genesis.body ? { body: genesis.body } : {}),
      sig: genesis.sig,
      segment: 1,
    };
    // In one batch: an opening that is cut off leaves both or none.
    placeDefaults(work.draft, context.defaultChannels);
    await absorb(context, work, { hash, header: genesis.header }, row, true);
    work.draft.put(keys.segment('members'), { n: 1, operations: 1, bytes: JSON.stringify(genesis).length });
    work.append({ document: 'log/members/1', first: true, hash, row, signed: Promise.resolve() });
  });
}

/** This replica's key joins the workspace on the machine's word. */
async function admitSelf(
  ledger: Ledger,
  commits: Commits,
  workspace: MachineWorkspace,
  signer: Signer,
  seed: Uint8Array,
): Promise<void> {
  const encryption = x25519FromSeed(seed).publicKey;
  const proof = await proveAdmission(workspace.machine, {
    workspace: workspace.id,
    key: signer.publicKey,
    encryption,
  });
  await commits.write((work) =>
    ledger.append(work, {
      log: 'members',
      type: 'replica.admit',
      data: { key: signer.publicKey, encryption, ...proof },
    }),
  );
}

/**
 * Makes this replica one of the workspace: a new directory, one whose first opening was cut short, or a restored copy
 * with a key of its own. Throws `forbidden` when this user has no secret of the workspace.
 */
export async function joinWorkspace(options: {
  readonly context: AbsorbContext;
  readonly commits: Commits;
  readonly ledger: Ledger;
  readonly signer: Signer;
  readonly seed: Uint8Array;
  readonly row: WorkspaceRow;
  readonly config: string;
  /** The workspace as it was just chosen for a new directory. */
  readonly chosen: MachineWorkspace | undefined;
}): Promise<void> {
  const { context, commits, ledger, signer, seed, row, config } = options;
  const workspace = options.chosen ?? (await readMachineWorkspace(config, row.name));
  if (workspace?.id !== row.id)
    throw new CoterieError(
      'forbidden',
      `This replica is not admitted to the workspace ${row.id}, and this user has no secret of it.`,
      { hint: 'Open it as the user who made the workspace.' },
    );
  if (context.membership.heads.length === 0)
    await adoptGenesis(context, commits, workspace.genesis, workspace.id);
  await admitSelf(ledger, commits, workspace, signer, seed);
}

/** A new feed epoch: cursors of an earlier one are unknown from now on. */
export const freshEpoch = (random: (bytes: number) => Uint8Array): string =>
  Buffer.from(random(6)).toString('base64url').replaceAll(/[-_]/g, '0');

export function checkHandle(handle: string): string {
  if (!/^[a-z0-9]+(?:[._-][a-z0-9]+)*$/.test(handle) || handle.length > 32)
    throw new CoterieError('invalid', `"${handle}" is not a handle.`, {
      hint: 'A handle is 1 to 32 of a-z 0-9 . _ -, beginning and ending with a letter or digit.',
    });
  return handle;
}
