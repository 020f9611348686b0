import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CoterieError, EventsQuery } from '../../../schemas/index.ts';
import { closeCodes } from '../../../schemas/protocol.ts';
import type { EventsOptions } from '../../../src/replica/surface.ts';
import { openAcceptor, type Socket, type SocketEvents } from '../../mux/socket.ts';
import type { Tokens } from '../../node/tokens.ts';
import { chooseProtocol, tokenIn } from '../../rooms/subprotocol.ts';
import { stopping } from '../../stopping.ts';
import { hungUp } from '../asked.ts';
import { refusalOf } from '../errors.ts';
import { bodyBytes, check, queryOf } from '../input.ts';
import type { Door } from '../route.ts';
import { answerTo } from './commands.ts';
import { openStream, type Sink } from './streaming.ts';

export const streamPath = '/v1/stream';

/** A command is a body and what names it, bytes. */
const frameBytes = bodyBytes + 16 * 1024;
/** Commands of one socket under way at a time; while there are as many it is not read. */
const mostCalls = 32;
/** WebSocket's own: nothing is wrong. */
const fine = 1000;

/** What was asked for at the opening: who, and which events. */
interface Asked {
  readonly handle: string;
  readonly query: EventsOptions;
}

function ask(tokens: Tokens, incoming: IncomingMessage): Asked {
  const token = tokenIn(incoming.headers);
  const handle = token === undefined ? undefined : tokens.whose(token);
  if (handle === undefined)
    throw new CoterieError('unauthorized', 'The request carries no bearer token that this node issued.', {
      hint: 'Send it in Authorization, or as the subprotocol token.<token> beside coterie.',
    });
  const { searchParams } = new URL(incoming.url ?? '/', 'http://node');
  return { handle, query: check(EventsQuery, queryOf(searchParams)) };
}

/** Frames of one socket, those that others wait for and those that it waits for. */
function frames(door: Door, { handle, query }: Asked, socket: Socket): SocketEvents {
  const gone = new AbortController();
  const drainedOnes = new Set<() => void>();
  const goneOnes = new Set<() => void>();
  const say = (frame: object): void => {
    if (!gone.signal.aborted) socket.sendText(JSON.stringify(frame));
  };
  const listen = (all: Set<() => void>, listener: () => void): (() => void) => {
    all.add(listener);
    return () => all.delete(listener);
  };
  const tell = (all: Set<() => void>): void => {
    for (const listener of [...all]) {
      all.delete(listener);
      listener();
    }
  };
  const leave = (): void =>
    socket.close(door.stopping.aborted ? closeCodes.goingAway : fine, 'the stream ended');
  const sink: Sink = {
    push: (event) => say({ id: event.cursor, event: event.type, data: event }),
    say: (name, data) => say({ event: name, data }),
    waiting: () => socket.buffered(),
    get gone() {
      return gone.signal.aborted;
    },
    onDrained: (listener) => listen(drainedOnes, listener),
    onGone: (listener) => listen(goneOnes, listener),
    end: leave,
  };

  let heard = socket.heard();
  const heartbeat = setInterval(() => {
    // Nothing came since the last but one sign of life was asked for.
    if (socket.heard() === heard) return socket.cut();
    heard = socket.heard();
    return socket.ping();
  }, door.streams.heartbeat);
  // The first is answered before the first look.
  socket.ping();

  openStream(door, door.replica.as(handle), query, gone.signal).then(
    (stream) => (gone.signal.aborted ? stream.abandon() : stream.begin(sink)),
    (error: unknown) => {
      sink.say('error', refusalOf(error, door.log, streamPath).answer);
      leave();
    },
  );

  let calls = 0;
  return {
    message() {
      socket.close(closeCodes.malformed, 'a binary message');
    },
    text(text) {
      calls += 1;
      if (calls >= mostCalls) socket.pause();
      void answerTo(door, handle, text, gone.signal).then((answer) => {
        say(answer);
        calls -= 1;
        if (calls < mostCalls) socket.resume();
      });
    },
    drained: () => tell(drainedOnes),
    closed() {
      gone.abort(hungUp());
      clearInterval(heartbeat);
      tell(goneOnes);
    },
  };
}

/** Takes upgrades of `/v1/stream`: the frames of `/v1/events`, and requests of `/v1` as frames. */
export function openStreamDoor(door: Door, tokens: Tokens) {
  const accept = openAcceptor({ maxPayload: frameBytes, choose: chooseProtocol });
  return (incoming: IncomingMessage, raw: Duplex, head: Buffer): CoterieError | undefined => {
    if (door.stopping.aborted) return stopping();
    try {
      const asked = ask(tokens, incoming);
      if (door.metrics.openStreams >= door.streams.count)
        return new CoterieError('busy', `${door.streams.count} streams are open already`);
      accept(incoming, raw, head, (socket) => frames(door, asked, socket));
      return undefined;
    } catch (error) {
      if (error instanceof CoterieError) return error;
      throw error;
    }
  };
}
