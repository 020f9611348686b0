import { limits, type PublicKey } from '../../schemas/index.ts';
import { closeCodes } from '../../schemas/protocol.ts';
import { nodeCrypto } from '../../src/keys/node.ts';
import { keyId } from '../../src/op/index.ts';
import { realTimer } from '../../src/replica/environment.ts';
import { pooledRandom } from '../../src/replica/random.ts';
import type { Replica } from '../../src/replica/surface.ts';
import { type ReplicaSource, syncSourceOf } from '../../src/replica/sync/index.ts';
import type { Links } from '../../src/sync/index.ts';
import type { Lan, LanPlace } from '../lan/lan.ts';
import { askRelay } from './ask-relay.ts';
import { learnMembers } from './learn-members.ts';
import type { Log } from './log.ts';
import { type Connected, openNetwork } from './machine/network.ts';
import type { Listening } from './machine/port.ts';
import { openSealedLinks } from './machine/sealed.ts';
import { readableLink } from './readable-link.ts';
import { openRemotes } from './remotes.ts';
import { openRemoting, type Remoted } from './remoting.ts';

export interface HostingOptions {
  readonly replica: Replica;
  /** True for a node. */
  readonly node: boolean;
  /** The user's configuration directory, where it is another than usual. */
  readonly config: string | undefined;
  /** Where run files lie, where it is another place than usual. */
  readonly state: string | undefined;
  readonly upstreams: readonly string[];
  /** Whether replicas of the local network are looked for, and on which, where it is another than this machine's. */
  readonly discover?: boolean | LanPlace | undefined;
  readonly log: Log;
}

/** A replica among others of its workspace: before `begin` nobody knows of it. */
export interface Hosting {
  /** Undefined for a replica that has no sessions: a stand-in in a test. */
  readonly links: Links | undefined;
  /** The listening key: that of this user's machine. */
  readonly key: PublicKey;
  /**
   * Has others find the replica where it listens, dials them, and tells the replica of it. `addresses` are for other
   * machines, where those reach it elsewhere.
   */
  begin(listening: Listening, addresses?: readonly string[]): Connected | undefined;
  /** Ends all links and takes the run file away; what listened is closed. */
  close(): Promise<void>;
}

/** What the sessions of a replica see of it; undefined for a stand-in of a test. */
export function sourceOf(replica: Replica): ReplicaSource | undefined {
  try {
    return syncSourceOf(replica);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Gives the revocation itself time to reach whom it names, ms. */
const farewell = 200;

/** Ends the links with a replica that is revoked, soon after that is known here. Returns what stops it. */
export function endRevoked(replica: Replica, source: ReplicaSource, links: Links, log: Log): () => void {
  let cancel: (() => void) | undefined;
  async function look(): Promise<void> {
    cancel = undefined;
    const revoked = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await replica.replicas.list({ limit: limits.pageSize, cursor });
      for (const one of page.items) if (one.revoked !== null) revoked.add(one.id);
      cursor = page.next;
    } while (cursor !== undefined);
    for (const session of links.sessions()) {
      const { state } = session.status();
      if ('publicKey' in state && revoked.has(keyId(nodeCrypto, state.publicKey)))
        session.close(closeCodes.stranger, 'revoked');
    }
  }
  const stop = source.onUpdate(({ document }) => {
    if (!document.startsWith('log/members/')) return;
    cancel ??= realTimer(() => {
      look().catch((error: unknown) => log.debug({ err: error }, 'links of revoked replicas were not ended'));
    }, farewell);
  });
  return () => {
    stop();
    cancel?.();
  };
}

/**
 * Joins a replica to what is around it: the machine's key to listen with, the upstreams that were named and those of the
 * ticket by which the workspace was joined, and links with all of them.
 */
export async function openHosting(options: HostingOptions): Promise<Hosting> {
  const { replica, node, state, log } = options;
  const source = sourceOf(replica);
  const { configDirectory, joinedUpstreams, openMachineKey } = await import('../../src/index.ts');
  const config = options.config ?? configDirectory();
  const key = await openMachineKey(config);
  const joined = await joinedUpstreams(config, replica.workspace.id);
  const network = source && openNetwork({ source, node, state, log });
  const remotes = openRemotes(replica.directory);
  const stopEnding = source && network && endRevoked(replica, source, network.links, log);
  const sealed =
    source &&
    openSealedLinks({
      source,
      links: network?.links,
      directory: replica.directory,
      log,
      now: Date.now,
      timer: realTimer,
      random: pooledRandom,
    });
  let connected: Connected | undefined;
  let remoting: Remoted | undefined;
  let lan: Promise<Lan | undefined> | undefined;
  let detach = (): void => undefined;

  /** The local network, which a node does without where it cannot be had. */
  async function discover({ lan: dial }: Connected, remoted: Remoted): Promise<Lan | undefined> {
    if (!source || !network) return undefined;
    const { discover: asked } = options;
    const relays = (): 'none' | 'away' | 'linked' => {
      const all = remoted.list();
      return all.length === 0 ? 'none' : all.some(({ state }) => state === 'linked') ? 'linked' : 'away';
    };
    const { openLan } = await import('../lan/lan.ts');
    const place = typeof asked === 'object' ? asked : undefined;
    return openLan({ source, links: network.links, dial, relays, log, place });
  }

  /** Upstreams, remotes that were added, and where the workspace was joined. */
  function remote({ upstream }: Connected): Remoted {
    const below = (url: string): string => `${url}/w/${replica.workspace.id}`;
    return openRemoting({
      remotes,
      named: [...new Set([...options.upstreams, ...joined])],
      link: {
        node: ({ url }) => upstream(url),
        readable: ({ url, code, key: relayKey }) =>
          readableLink({
            dial: () => upstream(below(url)),
            enrol: () => replica.enrol({ url, code }),
            learn: async () => {
              if (source && relayKey !== null) await learnMembers(source, below(url), relayKey);
            },
            now: Date.now,
            timer: realTimer,
          }),
        ...(sealed ? { sealed: sealed.link } : {}),
      },
      ask: askRelay,
      now: Date.now,
      timer: realTimer,
      random: pooledRandom,
      log,
    });
  }

  return {
    links: network?.links,
    key: key.publicKey,
    begin(listening, addresses = [listening.url]) {
      const begun = network?.begin(listening);
      connected = begun;
      remoting = begun && remote(begun);
      if (begun && remoting && options.discover)
        lan = discover(begun, remoting).catch((error: unknown) => {
          log.warn({ err: error }, 'the local network is not looked through');
          return undefined;
        });
      detach = replica.attach({
        addresses: [...addresses],
        key: key.publicKey,
        sign: key.sign,
        peers: async () => begun?.peers() ?? [],
        remotes: remoting,
      });
      return begun;
    },
    async close() {
      detach();
      stopEnding?.();
      remoting?.close();
      await sealed?.close();
      const left = lan?.then((one) => one?.close());
      if (connected) await connected.close();
      else network?.close();
      await left;
    },
  };
}
