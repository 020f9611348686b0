import { randomBytes } from 'node:crypto';
import { CoterieError } from '../../schemas/index.ts';
import type { OpenOptions, Replica } from '../../src/replica/surface.ts';
import { createApp } from '../http/app.ts';
import { openMetrics } from '../http/metrics.ts';
import type { Door, StreamLimits } from '../http/route.ts';
import { listen } from '../http/server.ts';
import { type Log, openLog } from './log.ts';
import { codeOf } from './private-file.ts';
import { removeRunFile, writeRunFile } from './run-file.ts';
import { openTokens } from './tokens.ts';

export interface NodeOptions extends OpenOptions {
  /** 4270 unless said; 0 takes any free one. */
  readonly port?: number | undefined;
  /** `127.0.0.1` unless said; another name of this machine's own loopback at most. */
  readonly host?: string | undefined;
  readonly log?: Log | undefined;
  /** URLs of nodes to sync with, always; those of a ticket by which the workspace was joined come on top. */
  readonly upstreams?: readonly string[] | undefined;
  /** Where run files lie by which replicas of one machine find each other; by default the user's. */
  readonly state?: string | undefined;
  /** How streams behave, where the defaults do not fit. */
  readonly streams?: Partial<StreamLimits> | undefined;
  /** Opens the replica; a test may pass another. */
  readonly open?: ((options: OpenOptions) => Promise<Replica>) | undefined;
}

/** A running node. */
export interface Node {
  readonly url: string;
  readonly port: number;
  readonly directory: string;
  /** Random, new for each start; `/healthz` answers it. */
  readonly id: string;
  readonly replica: Replica;
  /** Answers what is under way, ends streams, closes the replica. Calling it again waits for the same end. */
  close(): Promise<void>;
}

/** The port of a node when nobody says. */
export const defaultPort = 4270;

/** Requests under way get this long for their answers, ms: the whole stop takes less than a second. */
const grace = 500;
/** Connections are cut after this long whatever the disk does, ms. */
const patience = 300;

const defaultStreams: StreamLimits = {
  heartbeat: 15_000,
  bufferBytes: 256 * 1024,
  patience: 10_000,
  count: 512,
};

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
  const { port = defaultPort, host = '127.0.0.1', streams, open = openDefault, ...opening } = options;
  const log = options.log ?? openLog();
  const replica = await open(opening);
  try {
    const { config } = opening;
    return await openDoors({ replica, log, port, host, config, streams: { ...defaultStreams, ...streams } });
  } catch (error) {
    await replica.close();
    throw error;
  }
}

interface Doors {
  readonly replica: Replica;
  readonly log: Log;
  readonly port: number;
  readonly host: string;
  readonly config: string | undefined;
  readonly streams: StreamLimits;
}

async function openDoors({ replica, log, port, host, config, streams }: Doors): Promise<Node> {
  const { directory } = replica;
  const { configDirectory, openMachineKey, version } = await import('../../src/index.ts');
  const key = await openMachineKey(config ?? configDirectory());
  const tokens = openTokens(directory, ({ message, hint }) => log.warn({ hint }, message));
  const listening = await listen(host, port);
  const metrics = openMetrics();
  const stop = new AbortController();
  const id = randomBytes(16).toString('base64url');
  const { url } = listening;
  const door: Door = {
    replica,
    version,
    node: id,
    url,
    metrics,
    log,
    stopping: stop.signal,
    streams,
  };
  listening.serve(createApp(door, tokens), log);
  try {
    writeRunFile(directory, {
      url,
      pid: process.pid,
      started: new Date().toISOString(),
      directory,
      node: id,
    });
  } catch (error) {
    metrics.close();
    await listening.cut();
    throw new CoterieError('directory_unreadable', `The run file cannot be written (${codeOf(error)}).`, {
      cause: error,
    });
  }
  const detach = replica.attach({
    addresses: [url],
    key: key.publicKey,
    sign: key.sign,
    peers: async () => [],
  });
  log.info({ url, directory, workspace: replica.workspace.id }, 'the node listens');

  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    stop.abort();
    detach();
    await listening.drain(grace);
    // Whatever still waits for the disk is settled by the replica; its answer goes out if it comes in time.
    const closed = replica.close();
    closed.catch(() => undefined);
    await Promise.race([closed, pause(patience)]);
    await listening.cut();
    metrics.close();
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
