import type { Hash, Peer } from '../../../schemas/index.ts';
import { CoterieError } from '../../../schemas/index.ts';
import { realTimer } from '../../../src/replica/environment.ts';
import { pooledRandom } from '../../../src/replica/random.ts';
import type { SyncSource } from '../../../src/sync/index.ts';
import { listen } from '../../http/server.ts';
import type { MuxListener } from '../../mux/listen.ts';
import type { Log } from '../log.ts';
import { connectMachine, type Machine } from './connect.ts';
import { openSocketLinks, type SocketLinks } from './links.ts';
import { openRunDirectory } from './run-files.ts';

export interface NetworkOptions {
  readonly source: SyncSource;
  readonly replica: Hash;
  /** True for a node. */
  readonly node: boolean;
  /** URL at which `listener` is served; without it a free port of 127.0.0.1 is taken for links alone. */
  readonly url?: string | undefined;
  /** Where run files lie; by default the user's. */
  readonly state?: string | undefined;
  readonly upstreams: readonly string[];
  readonly log: Log;
}

/** A replica on its machine's network: it listens, is found, and keeps its links up. */
export interface Connected extends Pick<SocketLinks, 'settled'> {
  readonly url: string;
  peers(): Peer[];
  /** Resolves when it has looked around once more. */
  look: Machine['look'];
  /** Updates of others that were refused. */
  refused(): number;
  close(): Promise<void>;
}

/** Answers a path that takes a WebSocket; the errors are those of the door. */
export type Upgrade = MuxListener['upgrade'];

/** The path at which replicas meet. */
export const muxPath = '/mux';

/** The links of a replica, before anybody can reach them: `begin` puts them on the machine's network. */
export interface Linked {
  readonly upgrade: Upgrade;
  begin(): Promise<Connected>;
  /** For when it never began. */
  close(): void;
}

/** Makes the links of a replica; `url` may be known only afterwards, when something listens for them. */
export function openLinks(options: Omit<NetworkOptions, 'url'>, url?: () => string): Linked {
  const { source, replica, node, log } = options;
  const links = openSocketLinks({ source, timer: realTimer, now: Date.now, random: pooledRandom });
  const upgrade: Upgrade = (incoming, raw, head) => {
    const [path] = (incoming.url ?? '').split('?');
    if (path !== muxPath) return new CoterieError('no_route', `There is no ${path} here`);
    return links.listener.upgrade(incoming, raw, head);
  };
  return {
    upgrade,
    close: () => links.close(),
    async begin() {
      const own = url === undefined ? await listenAlone(upgrade, log) : undefined;
      const machine = connectMachine({
        workspace: source.workspace,
        replica,
        key: source.publicKey,
        node,
        listening: { url: own?.url ?? url?.() ?? '', close: async () => own?.close() },
        dial: links.dial,
        upstreams: options.upstreams.map((one) => ({ url: one })),
        runs: openRunDirectory(options.state),
        pid: process.pid,
        now: Date.now,
        timer: realTimer,
        chance: Math.random,
        trouble: (error) => log.warn({ err: error }, 'looking for other replicas failed'),
      });
      return {
        url: machine.url,
        settled: links.settled,
        peers: () => links.peers(machine.links()),
        look: machine.look,
        refused: links.refused,
        async close() {
          const closing = machine.close();
          links.close();
          await closing;
        },
      };
    },
  };
}

/** A port of one's own, where nothing but links are taken. */
async function listenAlone(upgrade: Upgrade, log: Log): Promise<{ url: string; close(): Promise<void> }> {
  const listening = await listen('127.0.0.1', 0);
  const answer = new CoterieError('no_route', 'A replica listens here for others, and for nothing else.');
  const app = { fetch: () => Response.json(answer.toJSON(), { status: answer.status }) };
  listening.serve(app, log, upgrade);
  return { url: listening.url, close: () => listening.cut() };
}
