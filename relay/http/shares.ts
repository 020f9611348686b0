import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { CoterieError } from '../../schemas/index.ts';
import { type Asker, directAsker } from './address.ts';
import { bodyBytes } from './input.ts';

/** What one address of elsewhere may have of a listener, so that it leaves something to the others. */
export interface ShareLimits {
  readonly connections: number;
  /** Of requests that are not answered yet, as they announce it. */
  readonly bytes: number;
}

export const usualShares: ShareLimits = { connections: 1_024, bytes: 8 * 1024 * 1024 };

export interface Shares {
  /** False where the address has as many connections as it may; counted otherwise, until it has ended. */
  connect(socket: Socket): boolean;
  /** Counts what a request will send, until it was answered. `busy` where its address sends as much as it may. */
  send(incoming: IncomingMessage, outgoing: ServerResponse, asker: Asker): CoterieError | undefined;
}

function announced({ headers }: IncomingMessage): number {
  if (headers['transfer-encoding'] !== undefined) return bodyBytes;
  return Math.min(Number(headers['content-length'] ?? 0) || 0, bodyBytes);
}

function counter(): { add(of: string, by: number): void; of(name: string): number } {
  const counts = new Map<string, number>();
  return {
    of: (name) => counts.get(name) ?? 0,
    add(name, by) {
      const next = (counts.get(name) ?? 0) + by;
      if (next > 0) counts.set(name, next);
      else counts.delete(name);
    },
  };
}

/** `spares` names addresses that speak for many: a proxy. */
export function openShares(spares: (address: string) => boolean, limits: ShareLimits = usualShares): Shares {
  const connections = counter();
  const bytes = counter();
  return {
    connect(socket) {
      const { address, here } = directAsker(socket);
      if (here || spares(socket.remoteAddress ?? '')) return true;
      if (connections.of(address) >= limits.connections) return false;
      connections.add(address, 1);
      socket.once('close', () => connections.add(address, -1));
      return true;
    },
    send(incoming, outgoing, { address, here }) {
      const more = announced(incoming);
      if (here || more === 0) return undefined;
      if (bytes.of(address) + more > limits.bytes)
        return new CoterieError('busy', `${address} sends ${limits.bytes} bytes already.`);
      bytes.add(address, more);
      outgoing.once('close', () => bytes.add(address, -more));
      return undefined;
    },
  };
}
