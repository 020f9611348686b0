import { muxProtocol } from '../../schemas/protocol.ts';
import type { Session, SessionTransport } from '../../src/sync/session/types.ts';
import type { Socket, SocketEvents } from './socket.ts';

/** What a socket needs of the session above it. */
export type Joined = Pick<Session, 'receive' | 'drained' | 'closed' | 'close' | 'status'>;

/** Makes the session of a connection: `links.join`, or a counterpart in a test. */
export type Join = (role: 'dial' | 'listen', transport: SessionTransport) => Joined;

/** A little above the limit, so that the session can say what was wrong; far above it, the socket ends. */
export const muxPayload = muxProtocol.frameBytes + 64 * 1024;

/** A socket as a session sees it. */
export const transportOf = (socket: Socket): SessionTransport => ({
  send: (frame) => socket.send(frame),
  buffered: () => socket.buffered(),
  close: (code, reason) => socket.close(code, reason),
  pause: () => socket.pause(),
  resume: () => socket.resume(),
  ...(socket.binding === undefined ? {} : { binding: socket.binding }),
});

/** A session as a socket sees it. */
export const eventsOf = (session: Joined, closed: (code: number, reason: string) => void): SocketEvents => ({
  message: (frame) => session.receive(frame),
  drained: () => session.drained(),
  closed(code, reason) {
    session.closed(code, reason);
    closed(code, reason);
  },
});

/** True once the other end has proven its key and is admitted. */
export function isProven(session: Joined): boolean {
  const { phase } = session.status().state;
  return phase === 'syncing' || phase === 'live';
}
