import { CoterieError } from '../../schemas/index.ts';
import { closeCodes, muxProtocol } from '../../schemas/protocol.ts';
import type { ReplicaSource } from '../../src/replica/sync/index.ts';
import type { Refusals } from '../../src/replica/sync/refusals.ts';
import { mostClients, type Pads } from '../../src/storage/pads.ts';
import type { LinkCounts, Links, SyncSource } from '../../src/sync/index.ts';
import { askerOf } from '../http/address.ts';
import { type Sample, single } from '../http/metrics.ts';
import type { Upgrade } from '../http/server.ts';
import type { Entrance } from '../http/session/entrance.ts';
import { openMuxListener } from '../mux/listen.ts';
import { openAcceptor, type Socket, type SocketEvents } from '../mux/socket.ts';
import { type Caller, type Callers, closeCodeOf } from '../proof/callers.ts';
import { openCrowd } from './crowd.ts';
import type { Documents } from './documents/document.ts';
import { openLogDocuments } from './documents/log-documents.ts';
import { nodeDocuments } from './documents/node-documents.ts';
import { openDocuments } from './documents/open-documents.ts';
import { byCode, roomCounts, roomSamples } from './metrics.ts';
import { openRooms, type RoomsLimits } from './rooms.ts';
import { chooseProtocol, wantsStored } from './subprotocol.ts';

export interface SocketDoorsOptions {
  readonly source: SyncSource & Partial<Pick<ReplicaSource, 'forget' | 'met' | 'refusals' | 'turnedAway'>>;
  readonly links: Links;
  /** Who comes, if it shows anything. */
  readonly entrance: Pick<Entrance, 'ifAny'>;
  /** Until when it may stay. */
  readonly callers: Pick<Callers, 'watch'>;
  /** Where pads lie. */
  readonly pads: Pick<Pads, 'store' | 'wrote' | 'crowded'>;
  readonly timer: (task: () => void, ms: number) => () => void;
  readonly onTrouble?: ((error: unknown) => void) | undefined;
  readonly limits?: Partial<RoomsLimits> | undefined;
  readonly crowd?: Partial<CrowdLimits> | undefined;
}

/** The WebSockets of a node: `/mux` for replicas, `/sync/<workspace>/<document>` for any Yjs client. */
export interface SocketDoors {
  readonly upgrade: Upgrade;
  samples(): Sample[];
  /** Sends everybody away; resolves when what came is stored. */
  close(): Promise<void>;
}

/** What sessions with other replicas count. */
function linkSamples({ refused, parked, released, repaired, closes }: LinkCounts): Sample[] {
  const counter = (name: string, help: string, value: number): Sample =>
    single(`coterie_mux_${name}_total`, 'counter', help, value);
  return [
    counter('refused', 'Sessions closed for a refused update.', refused),
    counter('parked', 'Updates of which a part had to wait for what it follows.', parked),
    counter('released', 'Parts of updates that waited and were taken then.', released),
    counter('repaired', 'Entries and texts that came by key since documents differed.', repaired),
    byCode('coterie_mux_closed_total', 'Sessions of replicas that ended, by close code.', closes),
  ];
}

/** What was refused, by whom and why. */
const refusedSample = ({ of }: Refusals): Sample => ({
  name: 'coterie_refused_total',
  type: 'counter',
  help: 'Updates and entries that no honest replica sends, by who sent them and why they were refused.',
  values: of.map(({ by, reason, count }) => [{ by, reason }, count]),
});

const faultySample = (faults: ReadonlyMap<string, number>): Sample => ({
  name: 'coterie_presence_refused_total',
  type: 'counter',
  help: 'Statements of presence from other replicas that were left out, by why.',
  values: [...faults].map(([reason, count]) => [{ reason }, count]),
});

export interface CrowdLimits {
  /** Plain sockets of who has a token, at most. */
  readonly sockets: number;
  /** Of who has none, at most: each is told so, and stays until it has left. */
  readonly strangers: number;
  /** Of these from one address of elsewhere. */
  readonly strangersEach: number;
}

const defaultCrowd: CrowdLimits = { sockets: 2_048, strangers: 256, strangersEach: 32 };

const nothing = (): void => undefined;
const silent: SocketEvents = { message: nothing, drained: nothing, closed: nothing };

/** A message of `/sync`: this byte, then a proof of key, which takes the place of the one that the session began with. */
const renewal = 125;
/** A proof that comes sooner after another is not looked at, ms. */
const often = 1_000;

const noToken = (): CoterieError => new CoterieError('unauthorized', 'no token, or not one of this node');
function known(error: unknown): CoterieError {
  if (error instanceof CoterieError) return error;
  throw error;
}

const plain = /^\/sync\/([^/]+)\/(.+)$/;

export function openSocketDoors(options: SocketDoorsOptions): SocketDoors {
  const { source, links, callers, timer } = options;
  const counts = roomCounts();
  const listener = openMuxListener({ join: (role, transport) => links.connect({ role, transport }), timer });
  const logs = openLogDocuments(source);
  let pads: Promise<Documents> | undefined;

  async function openPads(): Promise<Documents> {
    const store = await options.pads.store();
    const monotonic = (): number => performance.now();
    const { wrote } = options.pads;
    return openDocuments({ store, counts, monotonic, onClients: wrote, onTrouble: options.onTrouble });
  }

  const documents = nodeDocuments({
    logs,
    turnedAway: logs.turnedAway,
    pads() {
      pads ??= openPads().catch((error: unknown) => {
        // The next pad tries again.
        pads = undefined;
        throw error;
      });
      return pads;
    },
  });
  const { met, turnedAway } = logs;
  const rooms = openRooms({ documents, counts, timer, limits: options.limits, met, turnedAway });
  const accept = openAcceptor({ maxPayload: muxProtocol.plainFrameBytes, choose: chooseProtocol });

  const most: CrowdLimits = { ...defaultCrowd, ...options.crowd };
  const members = openCrowd(most.sockets);
  const strangers = openCrowd(most.strangers, most.strangersEach);

  /** Refuses with close codes: an HTTP status tells a browser nothing, and its client would try for ever. */
  function welcome(
    socket: Socket,
    who: Caller | CoterieError,
    workspace: string,
    name: string,
  ): SocketEvents {
    if (who instanceof CoterieError) socket.close(closeCodeOf(who), who.message);
    else if (workspace !== source.workspace) socket.close(closeCodes.workspace, 'not this workspace');
    else if (!who.opens(name)) socket.close(closeCodes.stranger, 'the proof of key is for another document');
    else return join(socket, who, name);
    return silent;
  }

  function join(socket: Socket, caller: Caller, name: string): SocketEvents {
    const watch = callers.watch(caller, (why) => socket.close(closeCodeOf(why), why.message), name);
    const events = rooms.join(socket, name, { wantsStored: wantsStored(socket.protocol), caller });
    let renewed = Number.NEGATIVE_INFINITY;
    return {
      ...events,
      message(bytes) {
        if (bytes[0] !== renewal) return events.message(bytes);
        const now = performance.now();
        // Looking at a proof costs more than most messages do.
        if (now - renewed < often) return;
        renewed = now;
        void watch.renew(Buffer.from(bytes.subarray(1)).toString('latin1'));
      },
      closed(code, reason) {
        watch.stop();
        events.closed(code, reason);
      },
    };
  }

  const upgrade: Upgrade = (incoming, raw, head) => {
    const path = (incoming.url ?? '/').split('?', 1)[0] ?? '';
    if (path === '/mux') return listener.upgrade(incoming, raw, head);
    const [, workspace, rest] = plain.exec(path) ?? [];
    if (workspace === undefined || rest === undefined)
      return new CoterieError('invalid', 'There is no WebSocket at this path.');
    let name: string;
    try {
      name = decodeURIComponent(rest);
    } catch {
      return new CoterieError('invalid', 'the name of the document is not a well-formed path');
    }
    const enter = (who: Caller | CoterieError): CoterieError | undefined => {
      // It left while it was asked for.
      if (raw.destroyed) return undefined;
      const crowd = who instanceof CoterieError ? strangers : members;
      if (!crowd.enter(raw, askerOf(incoming))) return new CoterieError('busy', 'Too many sockets are open.');
      accept(incoming, raw, head, (socket) => welcome(socket, who, workspace, name));
      return undefined;
    };
    return options.entrance.ifAny(incoming, 'socket').then(
      (who) => enter(who ?? noToken()),
      (error) => enter(known(error)),
    );
  };

  return {
    upgrade,
    samples: () => [
      ...roomSamples(counts),
      single(
        'coterie_pads_crowded',
        'gauge',
        `Pads, of those loaded since the start, that ${mostClients} clients or more have written to.`,
        options.pads.crowded().length,
      ),
      single('coterie_mux_sockets', 'gauge', 'Sockets of other replicas that are open.', listener.sessions),
      ...linkSamples(links.status()),
      ...(source.refusals ? [refusedSample(source.refusals())] : []),
      ...(source.statements ? [faultySample(source.statements.faults())] : []),
    ],
    async close() {
      listener.close();
      await rooms.close();
      logs.close();
    },
  };
}
