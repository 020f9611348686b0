import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import { WebSocket, WebSocketServer } from 'ws';
import { CoterieError, type ErrorShape, errorCodes } from '../../schemas/index.ts';
import { closeCodes } from '../../schemas/protocol.ts';
import { certificateFault, certificateSaid } from '../../src/client/certificates.ts';
import { frame } from './frame.ts';

/** One open WebSocket, as a rule of binary messages. Calls on a closed one do nothing. */
export interface Socket {
  /** The subprotocol that was agreed on, or the empty string. */
  readonly protocol: string;
  /** Names the encrypted connection, the same on both ends; undefined where nobody asked for it. */
  readonly binding: string | undefined;
  send(message: Uint8Array): void;
  /** A message of text. */
  sendText(text: string): void;
  /** Sends what `frame` made. Only on sockets that were accepted: those that dial have to mask. */
  sendFramed(framed: Uint8Array): void;
  /** Bytes that were sent and are not yet with the system. */
  buffered(): number;
  /** Reads no more until `resume`; the other side is slowed down by its own buffers. */
  pause(): void;
  resume(): void;
  ping(): void;
  /** How often anything came, pongs included. */
  heard(): number;
  /** Says goodbye; `closed` follows when the other side has answered, or after some seconds. */
  close(code: number, reason: string): void;
  /** Ends it at once. */
  cut(): void;
}

/** What a socket tells. None of these may throw; `closed` is the last and comes once. */
export interface SocketEvents {
  message(bytes: Uint8Array): void;
  /** Without it a message of text is malformed. */
  text?(text: string): void;
  /** Everything that was buffered is with the system. */
  drained(): void;
  closed(code: number, reason: string): void;
  /** The other end asked for a sign of life, and got it. */
  pinged?(): void;
}

/** Called when a socket is open. Nothing is missed between the call and the events that it returns. */
export type Opened = (socket: Socket) => SocketEvents;

/** How long a goodbye may take, ms. */
const farewell = 3_000;
/** How long the other side may take to answer a request to connect, ms. */
const handshake = 10_000;
/** Pieces that one message may come in: a message of many empty ones would cost memory. */
const fragments = 1_024;

const nothing = (): void => undefined;

/** The close codes of WebSocket itself. */
const noGoodbye = 1006;
const protocolError = 1002;
const faults: Readonly<Record<string, number>> = {
  WS_ERR_INVALID_UTF8: 1007,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
};

/** What was wrong with the frames that came, if that was it. */
function frameFault(
  error: Error & { readonly code?: unknown },
): { code: number; reason: string } | undefined {
  const { code } = error;
  if (typeof code !== 'string' || !code.startsWith('WS_ERR_')) return undefined;
  return { code: faults[code] ?? protocolError, reason: error.message };
}

/** The reason as WebSocket has room for it: 123 bytes, whole characters. */
export function shortened(reason: string): string {
  const bytes = Buffer.from(reason);
  if (bytes.length <= 123) return reason;
  return bytes
    .subarray(0, 123)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
}

/** What is under an open WebSocket. */
interface Under {
  readonly raw: Duplex;
  readonly masks: boolean;
  readonly binding: string | undefined;
}

/** What names a connection, or why nothing does: it broke meanwhile, or is not encrypted as it should be. */
function nameOf(raw: Duplex, binding: ((raw: Duplex) => string) | undefined): string | undefined | Error {
  try {
    return binding?.(raw);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Joins an open WebSocket to its events. */
function wrap(ws: WebSocket, { raw, masks, binding }: Under, opened: Opened): void {
  let heard = 0;
  // ws sends a frame in one turn unless it compresses, so whole frames beside its own are in order.
  const sendFramed = (framed: Uint8Array): void => {
    if (ws.readyState === WebSocket.OPEN) raw.write(framed);
  };
  const socket: Socket = {
    protocol: ws.protocol,
    binding,
    send(message) {
      if (!masks) sendFramed(frame(message));
      else if (ws.readyState === WebSocket.OPEN) ws.send(message, { binary: true });
    },
    sendText(text) {
      if (ws.readyState === WebSocket.OPEN) ws.send(text);
    },
    sendFramed,
    buffered: () => ws.bufferedAmount,
    pause: () => ws.pause(),
    resume: () => ws.resume(),
    ping() {
      if (ws.readyState === WebSocket.OPEN) ws.ping();
    },
    heard: () => heard,
    close(code, reason) {
      // A paused socket would never read the answer.
      ws.resume();
      ws.close(code, shortened(reason));
    },
    cut: () => ws.terminate(),
  };
  const events = opened(socket);
  ws.on('message', (data, isBinary) => {
    heard += 1;
    if (ws.readyState !== WebSocket.OPEN) return;
    if (isBinary && data instanceof Uint8Array) events.message(data);
    else if (!isBinary && events.text && Buffer.isBuffer(data)) events.text(data.toString('utf8'));
    else socket.close(closeCodes.malformed, 'a text message');
  });
  ws.on('pong', () => {
    heard += 1;
  });
  ws.on('ping', () => {
    heard += 1;
    events.pinged?.();
  });
  raw.on('drain', () => {
    if (ws.readyState === WebSocket.OPEN) events.drained();
  });
  // Whoever sends what is no frame seldom says goodbye: then it is told what was wrong.
  let broken: Error | undefined;
  ws.on('error', (error) => {
    broken ??= error;
  });
  ws.once('close', (code, reason) => {
    const why = code === noGoodbye && broken ? frameFault(broken) : undefined;
    if (why) events.closed(why.code, why.reason);
    else events.closed(code, reason.toString('utf8'));
  });
}

export interface AcceptOptions {
  /** Bytes of a message at most; a larger one closes its socket with 1009. */
  readonly maxPayload: number;
  /** Chooses one of the offered subprotocols; undefined agrees on none. */
  readonly choose?: (offered: ReadonlySet<string>) => string | undefined;
  /** Names the connection, where it is encrypted by replicas themselves. */
  readonly binding?: ((raw: Duplex) => string) | undefined;
}

/** Turns an upgrade request into a socket. One that is no proper WebSocket request is answered and ended. */
export type Accept = (incoming: IncomingMessage, raw: Duplex, head: Buffer, opened: Opened) => void;

/** The listening side. It counts nothing and has nothing to close: the HTTP server owns the connections. */
export function openAcceptor({ maxPayload, choose, binding }: AcceptOptions): Accept {
  const options = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload,
    maxFragments: fragments,
    closeTimeout: farewell,
    handleProtocols: (offered: ReadonlySet<string>) => choose?.(offered) ?? false,
  };
  const server = new WebSocketServer(options);
  return (incoming, raw, head, opened) => {
    // From the first moment: an error that nobody listens to ends the process.
    raw.on('error', nothing);
    server.handleUpgrade(incoming, raw, head, (ws) => {
      ws.on('error', nothing);
      const named = nameOf(raw, binding);
      if (named instanceof Error) ws.terminate();
      else wrap(ws, { raw, masks: false, binding: named }, opened);
    });
  };
}

/** TLS between two replicas, and what names such a connection. It throws for one that is not encrypted so. */
export interface Secure {
  readonly tls: ConnectionOptions;
  readonly binding: (raw: Duplex) => string;
}

export interface ConnectOptions {
  readonly url: string;
  readonly maxPayload: number;
  readonly protocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly secure?: Secure | undefined;
  readonly opened: Opened;
  /** It did not open; nothing else follows. */
  failed(error: Error): void;
}

/** Why a listener did not switch: an error of the closed list, if its answer is one. */
function answeredWith(status: number, body: Buffer): Error {
  try {
    const { code, message } = (JSON.parse(body.toString('utf8')) as ErrorShape).error;
    if (errorCodes.includes(code) && typeof message === 'string')
      return new CoterieError(code, shortened(message));
  } catch {
    // Another program, or an answer in pieces.
  }
  return new Error(`It answered with status ${status} instead of a WebSocket.`);
}

/** Dials once. Returns what gives up, or cuts the socket if it is open already. */
export function connectSocket(options: ConnectOptions): () => void {
  const settings = {
    ...options.secure?.tls,
    perMessageDeflate: false,
    maxPayload: options.maxPayload,
    maxFragments: fragments,
    handshakeTimeout: handshake,
    closeTimeout: farewell,
    followRedirects: false,
    headers: { ...options.headers },
  };
  let ws: WebSocket;
  try {
    ws = new WebSocket(options.url, [...(options.protocols ?? [])], settings);
  } catch (error) {
    // A URL that is none. Not at once, so that the caller has what we return first.
    let told = false;
    queueMicrotask(() => {
      if (!told) options.failed(error instanceof Error ? error : new Error(String(error)));
    });
    return () => {
      told = true;
    };
  }
  let open = false;
  let done = false;
  let raw: Duplex | undefined;
  ws.once('upgrade', (response) => {
    raw = response.socket;
  });
  const fail = (error: Error): void => {
    // Who encrypts by a key of its own looks at no certificate.
    const fault = options.secure ? undefined : certificateFault(error);
    const why = fault ? new CoterieError(fault, certificateSaid(options.url, fault)) : error;
    if (!open && !done) options.failed(why);
    done = true;
  };
  ws.on('error', fail);
  ws.once('unexpected-response', (_request, response) => {
    // Errors are short: what does not come at once is not waited for.
    const answered = (body: Buffer): void => {
      fail(answeredWith(response.statusCode ?? 0, body));
      ws.terminate();
    };
    response.once('data', answered);
    response.once('close', () => answered(Buffer.alloc(0)));
  });
  ws.once('open', () => {
    open = true;
    if (!raw || done) return;
    const binding = nameOf(raw, options.secure?.binding);
    if (binding instanceof Error) {
      open = false;
      fail(binding);
      ws.terminate();
    } else wrap(ws, { raw, masks: true, binding }, options.opened);
  });
  return () => {
    done = true;
    ws.terminate();
  };
}
