import type { LongWork } from '../replica/surface.ts';
import { type Caller, failure, failureOf, isErrorAnswer } from './call.ts';
import { jsonLines } from './sse.ts';

/**
 * Work that takes a while: the node answers with lines of JSON, `{ progress }` as it goes and one `{ result }` or
 * `{ error }` at the end. A stream that ends with neither is an answer that was cut.
 */
export async function longWork<T>(
  caller: Caller,
  path: string,
  body: unknown,
  work: LongWork = {},
): Promise<T> {
  const answer = await caller.open('POST', path, {
    body,
    accept: 'application/x-ndjson',
    signal: work.signal,
  });
  const cut = () =>
    failure('unreachable', 'the node ended before the work did: it is not known how far it came', {
      hint: 'Run it again: what is there already is not written twice.',
    });
  try {
    for await (const line of jsonLines(answer.chunks())) {
      if (isErrorAnswer(line)) throw await failureOf(line);
      if (!isRecord(line)) continue;
      if ('progress' in line)
        work.progress?.(line['progress'] as Parameters<NonNullable<LongWork['progress']>>[0]);
      if ('result' in line) return line['result'] as T;
    }
  } catch (error) {
    if (work.signal?.aborted) throw work.signal.reason;
    if (isCoterieError(error)) throw error;
    throw await cut();
  }
  throw await cut();
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCoterieError = (error: unknown): boolean => error instanceof Error && error.name === 'CoterieError';
