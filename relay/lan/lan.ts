import { closeCodes } from '../../schemas/protocol.ts';
import { realTimer } from '../../src/replica/environment.ts';
import { pooledRandom } from '../../src/replica/random.ts';
import type { Links, SyncSource } from '../../src/sync/index.ts';
import type { Log } from '../node/log.ts';
import type { Target } from '../node/machine/port.ts';
import type { RemoteLink } from '../node/remoting.ts';
import { isNear, nearAddresses } from './addresses.ts';
import type { OpenEngine } from './engine.ts';
import { type FindingOptions, openFinding } from './finding.ts';
import { lanKeys } from './keys.ts';
import { listenOnLan } from './listen.ts';
import { dialSettings } from './tls.ts';

/** What the local network is, where it is another than this machine's: in tests. */
export interface LanPlace {
  readonly addresses: () => readonly string[];
  readonly near: (address: string) => boolean;
  readonly openEngine?: OpenEngine | undefined;
}

export interface LanOptions {
  readonly source: SyncSource;
  readonly links: Links;
  /** Keeps a link up with a target, and shows it among the peers. */
  readonly dial: (target: Target) => RemoteLink;
  readonly relays: FindingOptions['relays'];
  readonly log: Log;
  readonly place?: LanPlace | undefined;
}

/** The local network of a replica. */
export interface Lan {
  /** Where others of the local network connect. */
  readonly port: number;
  look(): void;
  close(): Promise<void>;
}

/** Of trouble with the network one is told in so long, ms. */
const quiet = 60_000;

/** Listens on the local network, announces that, and links with whom it finds. */
export async function openLan({ source, links, dial, relays, log, place }: LanOptions): Promise<Lan> {
  const { addresses = nearAddresses, near = isNear } = place ?? {};
  const openEngine = place?.openEngine ?? (await import('./bonjour.ts')).openBonjour;
  const keys = lanKeys(source.workspace, await source.credentials());
  const listener = await listenOnLan({
    keys,
    admits: near,
    timer: realTimer,
    join: (role, transport) =>
      links.connect({
        role,
        transport,
        onEvent(event) {
          if (event.type === 'closed' && event.code === closeCodes.unproven)
            log.warn({ reason: event.reason }, 'on the local network somebody did not prove who they are');
        },
      }),
  });
  const secure = dialSettings(keys);
  let troubled = Number.NEGATIVE_INFINITY;
  const finding = openFinding({
    keys,
    openEngine,
    port: listener.port,
    addresses,
    near,
    relays,
    dial({ host, port }) {
      const link = dial({ url: `wss://${host}:${port}`, secure });
      return {
        get linked() {
          return link.status().state === 'linked';
        },
        close: link.close,
      };
    },
    now: Date.now,
    timer: realTimer,
    random: pooledRandom,
    trouble(error) {
      // A network that is gone fails for each packet, and anybody on it can have packets sent.
      const told = Date.now() - troubled < quiet;
      if (!told) troubled = Date.now();
      log[told ? 'debug' : 'warn']({ err: error }, 'looking through the local network failed');
    },
  });
  log.info({ port: listener.port }, 'replicas of the local network are looked for');
  return {
    port: listener.port,
    look: finding.look,
    async close() {
      await finding.close();
      await listener.close();
    },
  };
}
