import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { muxProtocol, type RelayInfo } from '../../schemas/index.ts';
import { realTimer } from '../../src/replica/environment.ts';
import { version } from '../../src/replica/version.ts';
import { openMachineKey } from '../../src/replica/workspace/machine-key.ts';
import { makeDirectories } from '../../src/storage/make-directories.ts';
import { type RateLimit, usualRate } from '../http/allowance.ts';
import { serveBelow } from '../http/below.ts';
import { openGuard } from '../http/guard.ts';
import { openMetrics } from '../http/metrics.ts';
import type { Outside } from '../http/outside.ts';
import { createOwnApp } from '../http/own.ts';
import type { StreamLimits } from '../http/route.ts';
import { listen } from '../http/server.ts';
import { type Log, openLog } from '../node/log.ts';
import { openEnrolling } from './enrolling.ts';
import { hostedRoutes } from './routes.ts';
import { openSecret } from './secrets.ts';
import { openWorkspaces, type WorkspacesLimits, workspacesLimits } from './workspaces.ts';

export interface ReadableRelayOptions {
  /** Where its key, its codes and all workspaces lie. */
  readonly directory: string;
  /** 4280 unless said; 0 takes any free one. */
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  /** How other machines reach it: with a certificate, or through a proxy that has one. */
  readonly outside?: Outside | undefined;
  /** Anybody may have a workspace hosted, without the enrolment code. */
  readonly open?: boolean | undefined;
  readonly limits?: Partial<WorkspacesLimits> | undefined;
  /** How often a member may ask over HTTP. */
  readonly rate?: RateLimit | undefined;
  readonly log?: Log | undefined;
}

/** A running readable relay. */
export interface ReadableRelay {
  readonly url: string;
  readonly port: number;
  readonly directory: string;
  /** Lets a workspace in. */
  readonly code: string;
  /** File that holds the token of the operator. */
  readonly operator: string;
  readonly key: string;
  close(): Promise<void>;
}

/** The port of a readable relay when nobody says. */
export const readableRelayPort = 4280;

/** Requests under way get this long for their answers, ms. */
const grace = 500;

/** Streams of all workspaces together. */
const streams: Partial<StreamLimits> = { count: 8_192 };

/**
 * Starts a relay that is a replica of many workspaces: each is opened when somebody comes, and closed when nobody is
 * there. Its key lies in its directory. Rejects with `directory_unreadable` and `port_busy`.
 */
export async function startReadableRelay(options: ReadableRelayOptions): Promise<ReadableRelay> {
  const { port = readableRelayPort, host = '127.0.0.1', open = false } = options;
  const log = options.log ?? openLog();
  const directory = resolve(options.directory);
  makeDirectories(directory, 0o700);
  const key = await openMachineKey(directory);
  const code = openSecret(directory, 'enrolment.code');
  const operator = openSecret(directory, 'operator.token');
  const listening = await listen(host, port, { outside: options.outside });
  const { url } = listening;
  const relay: RelayInfo = {
    mode: 'readable',
    key: key.publicKey,
    protocols: [...muxProtocol.versions],
    version,
  };
  const node = randomBytes(16).toString('base64url');
  const metrics = openMetrics();
  const guard = openGuard();
  const workspaces = openWorkspaces({
    ...{ relay, key, url, node, metrics, guard, streams, log },
    rate: options.rate ?? usualRate,
    root: join(directory, 'workspaces'),
    limits: { ...workspacesLimits, ...options.limits },
    now: Date.now,
    timer: realTimer,
  });
  const enrolling = openEnrolling({
    workspaces,
    mayEnrol: (given) => open || code.is(given),
    timer: realTimer,
  });
  const isOperator = (token: string | undefined): boolean => operator.is(token);
  const routes = hostedRoutes({ relay, node, workspaces, enrolling, metrics, isOperator });
  const own = createOwnApp(routes, { log, metrics, guard });
  const below = serveBelow({
    own,
    async enter(workspace) {
      const { at, leave } = await workspaces.enter(workspace);
      return { doors: at.doors, leave };
    },
    log,
  });
  listening.serve(below.app, log, below.upgrade);
  log.info({ url, directory }, 'the relay listens');

  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    const ended = workspaces.close();
    await listening.drain(grace);
    await ended;
    await listening.cut();
    metrics.close();
  }
  return {
    url,
    port: listening.port,
    directory,
    code: code.value,
    operator: operator.file,
    key: key.publicKey,
    close() {
      closing ??= close();
      return closing;
    },
  };
}
