import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CoterieError, EventsQuery } from '../../../schemas/index.ts';
import { closeCodes } from '../../../schemas/protocol.ts';
import type { EventsOptions } from '../../../src/replica/surface.ts';
import { openAcceptor, type Socket, type SocketEvents } from '../../mux/socket.ts';
import { type Caller, closeCodeOf } from '../../proof/callers.ts';
import { chooseProtocol } from '../../rooms/subprotocol.ts';
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
  readonly caller: Caller;
  readonly query: EventsOptions;
}

async function ask({ entrance }: Door, incoming: IncomingMessage): Promise<Asked> {
  const caller = await entrance.ifAny(incoming, 'socket');
  if (caller === undefined)
    throw new CoterieError('unauthorized', 'The request carries no bearer token.', {
      hint: 'Send it in Authorization, or as the subprotocol token.<token> beside coterie.',
    });
  // A proof for some documents alone opens no stream.
  caller.surface();
  const { searchParams } = new URL(incoming.url ?? '/', 'http://node');
  return { caller, query: check(EventsQuery, queryOf(searchParams)) };
}

/** Frames of one socket, those that others wait for and those that it waits for. */
function frames(door: Door, { caller, query }: Asked, socket: Socket): SocketEvents {
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

  const over = new AbortController();
  const watch = door.callers.watch(caller, (why) => {
    over.abort(why);
    socket.close(closeCodeOf(why), why.message);
  });
  openStream(door, caller.surface(), query, gone.signal, over.signal).then(
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
      const proof = renewal(text);
      if (proof !== undefined) return void watch.renew(proof);
      calls += 1;
      if (calls >= mostCalls) socket.pause();
      void answerTo(door, caller, text, gone.signal).then((answer) => {
        say(answer);
        calls -= 1;
        if (calls < mostCalls) socket.resume();
      });
    },
    drained: () => tell(drainedOnes),
    closed() {
      gone.abort(hungUp());
      watch.stop();
      clearInterval(heartbeat);
      tell(goneOnes);
    },
  };
}

/** The proof of a frame `{"renew": "<proof>"}`; undefined for any other. */
function renewal(text: string): string | undefined {
  if (!text.startsWith('{"renew"')) return undefined;
  try {
    const { renew } = JSON.parse(text) as { renew?: unknown };
    return typeof renew === 'string' ? renew : undefined;
  } catch {
    return undefined;
  }
}

/** Takes upgrades of `/v1/stream`: the frames of `/v1/events`, and requests of `/v1` as frames. */
export function openStreamDoor(door: Door) {
  const accept = openAcceptor({ maxPayload: frameBytes, choose: chooseProtocol });
  return async (incoming: IncomingMessage, raw: Duplex, head: Buffer): Promise<CoterieError | undefined> => {
    if (door.stopping.aborted) return stopping();
    try {
      const asked = await ask(door, incoming);
      if (raw.destroyed) return undefined;
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
