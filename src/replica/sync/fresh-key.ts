import { CoterieError, type Hash } from '../../../schemas/index.ts';
import { fetchTransport } from '../../client/transport.ts';
import type { Commits, Work } from '../commit/commits.ts';
import type { Database } from '../commit/database.ts';
import { keys, type OperationRow } from '../commit/rows.ts';
import type { Identity } from '../identity.ts';
import { createLedger, type Ledger } from '../ledger/ledger.ts';
import type { AbsorbContext } from '../ledger/state.ts';
import { joinWorkspace, openReplicaKey, type WorkspaceRow } from '../workspace/bootstrap.ts';
import { openNextKey, type ReplicaKey, useNextKey } from '../workspace/key.ts';
import { findMachineWorkspace } from '../workspace/machine.ts';
import { firstRole } from '../writing/context.ts';
import { type CopiedRow, copiedKey, copiedOf } from './own-key.ts';

/** A copied directory takes a key of its own, while it is open. */
export interface FreshKey {
  /** At opening: goes on with what was begun. What else was noted is noted again, should it come up again. */
  begin(): Promise<void>;
  /** The own chain forks, and this branch is the one that takes a fresh key. */
  notice(): void;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export interface FreshKeyOptions {
  readonly identity: Identity;
  readonly context: AbsorbContext;
  readonly database: Database;
  readonly commits: Commits;
  readonly row: WorkspaceRow;
  readonly directory: string;
  /** The user's configuration directory, which has the secret that admits. */
  readonly config: string;
  readonly now: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly timer: (task: () => void, ms: number) => () => void;
  readonly closing: AbortSignal;
  /** This replica has another key from now on. */
  readonly onChanged: () => void;
}

/** Who countersigns may be out of reach for a while, and a disk full, ms. */
const again = 60_000;
const passing: ReadonlySet<string> = new Set([
  'unreachable',
  'closed',
  'busy',
  'disk_full',
  'storage_failed',
]);

/**
 * The fresh key is made, admitted and given the members that this replica speaks for, all of it durable, before anything
 * is written under it; until then writes go on under the old one, which is still admitted. So no write waits, and after a
 * crash at any moment the next opening goes on with the same key.
 */
export function createFreshKey(options: FreshKeyOptions): FreshKey {
  const { identity, context, database, commits, row, directory, config, random, closing } = options;
  const { membership } = context;
  let taking: Promise<void> | undefined;
  let cancel: (() => void) | undefined;

  const wanted = (): CopiedRow | undefined => {
    const { id } = identity.signer;
    const copied = copiedOf(database, id);
    const state = membership.state.replicas.get(id);
    // Who was revoked does not come back by a copy.
    const isIn = state?.admissions.some(({ ended }) => ended.length === 0) ?? false;
    return copied?.rekey && isIn && !closing.aborted ? copied : undefined;
  };

  async function admit(ledger: Ledger, { signer, seed }: ReplicaKey): Promise<void> {
    if (membership.state.replicas.has(signer.id)) return;
    const workspace = await findMachineWorkspace(config, row.id);
    // Another ticket's seed would make other members of those who speak here.
    if (workspace?.machine.publicKey !== row.machine)
      throw new CoterieError('forbidden', 'This user has not the secret by which this replica came in.');
    await joinWorkspace({
      context,
      commits,
      ledger,
      signer,
      seed,
      row,
      config,
      chosen: workspace,
      now: options.now,
      random,
      transport: (request) => fetchTransport({ ...request, signal: closing }),
    });
  }

  /** The members that this replica speaks for are spoken for by the fresh key too. */
  async function host(work: Work, ledger: Ledger, from: Hash, to: Hash): Promise<void> {
    for (const member of membership.state.members.values()) {
      const { replicas, machine, kind, created } = member;
      if (machine !== row.machine || !replicas.includes(from) || replicas.includes(to)) continue;
      // Its id is made of the handle that it began with, whatever it is called now.
      const handle = work.draft.get<OperationRow>(keys.operation(created.op))?.header.data['handle'];
      if (typeof handle !== 'string') continue;
      const data = { handle, kind, machine, ...firstRole(row.maker, handle) };
      await ledger.append(work, { log: 'members', type: 'member.create', data });
    }
  }

  async function take(copied: CopiedRow): Promise<void> {
    const inUse = await openReplicaKey(directory, random);
    const isPlaced = inUse.signer.id !== identity.signer.id;
    const key = isPlaced ? inUse : await openNextKey(directory, random);
    const next = identity.beside(key.signer);
    const ledger = createLedger({ ...context, ...next, database, workspace: row.id, random });
    await admit(ledger, key);
    const { replica } = copied;
    await commits.write((work) => host(work, ledger, replica, key.signer.id));
    if (!isPlaced) await useNextKey(directory, replica.slice(0, 8));
    await commits.write(async (work) => {
      // Members that were made meanwhile.
      await host(work, ledger, replica, key.signer.id);
      identity.become(next);
      work.draft.remove(copiedKey);
    });
    options.onChanged();
  }

  async function failed(copied: CopiedRow, error: unknown): Promise<void> {
    if (closing.aborted) return;
    const { code, message } =
      error instanceof CoterieError
        ? error
        : { code: 'internal', message: error instanceof Error ? error.message : String(error) };
    if (passing.has(code)) {
      cancel?.();
      cancel = options.timer(notice, again);
    }
    if (copied.trouble?.code === code && copied.trouble.message === message) return;
    await commits.write(({ draft }) => {
      const now = copiedOf(draft, identity.signer.id);
      if (now) draft.put(copiedKey, { ...now, trouble: { code, message } } satisfies CopiedRow);
    });
  }

  function notice(): void {
    if (taking) return;
    const copied = wanted();
    if (!copied) return;
    taking = take(copied)
      .catch((error: unknown) => failed(copied, error))
      .catch(() => undefined)
      .finally(() => {
        taking = undefined;
      });
  }

  return {
    async begin() {
      if (!wanted() && database.get(copiedKey) !== undefined)
        await commits.write(({ draft }) => draft.remove(copiedKey));
      notice();
    },
    notice,
    async idle() {
      await taking;
    },
    async close() {
      cancel?.();
      await taking;
    },
  };
}
