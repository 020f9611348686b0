import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CoterieError } from '../../schemas/index.ts';
import { closeCodes } from '../../schemas/protocol.ts';
import type { Timer } from '../../src/sync/session/types.ts';
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
}

/** The listening side of `/mux`. */
export interface MuxListener {
  /** Takes an upgrade request, or answers why not. */
  upgrade(incoming: IncomingMessage, raw: Duplex, head: Buffer): CoterieError | undefined;
  readonly sessions: number;
  /** Ends every session; nothing is accepted any more. */
  close(): void;
}

export function openMuxListener({ join, timer, limits: given }: MuxListenOptions): MuxListener {
  const limits: MuxListenLimits = { ...defaults, ...given };
  const accept = openAcceptor({ maxPayload: muxPayload });
  const sessions = new Map<Socket, Joined>();
  /** Those that were unproven when they were looked at last. */
  const unproven = new Set<Socket>();
  let closed = false;

  /** Looks which have proven themselves since. */
  function countUnproven(): number {
    for (const socket of unproven) {
      const session = sessions.get(socket);
      if (session === undefined || isProven(session)) unproven.delete(socket);
    }
    return unproven.size;
  }

  function opened(socket: Socket): ReturnType<typeof eventsOf> {
    const session = join('listen', transportOf(socket));
    sessions.set(socket, session);
    unproven.add(socket);
    const cancel = timer(() => {
      unproven.delete(socket);
      if (isProven(session)) return;
      session.close(closeCodes.unproven, 'no proof in time');
      // Whoever proves nothing gets no time to say goodbye either.
      socket.cut();
    }, limits.proof);
    return eventsOf(session, () => {
      cancel();
      sessions.delete(socket);
      unproven.delete(socket);
    });
  }

  return {
    upgrade(incoming, raw, head) {
      if (closed) return new CoterieError('closed', 'The node is stopping.');
      if (sessions.size >= limits.sessions || countUnproven() >= limits.unproven)
        return new CoterieError('busy', 'Too many sessions are open.');
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
