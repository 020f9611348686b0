import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { CoterieError } from '../../schemas/index.ts';
import type { Log } from '../node/log.ts';
import { stopping } from '../stopping.ts';
import { openAddresses, openProxies } from './address.ts';
import { refusalOf, sendRefusal, waitOf } from './errors.ts';
import { type GateOptions, refuseForeign } from './gate.ts';
import { allowedOf, type Outside, refuseBare } from './outside.ts';
import { openShares, type ShareLimits } from './shares.ts';
import { readPair, watchPair } from './tls.ts';

/** Answers requests. */
export type Fetch = Parameters<typeof getRequestListener>[0];

/**
 * Takes a request to switch to another protocol, its Host and Origin checked; the raw socket is the taker's from then on.
 * Answers with an error to refuse it.
 */
export type Upgrade = (
  incoming: IncomingMessage,
  raw: Duplex,
  head: Buffer,
) => CoterieError | undefined | Promise<CoterieError | undefined>;

/** A socket that listens, before anything answers on it. */
export interface Listening {
  readonly port: number;
  /** Where it is reached: the public URL, where there is one. */
  readonly url: string;
  /** Where it is reached from this machine. */
  readonly bound: string;
  /** Begins to answer. Without `upgrade` no protocol can be switched to. */
  serve(app: { fetch: Fetch }, log: Log, upgrade?: Upgrade, gate?: GateOptions): void;
  /** Takes no more connections; resolves when every request has its answer, or after so many milliseconds. */
  drain(milliseconds: number): Promise<void>;
  /** Cuts what is left. */
  cut(): Promise<void>;
}

function bind(server: Server | TlsServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE')
        reject(new CoterieError('port_busy', `Port ${port} is taken by another program.`));
      else if (error.code === 'EACCES')
        reject(new CoterieError('port_busy', `Port ${port} may not be taken by this user.`));
      else if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
        reject(new CoterieError('invalid', `${host} is no address of this machine.`));
      else reject(error);
    });
    server.listen({ host, port, exclusive: true }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

/** Requests that do not parse, or do not arrive, get the one shape too. */
function answerBroken(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const late = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  if (late) endWith(socket, new CoterieError('too_slow', 'the request took too long to arrive'));
  else if (error.code === 'HPE_HEADER_OVERFLOW')
    endWith(
      socket,
      new CoterieError('too_large', 'the request headers, or the URL, are too large', {
        hint: 'Send fewer or shorter headers, and a shorter query in the URL.',
      }),
    );
  else
    endWith(
      socket,
      new CoterieError('invalid', 'this is not a whole HTTP request', { hint: 'Send one, to its end.' }),
    );
}

/** Ends an upgrade that was refused, at once or after a while. */
async function refuseWith(socket: Duplex, log: Log, upgrade: () => ReturnType<Upgrade>): Promise<void> {
  try {
    const answer = upgrade();
    const refused = answer instanceof Promise ? await answer : answer;
    if (refused) endWith(socket, refused);
  } catch (error) {
    if (error instanceof CoterieError) return endWith(socket, error);
    log.error({ err: error, where: 'upgrade' }, 'a socket could not be opened');
    socket.destroy();
  }
}

/** Answers with an error where no HTTP answer is at hand, and ends the connection. */
function endWith(socket: Duplex, refused: CoterieError): void {
  const text = JSON.stringify(refused.toJSON());
  const wait = waitOf(refused);
  socket.end(
    `HTTP/1.1 ${refused.status} ${STATUS_CODES[refused.status] ?? ''}\r\ncontent-type: application/json\r\nconnection: close\r\n` +
      `${wait === undefined ? '' : `retry-after: ${wait}\r\n`}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}

/** How long a request may take to arrive, ms. */
export interface Arrival {
  readonly headers: number;
  /** The whole of it, body and all. */
  readonly request: number;
  /** Between two looks at who is late. */
  readonly look: number;
}

const usualArrival: Arrival = { headers: 10_000, request: 30_000, look: 2_000 };

export interface ListenOptions {
  readonly arrival?: Arrival | undefined;
  /** How it is reached from other machines, if it is. */
  readonly outside?: Outside | undefined;
  /** Between two looks at the files of its certificate, ms. */
  readonly look?: number | undefined;
  /** What one address may have of it, where the default does not fit. */
  readonly shares?: ShareLimits | undefined;
}

/**
 * Opens one HTTP port: on this machine only, unless what is sent is encrypted. Rejects with `needs_tls`, `tls_unusable`,
 * `port_busy` and `invalid`.
 */
export async function listen(host: string, port: number, options: ListenOptions = {}): Promise<Listening> {
  const { arrival = usualArrival, outside } = options;
  refuseBare(host, outside);
  const whoAsks = openAddresses(outside?.proxy);
  const pair = outside?.tls && readPair(outside.tls);
  const settings = {
    // Checked by us, with an answer that says so.
    requireHostHeader: false,
    maxHeaderSize: 16 * 1024,
    headersTimeout: arrival.headers,
    requestTimeout: arrival.request,
    keepAliveTimeout: 65_000,
    connectionsCheckingInterval: arrival.look,
    noDelay: true,
  };
  const secure = pair && createTlsServer({ ...settings, ...pair.options, handshakeTimeout: arrival.headers });
  const server = secure ?? createServer(settings);
  const shares = openShares(openProxies(outside?.proxy), options.shares);
  server.on('connection', (socket: Socket) => {
    if (!shares.connect(socket)) socket.destroy();
  });
  // Who has closed its half of a connection still gets its answer; `gone.ts` has who does not. The types do not know of it.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.maxConnections = 8_192;
  server.on('clientError', answerBroken);
  server.on('error', () => undefined);
  await bind(server, host, port);
  const bound = server.address() as AddressInfo;
  const allow = (names: readonly string[] | undefined): ReturnType<typeof allowedOf> =>
    allowedOf(host, bound.port, outside, names);
  let allowed: ReturnType<typeof allowedOf>;
  try {
    allowed = allow(pair?.names);
  } catch (error) {
    server.close();
    throw error;
  }
  let unwatch = (): void => undefined;
  const open = new Set<ServerResponse>();
  /** Connections that speak another protocol now: the server does not know them any more. */
  const switched = new Set<Duplex>();
  let onIdle: (() => void) | undefined;
  let draining = false;

  function track(outgoing: ServerResponse): void {
    open.add(outgoing);
    outgoing.once('close', () => {
      open.delete(outgoing);
      if (open.size === 0) onIdle?.();
    });
  }

  /** Takes a renewed certificate; a pair that does not fit, as while one of two files is written, changes nothing. */
  function renew(log: Log): void {
    if (!secure || !outside?.tls) return;
    try {
      const { options: renewed, names } = readPair(outside.tls);
      secure.setSecureContext(renewed);
      allowed = allow(names);
      log.info({ names }, 'the certificate was renewed');
    } catch (error) {
      log.error({ err: error }, 'the new certificate is not taken, the one before stays');
    }
  }

  return {
    port: bound.port,
    url: allowed.url,
    bound: `${secure ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${bound.port}`,
    serve(app, log, upgrade, gate) {
      if (outside?.tls) unwatch = watchPair(outside.tls, () => renew(log), options.look);
      const answer = getRequestListener(app.fetch, {
        overrideGlobalObjects: false,
        errorHandler(error) {
          const invalid = error instanceof Error && error.name === 'RequestError';
          const shown = invalid ? new CoterieError('invalid', `the request target is malformed`) : error;
          const refusal = refusalOf(shown, log, 'request');
          return Response.json(refusal.answer, { status: refusal.status });
        },
      });
      server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
        track(outgoing);
        if (draining) outgoing.setHeader('connection', 'close');
        // A reader that hangs up is no event worth a crash.
        outgoing.on('error', () => undefined);
        const asker = whoAsks(incoming);
        const foreign = refuseForeign(incoming, allowed, gate) ?? shares.send(incoming, outgoing, asker);
        // What follows on the connection of a stranger is not read.
        if (foreign) sendRefusal(outgoing, refusalOf(foreign, log, 'gate'), { connection: 'close' });
        else void answer(incoming, outgoing);
      });
      server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
        // Nobody listens to its errors any more.
        socket.on('error', () => undefined);
        whoAsks(incoming);
        const refused = draining ? stopping() : refuseForeign(incoming, allowed, gate);
        if (refused) endWith(socket, refused);
        else if (upgrade === undefined) answerBroken(new Error('upgrade'), socket as Socket);
        else {
          switched.add(socket);
          socket.once('close', () => switched.delete(socket));
          void refuseWith(socket, log, () => upgrade(incoming, socket, head));
        }
      });
    },
    async drain(milliseconds) {
      draining = true;
      server.close();
      server.closeIdleConnections();
      for (const outgoing of open) if (!outgoing.headersSent) outgoing.setHeader('connection', 'close');
      if (open.size === 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
    async cut() {
      unwatch();
      const closed = new Promise<void>((resolve) => server.once('close', () => resolve()));
      const listening = server.listening;
      if (listening) server.close();
      server.closeAllConnections();
      for (const socket of switched) socket.destroy();
      if (listening) await closed;
    },
  };
}
