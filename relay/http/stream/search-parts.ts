import type { IncomingMessage, ServerResponse } from 'node:http';
import { CoterieError, type SearchPart, type SearchStreamQuery } from '../../../schemas/index.ts';
import { type Caller, ended } from '../../proof/callers.ts';
import { refusalOf } from '../errors.ts';
import { gone } from '../gone.ts';
import type { Door } from '../route.ts';
import { openSse } from './sse.ts';
import { drained, takePlace } from './streaming.ts';

/**
 * Streams the parts of a search as server-sent events. Its first part is made before the stream begins, so that what is
 * wrong with the query has its status. While a reader has more than `bufferBytes` waiting the next part is not made; one
 * that takes nothing for `patience` is told so, and the stream ends.
 */
export async function sendSearch(
  door: Door,
  caller: Caller,
  query: SearchStreamQuery,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { streams, stopping, log } = door;
  const leave = takePlace(door);
  const left = gone(outgoing);
  const until = ended(door.callers, caller, left);
  const signal = AbortSignal.any([left, stopping, until]);
  let parts: AsyncIterator<SearchPart> | undefined;
  const opened = async () => {
    parts = caller.surface().searchStream(query, { signal })[Symbol.asyncIterator]();
    const first = await parts.next();
    // Whoever asked left meanwhile, or the node is stopping.
    signal.throwIfAborted();
    const sink = await openSse(incoming, outgoing, { keepAlive: streams.heartbeat });
    return { parts, first, sink };
  };
  const stream = await opened().catch(async (error: unknown) => {
    leave();
    await parts?.return?.();
    throw error;
  });
  const { first, sink } = stream;
  const pump = async (): Promise<void> => {
    let isWhole = false;
    for (let next = first; !next.done && !sink.gone; next = await stream.parts.next()) {
      sink.say('part', next.value);
      isWhole = !next.value.more;
      if (sink.waiting() > streams.bufferBytes && !(await drained(sink, streams.patience)) && !signal.aborted)
        throw new CoterieError('too_slow', `nothing was read for ${streams.patience} ms`, {
          hint: 'Search again, with before: and the time of the last result.',
        });
    }
    if (!isWhole) {
      until.throwIfAborted();
      stopping.throwIfAborted();
    }
  };
  void pump()
    .catch((error: unknown) => {
      if (!sink.gone) sink.say('error', refusalOf(error, log, '/v1/search/stream').answer);
    })
    .finally(() => {
      leave();
      void Promise.resolve(stream.parts.return?.()).catch(() => undefined);
      sink.end();
    });
}
