import type { Hash, Progress } from '../../../schemas/index.ts';
import type { Transport } from '../../client/transport.ts';
import { readEntry } from '../../op/index.ts';
import type { KeyPair } from '../../seal/box.ts';
import { createHeads } from '../../seal/link/heads/heads.ts';
import type { Storage } from '../../storage/open.ts';
import { openPads } from '../../storage/pads.ts';
import { createBreathing } from '../commit/breathing.ts';
import type { Commits } from '../commit/commits.ts';
import type { Database } from '../commit/database.ts';
import { keys } from '../commit/rows.ts';
import type { Checkpoints } from '../documents/checkpoints.ts';
import { createDigests, type Digests } from '../documents/digest.ts';
import type { Shown } from '../documents/documents.ts';
import { createKeyring, type OwnKeyring } from '../epochs/keyring.ts';
import type { Identity } from '../identity.ts';
import { createDuties } from '../ledger/duties.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { AbsorbContext } from '../ledger/state.ts';
import { type Attending, createAttending } from '../presence/attending.ts';
import { createLastSeen } from '../presence/last-seen.ts';
import { createStatements, type PresenceStatements } from '../presence/statements.ts';
import { createPresence } from '../presence/store.ts';
import type { PresenceContext } from '../presence/verbs.ts';
import { takeSalvaged } from '../upkeep/take-salvaged.ts';
import type { MembersLog } from '../workspace/adopt.ts';
import { joinWorkspace } from '../workspace/bootstrap.ts';
import type { WorkspaceRow } from '../workspace/key.ts';
import { createFreshKey } from './fresh-key.ts';
import { createVerifying } from './receive/verifying.ts';
import { createReconcile } from './reconcile.ts';
import { createSource, type ReplicaSource } from './source.ts';

/** Whom what a countersigner sends comes from: no session. */
const nobody = 0;

/** Everything of a replica that has to do with others. */
export interface Sync {
  readonly digests: Digests;
  readonly source: ReplicaSource;
  readonly keyring: OwnKeyring;
  /** Who is present, here and elsewhere. */
  readonly presence: Omit<PresenceContext, 'reading' | 'feed'> &
    Pick<PresenceStatements, 'clocks'> & { readonly attending: Attending };
  /** An update is durable and shown. */
  shown(update: Shown): void;
  /** Something is left to a following write. */
  owed(): void;
  /** Who belongs to the workspace changed, and that is durable now. */
  membersChanged(): void;
  /** Makes this replica one of the workspace; rejects as `joinWorkspace` does. */
  join(by: Pick<Parameters<typeof joinWorkspace>[0], 'ledger' | 'seed' | 'chosen'>): Promise<void>;
  /** Once this replica is one of the workspace: what an earlier opening left is gone on with. */
  begin(ledger: Ledger, progress?: (progress: Progress) => void): Promise<void>;
  /** Takes the text of these operations out of a document, where it still stands. */
  remove(document: string, hashes: readonly Hash[]): Promise<void>;
  close(): Promise<void>;
}

export function openSync(options: {
  readonly context: AbsorbContext;
  readonly row: WorkspaceRow;
  /** The user's configuration directory. */
  readonly config: string;
  readonly identity: Identity;
  /** X25519, of this replica. */
  readonly box: KeyPair;
  readonly storage: Storage;
  readonly database: Database;
  readonly commits: Commits;
  readonly checkpoints: Pick<Checkpoints, 'alone'>;
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly timer: (task: () => void, ms: number) => () => void;
  readonly random: (bytes: number) => Uint8Array;
  readonly closing: AbortSignal;
  /** How a countersigner is asked; by default `fetch`. */
  readonly transport?: Transport | undefined;
  /** Text that was removed is on disk. */
  readonly onRemoved: () => void;
}): Sync {
  const { context, storage, database } = options;
  const { directory } = storage.info;
  const { crypto, documents } = context;
  const digests = createDigests({ database, documents, crypto, moved: context.moved });
  const reconcile = createReconcile(options);
  const breathing = createBreathing(options.monotonic);
  const duties = createDuties({ ...options, breathing });
  const verifying = createVerifying(options);
  const pads = openPads(directory);
  const presence = createPresence(options);
  const { signer } = options.identity;
  const statements = createStatements({
    ...{ store: presence, membership: context.membership, signer, crypto, now: options.now },
    workspace: options.row.id,
    turnedAway: (reason, from) => source.turnedAway('presence', reason, from),
  });
  const keyring = createKeyring({ ...options, workspace: options.row.id, self: signer });
  const { membership } = context;
  const heads = createHeads({
    ...{ workspace: options.row.id, signer, crypto, now: options.now, timer: options.timer },
    keyOf: membership.keyOf,
    isInForce: (replica) =>
      membership.state.replicas.get(replica)?.admissions.some(({ ended }) => ended.length === 0) === true,
  });
  const freshKey = createFreshKey({ ...options, directory, onChanged: () => rekeyed() });
  const { source, shown, rekeyed } = createSource({
    ...options,
    workspace: options.row.id,
    signer,
    freshKey,
    store: storage.store,
    stored: storage.documents,
    breathing,
    digests,
    duties,
    reconcile,
    verifying,
    pads,
    presence,
    statements,
    keyring,
    heads,
  });
  /** Operations of the members log that are here already change nothing. */
  async function take(log: MembersLog): Promise<void> {
    for (const { segment, entry } of log) {
      const read = readEntry(crypto, entry);
      if (!read.ok || database.get(keys.operation(read.hash)) !== undefined) continue;
      await source.take(`log/members/${segment}`, [[read.key, JSON.stringify(entry)]], nobody);
    }
  }

  function owed(): void {
    duties.notice();
    verifying.notice();
  }
  return {
    digests,
    source,
    presence: {
      ...{ store: presence, lastSeen: createLastSeen(), now: options.now, tell: statements.say },
      attending: createAttending({ ...options, store: presence, say: statements.say }),
      clocks: statements.clocks,
    },
    shown,
    owed,
    membersChanged() {
      statements.look();
      keyring.look();
      heads.look();
    },
    keyring,
    join: (by) => joinWorkspace({ ...options, ...by, signer, take }),
    async begin(ledger, progress) {
      const { commits } = options;
      await takeSalvaged({ database, commits, store: storage.store, source, progress });
      owed();
      await freshKey.begin();
      await keyring.begin(ledger);
    },
    remove: (document, hashes) => reconcile.remove(document, hashes),
    async close() {
      presence.close();
      heads.close();
      await keyring.close();
      reconcile.close();
      await freshKey.close();
      await verifying.close();
      await duties.close();
      await pads.close();
    },
  };
}
