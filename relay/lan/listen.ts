import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { CoterieError } from '../../schemas/index.ts';
import type { Timer } from '../../src/sync/session/types.ts';
import { openMuxListener } from '../mux/listen.ts';
import type { Join } from '../mux/transport.ts';
import type { LanKeys } from './keys.ts';
import { bindingOf, listenSettings } from './tls.ts';

export interface LanListenOptions {
  readonly keys: LanKeys;
  readonly join: Join;
  /** Whether an address may connect. */
  readonly admits: (address: string) => boolean;
  readonly timer: Timer;
  /** 0.0.0.0 unless said. */
  readonly host?: string | undefined;
}

/** Where replicas of the local network connect. */
export interface LanListener {
  readonly port: number;
  /** Connections, whatever became of them. */
  readonly connections: number;
  close(): Promise<void>;
}

/** Connections at most, and of one address: more than a workspace has replicas there. */
const most = 256;
const mostOfOne = 16;

function answer(raw: Duplex, refused: CoterieError): void {
  const text = JSON.stringify(refused);
  const length = Buffer.byteLength(text);
  raw.end(
    `HTTP/1.1 ${refused.status} refused\r\nconnection: close\r\ncontent-length: ${length}\r\n\r\n${text}`,
  );
}

/** Listens with the key of the workspace, for `/mux` and for nothing else. */
export async function listenOnLan(options: LanListenOptions): Promise<LanListener> {
  const { keys, join, admits, timer, host = '0.0.0.0' } = options;
  const mux = openMuxListener({ join, timer, binding: bindingOf, limits: { sessions: most, unproven: 64 } });
  const server = createServer({
    ...listenSettings(keys),
    headersTimeout: 10_000,
    requestTimeout: 10_000,
    maxHeaderSize: 8 * 1024,
  });
  server.maxConnections = most;
  const open = new Map<Socket, string>();

  server.on('connection', (socket: Socket) => {
    socket.on('error', () => undefined);
    const address = socket.remoteAddress ?? '';
    const before = [...open.values()].filter((one) => one === address).length;
    if (!admits(address) || before >= mostOfOne) {
      socket.destroy();
      return;
    }
    open.set(socket, address);
    socket.once('close', () => open.delete(socket));
  });
  // Whoever does not have the key is told so by TLS.
  server.on('tlsClientError', () => undefined);
  server.on('clientError', (_error, socket) => socket.destroy());
  server.on('request', (_incoming, outgoing) => {
    outgoing.writeHead(404, { connection: 'close' }).end();
  });
  server.on('upgrade', (incoming, raw, head) => {
    raw.on('error', () => undefined);
    const elsewhere = incoming.url !== '/mux';
    const refused = elsewhere
      ? new CoterieError('no_route', 'Only replicas are served here.')
      : mux.upgrade(incoming, raw, head);
    if (refused) answer(raw, refused);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port: 0 }, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return open.size;
    },
    async close() {
      mux.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open.keys()) socket.destroy();
      await closed;
    },
  };
}
