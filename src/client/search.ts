import type { SearchPart, SearchStreamQuery } from '../../schemas/index.ts';
import { type Caller, failure, failureOf, isErrorAnswer } from './call.ts';
import { frames } from './sse.ts';

/** The parts of a search as a node makes them. Whoever leaves early ends the work there too. */
export async function* streamSearch(
  caller: Caller,
  query: SearchStreamQuery,
  signal: AbortSignal | undefined,
): AsyncIterable<SearchPart> {
  if (signal?.aborted) return;
  try {
    const answer = await caller.open('GET', '/search/stream', {
      query,
      accept: 'text/event-stream',
      signal,
    });
    for await (const { event, data } of frames(answer.chunks())) {
      const said: unknown = JSON.parse(data);
      if (event === 'error' && isErrorAnswer(said)) throw await failureOf(said);
      if (event !== 'part') continue;
      const part = said as SearchPart;
      yield part;
      if (!part.more) return;
    }
  } catch (error) {
    if (signal?.aborted) return;
    throw error instanceof Error && error.name === 'CoterieError' ? error : await broken(error);
  }
  if (!signal?.aborted) throw await broken();
}

const broken = (cause?: unknown): Promise<Error> =>
  failure('unreachable', 'the stream of results broke before its end', {
    hint: 'Search again, with before: and the time of the last result.',
    cause,
  });
