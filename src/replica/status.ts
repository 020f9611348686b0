import type { Status } from '../../schemas/index.ts';
import type { Storage } from '../storage/open.ts';
import type { Checkpoints } from './documents/checkpoints.ts';
import type { Documents } from './documents/documents.ts';
import { counters } from './ledger/state.ts';
import { cursorOf } from './reading/feed/feed.ts';
import type { Core } from './surface-of.ts';
import type { ReplicaSource } from './sync/index.ts';
import { directoryBytes } from './upkeep/size.ts';
import { warningsOf } from './upkeep/warnings.ts';
import { version } from './version.ts';
import type { WorkspaceRow } from './workspace/bootstrap.ts';
import type { Actor } from './writing/context.ts';

export async function statusOf(options: {
  readonly core: Core;
  readonly actor: Actor;
  readonly workspace: WorkspaceRow;
  readonly storage: Storage;
  readonly documents: Documents;
  readonly durability: 'sync' | 'os';
  readonly since: string;
  readonly checkpoints: Pick<Checkpoints, 'trouble'>;
  readonly source: Pick<ReplicaSource, 'refusals' | 'refused' | 'pads'>;
}): Promise<Status> {
  const { core, actor, workspace, storage, documents, source } = options;
  const { reading, feed } = core;
  const row = counters(reading.database);
  const channels = await reading.database.under<unknown>('v/channel/');
  const search = core.search.status();
  return {
    version,
    workspace: { id: workspace.id, name: workspace.name },
    replica: reading.replica,
    member: reading.membership.state.members.has(actor.id) ? actor.handle : null,
    directory: storage.info.directory,
    durability: options.durability,
    counts: {
      operations: row.operations,
      waiting: row.waiting,
      rejected: row.rejected,
      members: reading.membership.state.members.size,
      channels: channels.length,
      messages: row.messages,
      tasks: row.tasks,
      memories: row.memories,
    },
    cursor: cursorOf(feed, feed.end()),
    digest: await core.digests.workspace(),
    storage: {
      bytes: await directoryBytes(storage.info.directory),
      uncheckpointed: documents.uncheckpointed().operations,
      freeBytes: storage.free(),
    },
    search: {
      ready: search.ready,
      behind: search.behind,
      embeddings: search.embeddings ?? {
        ...(core.embedder.off === undefined ? {} : { off: core.embedder.off }),
        left: 0,
      },
    },
    listening: [...core.machines.addresses()],
    peers: [...(await core.machines.peers())],
    warnings: await warningsOf({
      ...options,
      refusals: source.refusals(),
      refused: source.refused,
      pads: source.pads,
      clocks: core.presence.clocks(),
      remotes: core.machines.dialled(),
      reading,
    }),
    since: options.since,
  };
}
