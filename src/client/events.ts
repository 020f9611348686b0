import type { TypedEvent } from '../../schemas/index.ts';
import type { EventsOptions } from '../replica/surface.ts';
import { type Caller, failure, failureOf, isErrorAnswer } from './call.ts';
import { frames } from './sse.ts';

/** How a client's stream of events behaves besides what it holds. */
export interface StreamOptions extends EventsOptions {
  /** Told before each wait for a node that went away. */
  readonly lost?: ((error: unknown, milliseconds: number) => void) | undefined;
  /** The node answered just now: where even the first connection fails it went away, and is waited for. */
  readonly answered?: boolean | undefined;
}

/** The node writes something at least every 10 s; after this long without a byte the connection counts as dead. */
const SILENCE = 35_000;
const FIRST_WAIT = 100;
const LONGEST_WAIT = 5_000;
/** Answers that a node gives while it starts or stops; any other refusal is final. */
const passing = ['unreachable', 'closed', 'busy', 'storage_failed'];

/**
 * Every event beyond `since`, then live, across any number of restarts of the node: each event moves the cursor, and a
 * new connection begins there. Without `since` the present end of the feed is asked for first, so that nothing is
 * missed when the connection breaks before the first event.
 */
export async function* streamEvents(
  caller: Caller,
  presentEnd: () => Promise<string>,
  options: StreamOptions = {},
): AsyncIterable<TypedEvent> {
  const { signal } = options;
  let cursor = options.since ?? (await presentEnd());
  let connected = options.answered === true;
  let wait = FIRST_WAIT;
  while (!signal?.aborted) {
    try {
      for await (const event of connection(caller, cursor, options)) {
        connected = true;
        wait = FIRST_WAIT;
        if (event === 'open') continue;
        // Trimmed by compaction: the events that are left follow, each with its own cursor.
        if (event.type !== 'gap') cursor = event.cursor;
        yield event;
        if (signal?.aborted) return;
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (!connected || !isPassing(error)) throw error;
      options.lost?.(error, wait);
    }
    if (signal?.aborted) return;
    // Full jitter: many clients of one node that restarts do not come back at once.
    await pause(wait / 2 + Math.random() * (wait / 2), signal);
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }
}

const isPassing = (error: unknown): boolean =>
  !(error instanceof Error && error.name === 'CoterieError') ||
  ('code' in error && passing.includes(String(error.code)));

async function* connection(
  caller: Caller,
  since: string,
  options: StreamOptions,
): AsyncIterable<TypedEvent | 'open'> {
  const ended = new AbortController();
  const end = () => ended.abort();
  options.signal?.addEventListener('abort', end, { once: true });
  if (options.signal?.aborted) end();
  let silence = setTimeout(end, SILENCE);
  try {
    const { types, channels, members } = options;
    const answer = await caller.open('GET', '/events', {
      query: { since, types, channels, members },
      accept: 'text/event-stream',
      signal: ended.signal,
    });
    yield 'open';
    const heard = alive(answer.chunks(), () => {
      clearTimeout(silence);
      silence = setTimeout(end, SILENCE);
    });
    for await (const frame of frames(heard)) {
      if (frame.event === 'error') throw await raised(frame.data);
      if (frame.id !== undefined || frame.event === 'gap') yield JSON.parse(frame.data) as TypedEvent;
    }
  } catch (error) {
    // A connection that we ended for its silence is an end like any other: the caller opens a new one.
    if (!ended.signal.aborted) throw error;
  } finally {
    clearTimeout(silence);
    options.signal?.removeEventListener('abort', end);
    end();
  }
}

/** What went wrong after the stream had begun. */
async function raised(data: string): Promise<Error> {
  const answer: unknown = JSON.parse(data);
  return isErrorAnswer(answer) ? failureOf(answer) : failure('unreachable', 'the stream of events broke');
}

async function* alive(chunks: AsyncIterable<string>, heard: () => void): AsyncIterable<string> {
  for await (const chunk of chunks) {
    heard();
    yield chunk;
  }
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener('abort', done, { once: true });
  });
}
