import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { createEventBuffer, createSession, type Session } from 'better-sse';
import { CoterieError, type Event } from '../../schemas/index.ts';
import type { EventsOptions, Surface } from '../../src/replica/surface.ts';
import { refusalOf, safeHeaders } from './errors.ts';
import { followPresence } from './presence-events.ts';
import type { Door } from './route.ts';

/** Events between two breaths of the event loop, so that a long replay stalls nobody. */
const breath = 64;
/** What is wrong with a cursor or a filter shows within this long, before the stream begins, ms. */
const doubt = 25;

/** Names that stand for no operation: they have no id, so that a reader resumes where it really was. */
const withoutId = new Set(['gap', 'lagged', 'closing', 'error']);

/** Resolves with true when the reader has taken everything that waited for it, with false when it hangs or is gone. */
function drained(outgoing: ServerResponse, patience: number): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (ok: boolean) => (): void => {
      clearTimeout(timer);
      outgoing.off('drain', onDrain);
      outgoing.off('close', onClose);
      resolve(ok);
    };
    const onDrain = settle(true);
    const onClose = settle(false);
    const timer = setTimeout(settle(false), patience);
    outgoing.on('drain', onDrain);
    outgoing.on('close', onClose);
  });
}

function say(session: Session, name: string, data: unknown): void {
  void session.batch(createEventBuffer().event(name).data(data).dispatch());
}

/** Only names that must be looked up can be wrong, and delay where the stream begins. */
const doubtful = ({ since, channels, members }: EventsOptions): boolean =>
  since !== undefined || channels !== undefined || members !== undefined;

/**
 * Waits a moment for the first event. What is wrong with the question shows here, before the stream begins and while
 * a status can still say so.
 */
async function settleDoubt(first: Promise<unknown>): Promise<void> {
  const calm = new AbortController();
  try {
    await Promise.race([first, wait(doubt, undefined, { signal: calm.signal }).catch(() => undefined)]);
  } finally {
    calm.abort();
  }
}

/**
 * Streams events until the reader goes, the replica closes or the node stops. Memory is bounded: while a reader has
 * more than `bufferBytes` waiting, nothing more is read for it; one that takes nothing for `patience` is told `lagged`
 * and resumes from disk with its last id.
 */
export async function sendEvents(
  door: Door,
  surface: Surface,
  query: EventsOptions,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { metrics, streams, stopping, log } = door;
  if (stopping.aborted) throw new CoterieError('closed', 'The node is stopping.');
  if (metrics.openStreams >= streams.count)
    throw new CoterieError('busy', `${streams.count} streams are open already`, {
      hint: 'Close some of them.',
    });
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, stopping]);
  const end = metrics.stream();
  let events: AsyncIterator<Event>;
  let first: Promise<IteratorResult<Event>>;
  try {
    events = surface.events({ ...query, signal })[Symbol.asyncIterator]();
    first = events.next();
    first.catch(() => undefined);
    if (doubtful(query)) await settleDoubt(first);
  } catch (error) {
    end();
    throw error;
  }
  const session = await createSession(incoming, outgoing, {
    retry: 1000,
    keepAlive: streams.heartbeat,
    // A stream that ended is over: nothing else follows on its connection.
    headers: { ...safeHeaders, connection: 'close' },
  });

  const unfollow = followPresence(door, surface, query, outgoing, (presence) =>
    say(session, 'presence', presence),
  );
  async function pump(): Promise<void> {
    let next = first;
    for (let sent = 1; ; sent++) {
      const { done, value } = await next;
      if (done || outgoing.destroyed) break;
      if (withoutId.has(value.type)) say(session, value.type, value);
      else session.push(value, value.type, value.cursor);
      metrics.event();
      if (sent % breath === 0) await turn();
      if (outgoing.writableLength > streams.bufferBytes && !(await drained(outgoing, streams.patience))) {
        if (outgoing.destroyed || stopping.aborted) break;
        metrics.lagged();
        say(session, 'lagged', { hint: 'Connect again with Last-Event-ID.' });
        break;
      }
      next = events.next();
    }
  }

  // The answer has begun: from here on the stream lives by itself, and the request is done with.
  void (async () => {
    try {
      await pump();
      if (!outgoing.destroyed && stopping.aborted) say(session, 'closing', {});
    } catch (error) {
      if (!outgoing.destroyed) say(session, 'error', refusalOf(error, log, '/v1/events').answer);
    } finally {
      end();
      unfollow();
      outgoing.end();
      void Promise.resolve(events.return?.()).catch(() => undefined);
    }
  })();
}
