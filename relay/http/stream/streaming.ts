import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { CoterieError, type Event } from '../../../schemas/index.ts';
import type { EventsOptions, Surface } from '../../../src/replica/surface.ts';
import { refusalOf } from '../errors.ts';
import type { Door } from '../route.ts';
import { followPresence } from './presence-events.ts';

/** Where the frames of one stream go. What is said on one that is gone is lost. */
export interface Sink {
  /** A frame of the feed: its id is where a reader resumes. */
  push(event: Event): void;
  /** A frame of no place in the feed. */
  say(name: string, data: unknown): void;
  /** Bytes that the reader has not taken yet. */
  waiting(): number;
  readonly gone: boolean;
  /** Runs once, when everything that waited was taken; returns what forgets it. */
  onDrained(listener: () => void): () => void;
  /** Runs once, when the reader is gone; returns what forgets it. */
  onGone(listener: () => void): () => void;
  /** Nothing follows. */
  end(): void;
}

/** Events between two breaths of the event loop, so that a long replay stalls nobody. */
const breath = 64;
/** What is wrong with a cursor or a filter shows within this long, before the stream begins, ms. */
const doubt = 25;

/** Names that stand for no operation: they have no id, so that a reader resumes where it really was. */
const withoutId = new Set(['gap', 'lagged', 'closing', 'error']);

/** Only what must be looked up can be wrong, and delays where the stream begins. */
const doubtful = ({ since, channels, members, types }: EventsOptions): boolean =>
  [since, channels, members, types].some((one) => one !== undefined);

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

/** A stream that was opened and goes nowhere yet. */
export interface OpenStream {
  /** Streams until the reader goes, the replica closes or the node stops. */
  begin(sink: Sink): void;
  /** It is not begun. */
  abandon(): void;
}

/** Resolves with true when the reader has taken everything that waited for it, with false when it hangs or is gone. */
export function drained(sink: Sink, patience: number): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (ok: boolean) => (): void => {
      clearTimeout(timer);
      forgetDrained();
      forgetGone();
      resolve(ok);
    };
    const forgetDrained = sink.onDrained(settle(true));
    const forgetGone = sink.onGone(settle(false));
    const timer = setTimeout(settle(false), patience);
  });
}

/** Takes one of the places that streams have; returns what gives it back. Throws `busy` and `closed`. */
export function takePlace({ metrics, streams, stopping }: Door): () => void {
  stopping.throwIfAborted();
  if (metrics.openStreams >= streams.count)
    throw new CoterieError('busy', `${streams.count} streams are open already`, {
      hint: 'Close some of them.',
    });
  return metrics.stream();
}

/**
 * Opens a stream of events. Memory is bounded: while a reader has more than `bufferBytes` waiting, nothing more is read
 * for it; one that takes nothing for `patience` is told `lagged` and resumes from disk with its last id. Rejects with
 * what is wrong with the question, with `busy` and with `closed`. `gone` aborts when the reader is, `ended` when it may
 * read no longer, with why: the stream says so and is over.
 */
export async function openStream(
  door: Door,
  surface: Surface,
  query: EventsOptions,
  gone: AbortSignal,
  ended: AbortSignal,
): Promise<OpenStream> {
  const { metrics, streams, stopping, log } = door;
  const end = takePlace(door);
  const signal = AbortSignal.any([gone, stopping, ended]);
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
  const finish = (): void => {
    end();
    void Promise.resolve(events.return?.()).catch(() => undefined);
  };

  async function pump(sink: Sink): Promise<void> {
    let next = first;
    for (let sent = 1; ; sent++) {
      const { done, value } = await next;
      if (done || sink.gone) break;
      if (withoutId.has(value.type)) sink.say(value.type, value);
      else sink.push(value);
      metrics.event();
      if (sent % breath === 0) await turn();
      if (sink.waiting() > streams.bufferBytes && !(await drained(sink, streams.patience))) {
        if (sink.gone || signal.aborted) break;
        metrics.lagged();
        sink.say('lagged', { hint: 'Connect again with Last-Event-ID, or since.' });
        break;
      }
      next = events.next();
    }
  }

  return {
    // It lives by itself from here on: the request is done with.
    begin(sink) {
      const unfollow = followPresence(door, surface, query, sink);
      void pump(sink)
        .then(() => {
          if (sink.gone) return;
          if (ended.aborted) sink.say('error', refusalOf(ended.reason, log, '/v1/events').answer);
          else if (stopping.aborted) sink.say('closing', {});
        })
        .catch((error: unknown) => {
          if (!sink.gone) sink.say('error', refusalOf(error, log, '/v1/events').answer);
        })
        .finally(() => {
          finish();
          unfollow();
          sink.end();
        });
    },
    abandon: finish,
  };
}
