import type { Hash } from '../../../schemas/index.ts';
import type { Signer } from '../../op/index.ts';
import type { Storage } from '../../storage/open.ts';
import { openPads } from '../../storage/pads.ts';
import { createBreathing } from '../commit/breathing.ts';
import type { Commits } from '../commit/commits.ts';
import type { Database } from '../commit/database.ts';
import type { Checkpoints } from '../documents/checkpoints.ts';
import { createDigests, type Digests } from '../documents/digest.ts';
import type { Shown } from '../documents/documents.ts';
import { createDuties } from '../ledger/duties.ts';
import type { AbsorbContext } from '../ledger/state.ts';
import { createVerifying } from './receive/verifying.ts';
import { createReconcile } from './reconcile.ts';
import { createSource, type ReplicaSource } from './source.ts';

/** Everything of a replica that has to do with others. */
export interface Sync {
  readonly digests: Digests;
  readonly source: ReplicaSource;
  /** An update is durable and shown. */
  shown(update: Shown): void;
  /** Something is left to a following write. */
  owed(): void;
  /** Takes the text of these operations out of a document, where it still stands. */
  remove(document: string, hashes: readonly Hash[]): Promise<void>;
  close(): Promise<void>;
}

export function openSync(options: {
  readonly context: AbsorbContext;
  readonly workspace: Hash;
  readonly signer: Signer;
  readonly storage: Storage;
  readonly database: Database;
  readonly commits: Commits;
  readonly checkpoints: Pick<Checkpoints, 'alone'>;
  readonly monotonic: () => number;
  readonly timer: (task: () => void, ms: number) => () => void;
  readonly random: (bytes: number) => Uint8Array;
  readonly closing: AbortSignal;
  /** Text that was removed is on disk. */
  readonly onRemoved: () => void;
}): Sync {
  const { context, storage, database } = options;
  const { crypto, documents } = context;
  const digests = createDigests({ database, documents, crypto, moved: context.moved });
  const reconcile = createReconcile(options);
  const breathing = createBreathing(options.monotonic);
  const duties = createDuties({ ...options, breathing });
  const verifying = createVerifying(options);
  const pads = openPads(storage.info.directory);
  const { source, shown } = createSource({
    ...options,
    store: storage.store,
    stored: storage.documents,
    breathing,
    digests,
    duties,
    reconcile,
    verifying,
    pads,
  });
  return {
    digests,
    source,
    shown,
    owed() {
      duties.notice();
      verifying.notice();
    },
    remove: (document, hashes) => reconcile.remove(document, hashes),
    async close() {
      reconcile.close();
      await verifying.close();
      await duties.close();
      await pads.close();
    },
  };
}
