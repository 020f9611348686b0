import { randomBytes } from 'node:crypto';
import { CoterieError, muxProtocol } from '../../schemas/index.ts';
import type { OpenOptions } from '../../src/replica/options.ts';
import type { Replica } from '../../src/replica/surface.ts';
import { type RateLimit, usualRate } from '../http/allowance.ts';
import type { Outside } from '../http/outside.ts';
import type { StreamLimits } from '../http/route.ts';
import type { Arrival } from '../http/server.ts';
import { openReplicaDoors } from './doors.ts';
import { type HostingOptions, openHosting } from './hosting.ts';
import { defaultPort, listenAsNode, type Place } from './listening.ts';
import { type Log, openLog } from './log.ts';
import { codeOf } from './private-file.ts';
import { removeRunFile, writeRunFile } from './run-file.ts';

export interface NodeOptions extends OpenOptions {
  /** 4270 unless said; 0 takes any free one. */
  readonly port?: number | undefined;
  /** `127.0.0.1` unless said; one that other machines reach needs `outside`. */
  readonly host?: string | undefined;
  /** How other machines reach it: with a certificate, or through a proxy that has one. */
  readonly outside?: Outside | undefined;
  readonly log?: Log | undefined;
  /** URLs of nodes to sync with, always; those of a ticket by which the workspace was joined come on top. */
  readonly upstreams?: readonly string[] | undefined;
  /** Whether replicas of the local network are looked for, and on which, where it is another than this machine's. */
  readonly discover?: HostingOptions['discover'];
  /** Where run files lie by which replicas of one machine find each other; by default the user's. */
  readonly state?: string | undefined;
  /** How often a member may ask over HTTP, where the default does not fit. */
  readonly rate?: RateLimit | undefined;
  /** How streams behave, where the defaults do not fit. */
  readonly streams?: Partial<StreamLimits> | undefined;
  /** How long a request may take to arrive, where the default does not fit. */
  readonly arrival?: Arrival | undefined;
  /** Between two looks at the files of its certificate, ms, where the default does not fit. */
  readonly certificateLook?: number | undefined;
  /** Opens the replica; a test may pass another. */
  readonly open?: ((options: OpenOptions) => Promise<Replica>) | undefined;
}

/** A running node. */
export interface Node {
  /** Where programs of this machine reach it. */
  readonly url: string;
  /** Where others do; the same where there is no such. */
  readonly publicUrl: string;
  readonly port: number;
  readonly directory: string;
  /** Random, new for each start; `/healthz` answers it. */
  readonly id: string;
  readonly replica: Replica;
  /** Answers what is under way, ends streams, closes the replica. Calling it again waits for the same end. */
  close(): Promise<void>;
}

export { defaultPort } from './listening.ts';

/** Requests under way get this long for their answers, ms: the whole stop takes less than a second. */
const grace = 500;
/** Connections are cut after this long whatever the disk does, ms. */
const patience = 300;

async function openDefault(options: OpenOptions): Promise<Replica> {
  const { openReplica } = await import('../../src/index.ts');
  return openReplica(options);
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds).unref());

/**
 * Starts a node: opens the replica, then listens, then leaves the run file by which the command line finds it. What
 * fails closes again what was opened.
 */
export async function startNode(options: NodeOptions): Promise<Node> {
  const { port = defaultPort, host = '127.0.0.1', streams, rate = usualRate, ...rest } = options;
  const {
    upstreams = [],
    discover,
    state,
    open = openDefault,
    arrival,
    outside,
    certificateLook: look,
    ...opening
  } = rest;
  const log = options.log ?? openLog();
  const replica = await open(opening);
  try {
    const { config } = opening;
    const around = { config, state, upstreams, discover };
    const place = { host, port, outside, arrival, look };
    return await openDoors({ replica, log, place, around, rate, streams });
  } catch (error) {
    await replica.close();
    throw error;
  }
}

interface Doors {
  readonly replica: Replica;
  readonly log: Log;
  readonly place: Place;
  readonly around: Pick<HostingOptions, 'config' | 'state' | 'upstreams' | 'discover'>;
  readonly rate: RateLimit;
  readonly streams: Partial<StreamLimits> | undefined;
}

async function openDoors({ replica, log, place, around, rate, streams }: Doors): Promise<Node> {
  const { directory } = replica;
  const { version } = await import('../../src/index.ts');
  const hosting = await openHosting({ replica, node: true, log, ...around });
  const listening = await listenAsNode(place).catch(async (error: unknown) => {
    await hosting.close();
    throw error;
  });
  const id = randomBytes(16).toString('base64url');
  const { local: url, url: publicUrl } = listening;
  const doors = openReplicaDoors({
    replica,
    links: hosting.links,
    url,
    node: id,
    version,
    relay: { mode: 'node', key: hosting.key, protocols: [...muxProtocol.versions], version },
    rate,
    streams,
    log,
  });
  listening.serve(doors.app, log, doors.upgrade);
  try {
    writeRunFile(directory, {
      url,
      pid: process.pid,
      started: new Date().toISOString(),
      directory,
      node: id,
    });
  } catch (error) {
    await Promise.all([listening.cut(), hosting.close(), doors.close()]);
    throw new CoterieError('directory_unreadable', `The run file cannot be written (${codeOf(error)}).`, {
      cause: error,
    });
  }
  // The port is the node's to close.
  hosting.begin({ url, close: async () => undefined }, [publicUrl]);
  log.info({ url, publicUrl, directory, workspace: replica.workspace.id }, 'the node listens');

  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    const left = Promise.all([hosting.close(), doors.close()]).catch((error: unknown) =>
      log.warn({ err: error }, 'not all sockets ended well'),
    );
    await Promise.all([listening.drain(grace), Promise.race([left, pause(grace)])]);
    // Whatever still waits for the disk is settled by the replica; its answer goes out if it comes in time.
    const closed = replica.close();
    closed.catch(() => undefined);
    await Promise.race([closed, pause(patience)]);
    await listening.cut();
    try {
      removeRunFile(directory, id);
    } catch (error) {
      log.warn({ err: error }, 'the run file was not removed');
    }
    await closed;
    log.info({ url }, 'the node stopped');
  }

  return {
    url,
    publicUrl,
    port: listening.port,
    directory,
    id,
    replica,
    close() {
      closing ??= close();
      return closing;
    },
  };
}
