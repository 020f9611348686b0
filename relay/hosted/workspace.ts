import type { RelayInfo } from '../../schemas/index.ts';
import type { Transport } from '../../src/client/transport.ts';
import type { Signer } from '../../src/op/index.ts';
import { realTimer } from '../../src/replica/environment.ts';
import { openReplica } from '../../src/replica/open.ts';
import { pooledRandom } from '../../src/replica/random.ts';
import type { Replica } from '../../src/replica/surface.ts';
import { syncSourceOf } from '../../src/replica/sync/index.ts';
import type { Storage } from '../../src/storage/open.ts';
import type { RateLimit } from '../http/allowance.ts';
import type { Guard } from '../http/guard.ts';
import type { Metrics } from '../http/metrics.ts';
import type { StreamLimits } from '../http/route.ts';
import { openReplicaDoors, type ReplicaDoors } from '../node/doors.ts';
import { endRevoked } from '../node/hosting.ts';
import type { Log } from '../node/log.ts';
import { openSocketLinks } from '../node/machine/links.ts';

/** What all workspaces of a relay have in common. */
export interface Common {
  readonly relay: RelayInfo;
  /** The listening key. */
  readonly key: Signer;
  /** Where the relay is reached from outside: `https://relay.example`. */
  readonly url: string;
  /** Random, new for each start. */
  readonly node: string;
  readonly rate: RateLimit;
  readonly streams?: Partial<StreamLimits> | undefined;
  /** Of all workspaces together. */
  readonly metrics: Metrics;
  /** Limits by address, of all workspaces together. */
  readonly guard?: Guard | undefined;
  readonly log: Log;
}

export interface HostedOptions extends Common {
  readonly workspace: string;
  readonly directory: string;
  /** Where the secret of this workspace lies. */
  readonly config: string;
  /** Name of the workspace's file there, for a directory that is new. */
  readonly file?: string | undefined;
  /** How who countersigns is asked, for a directory that is new. */
  readonly transport?: Transport | undefined;
  readonly storage: Storage;
}

/** A workspace that is open: its replica, with all doors of it. */
export interface HostedWorkspace {
  readonly replica: Replica;
  readonly doors: ReplicaDoors;
  close(): Promise<void>;
}

/** Whom the replica is named after; nobody speaks as it. */
const name = 'relay';

/** Opens the replica of one workspace of a relay. It is dialled and dials nobody. What fails closes the storage. */
export async function openHosted(options: HostedOptions): Promise<HostedWorkspace> {
  const { workspace, directory, config, file, transport, storage, relay, key, url, node, log } = options;
  const replica = await openReplica(
    // A model for each would take more memory than everything else.
    { directory, config, as: name, kind: 'agent', workspace: file, embeddings: false },
    { storage, transport },
  );
  const source = syncSourceOf(replica);
  const { links, peers } = openSocketLinks({
    source,
    timer: realTimer,
    now: Date.now,
    random: pooledRandom,
  });
  const stopEnding = endRevoked(replica, source, links, log);
  const below = `${url}/w/${workspace}`;
  const detach = replica.attach({
    addresses: [below],
    key: key.publicKey,
    sign: key.sign,
    peers: async () => peers([]),
  });
  const { rate, streams, metrics, guard } = options;
  const doors = openReplicaDoors({
    replica,
    links,
    url: below,
    node,
    version: relay.version,
    relay,
    rate,
    streams,
    metrics,
    guard,
    log,
  });
  return {
    replica,
    doors,
    async close() {
      detach();
      stopEnding();
      const left = doors.close();
      links.close();
      await left.catch((error: unknown) => log.warn({ err: error }, 'not all sockets ended well'));
      await replica.close();
    },
  };
}
