import type { Peer } from '../../../schemas/index.ts';
import { openReplica } from '../../../src/replica/open.ts';
import { pooledRandom } from '../../../src/replica/random.ts';
import type { Surface } from '../../../src/replica/surface.ts';
import { syncSourceOf } from '../../../src/replica/sync/index.ts';
import { type Link, openLink } from './link.ts';
import type { LinkState, ReplicaState } from './protocol.ts';
import { realTimer } from './stand-ins/environment.ts';

/** The replica of this browser, open, and its link with the node. */
export interface Hosted {
  readonly surface: Surface;
  state(): ReplicaState;
  hurry(): void;
  close(): Promise<void>;
}

/** Opens the replica of a member, or makes one, and links it with the node of this page. Rejects as `openReplica` does. */
export async function openHosted(
  name: string,
  handle: string,
  onChange: (state: ReplicaState) => void,
): Promise<Hosted> {
  const replica = await openReplica({ directory: name, as: handle, kind: 'human' });
  const linked: { link?: Link } = {};
  const shown = (link: LinkState): ReplicaState => ({ state: 'open', replica: replica.id, link });
  const link = openLink({
    source: syncSourceOf(replica),
    url: `${location.origin.replace(/^http/, 'ws')}/mux`,
    timer: realTimer,
    now: Date.now,
    random: pooledRandom,
    onChange: (state) => onChange(shown(state)),
  });
  linked.link = link;
  const detach = replica.attach({
    addresses: [],
    key: replica.id,
    sign: () => Promise.reject(new TypeError('nobody dials a page')),
    peers: async (): Promise<readonly Peer[]> => link.peers(),
  });
  return {
    surface: replica.as(handle),
    state: () => shown(link.state()),
    hurry: () => link.hurry(),
    async close() {
      detach();
      link.close();
      await replica.close();
    },
  };
}
