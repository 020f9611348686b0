import { CoterieError, type Peer } from '../../../schemas/index.ts';
import { nodeCrypto } from '../../../src/keys/node.ts';
import { keyId } from '../../../src/op/index.ts';
import { realTimer } from '../../../src/replica/environment.ts';
import { pooledRandom } from '../../../src/replica/random.ts';
import type { Links, SyncSource } from '../../../src/sync/index.ts';
import { listen, type Upgrade } from '../../http/server.ts';
import { openMuxListener } from '../../mux/listen.ts';
import type { Log } from '../log.ts';
import type { RemoteLink } from '../remoting.ts';
import { connectMachine, type Machine } from './connect.ts';
import { openSocketLinks } from './links.ts';
import type { Listening, Target } from './port.ts';
import { openRunDirectory, type RunDirectory } from './run-files.ts';

export interface NetworkOptions {
  readonly source: SyncSource;
  /** True for a node. */
  readonly node: boolean;
  /** Where run files lie; by default the user's. */
  readonly state?: string | undefined;
  readonly log: Log;
}

/** The links of a replica, before anybody knows of it. */
export interface Network {
  readonly links: Links;
  /**
   * Has others find it where it listens, and dials them. What listens is closed with it. Where run files cannot be
   * trusted or kept, that is logged, and upstreams alone are dialled.
   */
  begin(listening: Listening): Connected;
  /** Ends all links, also when it never began. */
  close(): void;
}

/** A replica that others of its workspace find, and that keeps its links up. */
export interface Connected {
  readonly url: string;
  peers(): Peer[];
  /** Links with a node always, wherever it runs. */
  upstream(url: string): RemoteLink;
  /** The same with a replica of the local network, over a link that the two encrypt. */
  lan(target: Target): RemoteLink;
  /** Resolves when it has looked around once more. */
  readonly look: Machine['look'];
  close(): Promise<void>;
}

export function openNetwork(options: NetworkOptions): Network {
  const { source, node, log } = options;
  const { links, dial, peers } = openSocketLinks({
    source,
    timer: realTimer,
    now: Date.now,
    random: pooledRandom,
  });
  return {
    links,
    close: links.close,
    begin(listening) {
      const machine = connectMachine({
        workspace: source.workspace,
        self: () => ({ replica: keyId(nodeCrypto, source.publicKey), key: source.publicKey }),
        node,
        listening,
        dial,
        runs: runsOf(options),
        pid: process.pid,
        now: Date.now,
        timer: realTimer,
        chance: Math.random,
        trouble: (error) => log.warn({ err: error }, 'looking for other replicas failed'),
      });
      const stop = source.onKey(() => void machine.look());
      return {
        url: machine.url,
        peers: () => peers(machine.links()),
        upstream: (url) => upstreamOf(machine, () => peers(machine.links()), { url }),
        lan: (target) => upstreamOf(machine, () => peers(machine.links()), target),
        look: machine.look,
        async close() {
          stop();
          const closing = machine.close();
          links.close();
          await closing;
        },
      };
    },
  };
}

/** The link with an upstream; one with the same replica that stands in its place counts as it. */
function upstreamOf(machine: Machine, peers: () => Peer[], target: Target): RemoteLink {
  const { url } = target;
  const close = machine.upstream(target);
  const since = Date.now();
  return {
    close,
    status() {
      const link = machine.links().find((one) => one.url === url);
      const all = peers();
      const replica = link?.answered === undefined ? undefined : keyId(nodeCrypto, link.answered);
      const peer = all.find((one) => one.url === url) ?? all.find((one) => one.replica === replica);
      if (!peer) {
        const trouble = { code: 'conflict', message: 'this node itself listens there' };
        return { state: 'refused', since, lag: 0, acknowledged: undefined, trouble };
      }
      return {
        state: peer.state === 'gone' ? 'waiting' : peer.state,
        since: Date.parse(peer.since),
        lag: peer.lag,
        acknowledged: peer.acknowledged === null ? undefined : Date.parse(peer.acknowledged),
        trouble: peer.trouble ?? undefined,
      };
    },
  };
}

function runsOf({ state, log }: NetworkOptions): RunDirectory {
  try {
    return openRunDirectory(state);
  } catch (error) {
    log.warn({ err: error }, 'other replicas of this machine are not looked for');
    return {
      leave: () => true,
      remove: () => undefined,
      list: () => [],
      stale: async () => false,
      watch: () => () => undefined,
    };
  }
}

/** Listens on a free port of this machine for links, and for nothing else: what an embedded replica does. */
export async function listenForLinks(links: Links, log: Log): Promise<Listening> {
  const listener = openMuxListener({
    join: (role, transport) => links.connect({ role, transport }),
    timer: realTimer,
  });
  const listening = await listen('127.0.0.1', 0);
  const nothing = new CoterieError('no_route', 'A replica listens here for others, and for nothing else.');
  const upgrade: Upgrade = (incoming, raw, head) =>
    incoming.url?.split('?', 1)[0] === '/mux' ? listener.upgrade(incoming, raw, head) : nothing;
  listening.serve({ fetch: () => Response.json(nothing.toJSON(), { status: nothing.status }) }, log, upgrade);
  return {
    url: listening.url,
    async close() {
      listener.close();
      await listening.cut();
    },
  };
}
