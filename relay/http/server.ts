import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { CoterieError } from '../../schemas/index.ts';
import type { Log } from '../node/log.ts';
import { stopping } from '../stopping.ts';
import { refusalOf, sendRefusal } from './errors.ts';
import { type GateOptions, hostsOf, refuseForeign } from './gate.ts';

type Fetch = Parameters<typeof getRequestListener>[0];

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
  readonly url: string;
  /** Begins to answer. Without `upgrade` no protocol can be switched to. */
  serve(app: { fetch: Fetch }, log: Log, upgrade?: Upgrade, gate?: GateOptions): void;
  /** Takes no more connections; resolves when every request has its answer, or after so many milliseconds. */
  drain(milliseconds: number): Promise<void>;
  /** Cuts what is left. */
  cut(): Promise<void>;
}

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE')
        reject(new CoterieError('port_busy', `Port ${port} is taken by another program.`));
      else if (error.code === 'EACCES')
        reject(new CoterieError('port_busy', `Port ${port} may not be taken by this user.`));
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
    log.error({ err: error, where: 'upgrade' }, 'a socket could not be opened');
    socket.destroy();
  }
}

/** Answers with an error where no HTTP answer is at hand, and ends the connection. */
function endWith(socket: Duplex, refused: CoterieError): void {
  const text = JSON.stringify(refused.toJSON());
  socket.end(
    `HTTP/1.1 ${refused.status} ${STATUS_CODES[refused.status] ?? ''}\r\ncontent-type: application/json\r\nconnection: close\r\n` +
      `content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
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

/** Opens the node's one HTTP port, on this machine only. */
export async function listen(host: string, port: number, arrival = usualArrival): Promise<Listening> {
  if (!loopback.has(host))
    throw new CoterieError('unsupported', `A node listens on this machine only, not on ${host}.`);
  const server = createServer({
    // Checked by us, with an answer that says so.
    requireHostHeader: false,
    maxHeaderSize: 16 * 1024,
    headersTimeout: arrival.headers,
    requestTimeout: arrival.request,
    keepAliveTimeout: 65_000,
    connectionsCheckingInterval: arrival.look,
    noDelay: true,
  });
  // Who has closed its half of a connection still gets its answer; `gone.ts` has who does not. The types do not know of it.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.maxConnections = 8_192;
  server.on('clientError', answerBroken);
  server.on('error', () => undefined);
  await bind(server, host, port);
  const bound = server.address() as AddressInfo;
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

  return {
    port: bound.port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound.port}`,
    serve(app, log, upgrade, gate) {
      const hosts = hostsOf(bound.port);
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
        const foreign = refuseForeign(incoming, hosts, gate);
        // What follows on the connection of a stranger is not read.
        if (foreign) sendRefusal(outgoing, refusalOf(foreign, log, 'gate'), { connection: 'close' });
        else void answer(incoming, outgoing);
      });
      server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
        // Nobody listens to its errors any more.
        socket.on('error', () => undefined);
        const refused = draining ? stopping() : refuseForeign(incoming, hosts, gate);
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
      const closed = new Promise<void>((resolve) => server.once('close', () => resolve()));
      const listening = server.listening;
      if (listening) server.close();
      server.closeAllConnections();
      for (const socket of switched) socket.destroy();
      if (listening) await closed;
    },
  };
}
