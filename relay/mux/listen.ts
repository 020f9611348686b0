import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CoterieError } from '../../schemas/index.ts';
import { closeCodes } from '../../schemas/protocol.ts';
import type { Timer } from '../../src/sync/session/types.ts';
import { stopping } from '../stopping.ts';
import { openAcceptor, type Socket } from './socket.ts';
import { eventsOf, isProven, type Join, type Joined, muxPayload, transportOf } from './transport.ts';

export interface MuxListenLimits {
  /** Sessions at most. */
  readonly sessions: number;
  /** Of those, sessions whose other end has not proven its key. */
  readonly unproven: number;
  /** How long the proof may take, ms. */
  readonly proof: number;
}

const defaults: MuxListenLimits = { sessions: 4_608, unproven: 256, proof: 10_000 };

export interface MuxListenOptions {
  readonly join: Join;
  readonly timer: Timer;
  readonly limits?: Partial<MuxListenLimits> | undefined;
  /** Names a connection that replicas encrypt themselves: their proofs are of it alone. */
  readonly binding?: ((raw: Duplex) => string) | undefined;
}

/** The listening side of `/mux`. */
export interface MuxListener {
  /** Takes an upgrade request, or answers why not. */
  upgrade(incoming: IncomingMessage, raw: Duplex, head: Buffer): CoterieError | undefined;
  readonly sessions: number;
  /** Ends every session; nothing is accepted any more. */
  close(): void;
}

export function openMuxListener({ join, timer, limits: given, binding }: MuxListenOptions): MuxListener {
  const limits: MuxListenLimits = { ...defaults, ...given };
  const accept = openAcceptor({ maxPayload: muxPayload, binding });
  const sessions = new Map<Socket, Joined>();
  /** Those that were unproven when they were looked at last. */
  const unproven = new Set<Socket>();
  let closed = false;

  /** The one that came first of those that have proven nothing, and how many those are. */
  function lookUnproven(): { readonly oldest: Socket | undefined; readonly count: number } {
    for (const socket of unproven) {
      const session = sessions.get(socket);
      if (session === undefined || isProven(session)) unproven.delete(socket);
    }
    const [oldest] = unproven;
    return { oldest, count: unproven.size };
  }

  /** Whoever proves nothing gets no time to say goodbye either. */
  function cut(socket: Socket, code: number, reason: string): void {
    const session = sessions.get(socket);
    unproven.delete(socket);
    sessions.delete(socket);
    session?.close(code, reason);
    socket.cut();
  }

  /** A place for one more, if need be that of the oldest that has proven nothing: else a few could shut all others out. */
  function makeRoom(): boolean {
    const { oldest, count } = lookUnproven();
    if (sessions.size < limits.sessions && count < limits.unproven) return true;
    if (oldest === undefined) return false;
    cut(oldest, closeCodes.busy, 'too many have proven nothing');
    return true;
  }

  function opened(socket: Socket): ReturnType<typeof eventsOf> {
    const session = join('listen', transportOf(socket));
    sessions.set(socket, session);
    unproven.add(socket);
    const cancel = timer(() => {
      unproven.delete(socket);
      if (!isProven(session)) cut(socket, closeCodes.unproven, 'no proof in time');
    }, limits.proof);
    return eventsOf(session, () => {
      cancel();
      sessions.delete(socket);
      unproven.delete(socket);
    });
  }

  return {
    upgrade(incoming, raw, head) {
      if (closed) return stopping();
      if (!makeRoom()) return new CoterieError('busy', 'Too many sessions are open.');
      accept(incoming, raw, head, opened);
      return undefined;
    },
    get sessions() {
      return sessions.size;
    },
    close() {
      closed = true;
      for (const session of [...sessions.values()]) session.close(closeCodes.goingAway, 'stopping');
    },
  };
}
