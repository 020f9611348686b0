import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CoterieError } from '../../schemas/index.ts';
import { closeCodes } from '../../schemas/protocol.ts';
import type { Timer } from '../../src/sync/session/types.ts';
import { type Asker, askerOf } from '../http/address.ts';
import { stopping } from '../stopping.ts';
import { openAcceptor, type Socket } from './socket.ts';
import { eventsOf, isProven, type Join, type Joined, muxPayload, transportOf } from './transport.ts';

export interface MuxListenLimits {
  /** Sessions at most. */
  readonly sessions: number;
  /** Of those, sessions whose other end has not proven its key. */
  readonly unproven: number;
  /** Of these from one address of elsewhere. */
  readonly unprovenEach: number;
  /** How long the proof may take, ms. */
  readonly proof: number;
}

const defaults: MuxListenLimits = { sessions: 4_608, unproven: 256, unprovenEach: 32, proof: 10_000 };

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
  const unproven = new Map<Socket, Asker>();
  let closed = false;

  function forgetProven(): void {
    for (const socket of unproven.keys()) {
      const session = sessions.get(socket);
      if (session === undefined || isProven(session)) unproven.delete(socket);
    }
  }

  /** Those of an address of elsewhere that have proven nothing, the oldest first. */
  const unprovenOf = ({ address, here }: Asker): Socket[] =>
    here
      ? []
      : [...unproven].filter(([, of]) => !of.here && of.address === address).map(([socket]) => socket);

  /** Whoever proves nothing gets no time to say goodbye either. */
  function cut(socket: Socket, code: number, reason: string): void {
    const session = sessions.get(socket);
    unproven.delete(socket);
    sessions.delete(socket);
    session?.close(code, reason);
    socket.cut();
  }

  /** A place for one more, if need be that of the oldest that has proven nothing: else a few could shut all others out. */
  function makeRoom(asker: Asker): boolean {
    forgetProven();
    // Who opens many takes its own places first.
    const own = unprovenOf(asker);
    const isFull = sessions.size >= limits.sessions || unproven.size >= limits.unproven;
    if (!isFull && own.length < limits.unprovenEach) return true;
    const oldest = own.length >= limits.unprovenEach ? own[0] : [...unproven.keys()][0];
    if (oldest === undefined) return false;
    cut(oldest, closeCodes.busy, 'too many have proven nothing');
    return true;
  }

  function opened(socket: Socket, asker: Asker): ReturnType<typeof eventsOf> {
    const session = join('listen', transportOf(socket));
    sessions.set(socket, session);
    unproven.set(socket, asker);
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
      const asker = askerOf(incoming);
      if (!makeRoom(asker)) return new CoterieError('busy', 'Too many sessions are open.');
      accept(incoming, raw, head, (socket) => opened(socket, asker));
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
