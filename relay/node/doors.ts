import { CoterieError, type RelayInfo } from '../../schemas/index.ts';
import { realTimer } from '../../src/replica/environment.ts';
import { standingOf } from '../../src/replica/standing.ts';
import type { Replica } from '../../src/replica/surface.ts';
import type { Links } from '../../src/sync/index.ts';
import { openAllowance, type RateLimit } from '../http/allowance.ts';
import { createApp } from '../http/app.ts';
import { type Guard, openGuard } from '../http/guard.ts';
import { type Metrics, openMetrics } from '../http/metrics.ts';
import type { Door, StreamLimits } from '../http/route.ts';
import type { Upgrade } from '../http/server.ts';
import { type Entrance, openEntrance } from '../http/session/entrance.ts';
import { type Logins, openLogins } from '../http/session/logins.ts';
import { openStreamDoor, streamPath } from '../http/stream/websocket.ts';
import { type Callers, openCallers } from '../proof/callers.ts';
import { openSocketDoors, type SocketDoors } from '../rooms/doors.ts';
import { stopping } from '../stopping.ts';
import { sourceOf } from './hosting.ts';
import type { Log } from './log.ts';
import { openTokens } from './tokens.ts';

export interface ReplicaDoorsOptions {
  readonly replica: Replica;
  /** Its links; undefined for one without sessions. */
  readonly links: Links | undefined;
  /** Where the doors are reached: `http://127.0.0.1:4270`, or with the path that they lie below. */
  readonly url: string;
  /** Random, new for each start. */
  readonly node: string;
  readonly version: string;
  readonly relay: RelayInfo;
  readonly rate: RateLimit;
  readonly streams?: Partial<StreamLimits> | undefined;
  readonly log: Log;
  /** Where requests are counted, where several replicas share that; by default these doors count by themselves. */
  readonly metrics?: Metrics | undefined;
  /** Limits by address, where several replicas share a listener. */
  readonly guard?: Guard | undefined;
}

/** All doors of one replica, whichever listener they are served by: their paths begin at `/`. */
export interface ReplicaDoors {
  readonly app: ReturnType<typeof createApp>;
  readonly upgrade: Upgrade;
  /** Ends streams and sockets; resolves when what came is stored. What is asked from then on is refused. */
  close(): Promise<void>;
}

const defaultStreams: StreamLimits = {
  heartbeat: 15_000,
  bufferBytes: 256 * 1024,
  patience: 10_000,
  count: 512,
};

/** The sockets of replicas and of other Yjs clients, where the replica has sessions. */
function openSockets(
  { replica, links, log }: ReplicaDoorsOptions,
  callers: Callers,
  entrance: Entrance,
): SocketDoors | undefined {
  const source = sourceOf(replica);
  if (!source || !links) return undefined;
  return openSocketDoors({
    source,
    links,
    callers,
    entrance,
    pads: source.pads,
    timer: realTimer,
    onTrouble: (error) => log.warn({ err: error }, 'a document that others write failed'),
  });
}

/** Who may come in: by a token of the replica's directory, or by a proof of key for this listener. */
function callersOf(
  { replica, relay, log }: ReplicaDoorsOptions,
  logins: Logins,
): ReturnType<typeof openCallers> {
  const tokens = openTokens(replica.directory, ({ message, hint }) => log.warn({ hint }, message));
  const source = sourceOf(replica);
  return openCallers({
    workspace: replica.workspace.id,
    audience: relay.key,
    whose: (token) => tokens.whose(token),
    as: (handle) => replica.as(handle),
    standing: standingOf(replica),
    onChange(listener) {
      const stopMembers = source?.onUpdate(({ document }) => {
        if (document.startsWith('log/members/')) listener();
      });
      const stopSessions = logins.onEnded(listener);
      return () => {
        stopMembers?.();
        stopSessions();
      };
    },
    now: Date.now,
    timer: realTimer,
  });
}

/** Opens HTTP, streams, MCP and sockets of a replica, with the tokens of its directory. Nothing listens yet. */
export function openReplicaDoors(options: ReplicaDoorsOptions): ReplicaDoors {
  const { replica, url, node, version, relay, rate, streams, log } = options;
  const logins = openLogins(Date.now);
  const callers = callersOf(options, logins);
  const guard = options.guard ?? openGuard();
  const entrance = openEntrance(callers, logins, guard);
  const metrics = options.metrics ?? openMetrics();
  const stop = new AbortController();
  const door: Door = {
    replica,
    version,
    node,
    url,
    relay,
    metrics,
    log,
    stopping: stop.signal,
    callers,
    entrance,
    guard,
    logins,
    allowance: openAllowance(rate),
    streams: { ...defaultStreams, ...streams },
  };
  const sockets = openSockets(options, callers, entrance);
  if (sockets && !options.metrics) metrics.include(sockets.samples);
  const streaming = openStreamDoor(door);
  return {
    app: createApp(door),
    upgrade(incoming, raw, head) {
      if ((incoming.url ?? '').split('?', 1)[0] === streamPath) return streaming(incoming, raw, head);
      return sockets
        ? sockets.upgrade(incoming, raw, head)
        : new CoterieError('invalid', 'There is no WebSocket at this path.');
    },
    async close() {
      stop.abort(stopping());
      callers.close();
      if (!options.metrics) metrics.close();
      await sockets?.close();
    },
  };
}
