import type { IncomingMessage, ServerResponse } from 'node:http';
import { createEventBuffer, createSession, type Session } from 'better-sse';
import type { EventsOptions } from '../../../src/replica/surface.ts';
import { type Caller, ended } from '../../proof/callers.ts';
import { safeHeaders } from '../errors.ts';
import { gone } from '../gone.ts';
import type { Door } from '../route.ts';
import { openStream, type Sink } from './streaming.ts';

/** Runs a listener once; returns what forgets it. */
function once(outgoing: ServerResponse, name: 'drain' | 'close', listener: () => void): () => void {
  outgoing.once(name, listener);
  return () => outgoing.off(name, listener);
}

/** A session as what a stream is written to. */
const sinkOf = (session: Session, outgoing: ServerResponse): Sink => ({
  push: (event) => session.push(event, event.type, event.cursor),
  say: (name, data) => void session.batch(createEventBuffer().event(name).data(data).dispatch()),
  waiting: () => outgoing.writableLength,
  get gone() {
    return outgoing.destroyed;
  },
  onDrained: (listener) => once(outgoing, 'drain', listener),
  onGone: (listener) => once(outgoing, 'close', listener),
  end: () => outgoing.end(),
});

/** Begins an answer of server-sent events; whoever loses it may ask again after `retry` milliseconds. */
export async function openSse(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  options: { readonly keepAlive: number; readonly retry?: number },
): Promise<Sink> {
  // A stream that ended is over: nothing else follows on its connection.
  const headers = { ...safeHeaders, connection: 'close' };
  return sinkOf(await createSession(incoming, outgoing, { ...options, headers }), outgoing);
}

/** Streams events as server-sent events, each with its cursor as `id`. */
export async function sendEvents(
  door: Door,
  caller: Caller,
  query: EventsOptions,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const left = gone(outgoing);
  const until = ended(door.callers, caller, left);
  const stream = await openStream(door, caller.surface(), query, left, until);
  const options = { retry: 1000, keepAlive: door.streams.heartbeat };
  const sink = await openSse(incoming, outgoing, options).catch((error: unknown) => {
    stream.abandon();
    throw error;
  });
  stream.begin(sink);
}
