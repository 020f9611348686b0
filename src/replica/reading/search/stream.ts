import {
  CoterieError,
  type Hash,
  type SearchPart,
  type SearchResult,
  type SearchStreamQuery,
} from '../../../../schemas/index.ts';
import type { Search, SearchHit } from '../../../search/index.ts';
import type { SearchPlace } from '../../../search/types.ts';
import type { Reading } from '../context.ts';
import { type Asking, askingOf } from './ask.ts';
import { alone, holding } from './page.ts';
import { resultOf, type Snippets } from './results.ts';
import { notesOf } from './search.ts';

/** Results of one part at most: the first is small, so that it is there soon. */
const first = 32;
const most = 256;

/** What holds of the whole stream once the words were looked for. */
type About = Pick<SearchPart, 'match' | 'missing' | 'notes'>;

/** What a stream is made of. */
interface Streaming {
  readonly reading: Reading;
  readonly search: Search;
  readonly asking: Asking;
  readonly snippets: Snippets;
  readonly signal: AbortSignal;
}

/**
 * Everything that a query finds, newest first, in parts that are made when they are asked for. A part depends only on where
 * the one before ended, so nothing is held or done between two, and nothing is left running by whoever stops. Ends when the
 * signal aborts.
 */
export async function* streamed(
  reading: Reading,
  search: Search,
  member: Hash,
  { q, kind, channel }: SearchStreamQuery,
  signal: AbortSignal,
): AsyncGenerator<SearchPart> {
  const asking = await askingOf(reading, member, q, { kind, channel });
  const { marksOf, snippet } = await import('../../../search/snippet.ts');
  const streaming = { reading, search, asking, snippets: { marksOf, snippet }, signal };
  const hasAll = yield* passed(streaming, undefined);
  if (hasAll || signal.aborted) return;
  // Nothing has all words: which of them are nowhere, the whole index tells.
  const { mode, missing, behind, ...found } = await search.query({
    ...asking.query,
    sort: 'time',
    limit: 0,
    offset: 0,
  });
  const notes = [...asking.notes, ...notesOf(found)];
  const about: About = {
    match: mode === 'any' ? 'any' : 'all',
    ...(missing && missing.length > 0 ? { missing } : {}),
    ...(notes.length > 0 ? { notes } : {}),
  };
  if (mode === 'any') yield* passed(streaming, about);
  else yield { results: [], ...about, behind, more: false };
}

/**
 * One way through everything: for all words, or, with what is then to be told, for any. False when nothing has all: then
 * nothing was yielded.
 */
async function* passed(
  { reading, search, asking, snippets, signal }: Streaming,
  any: About | undefined,
): AsyncGenerator<SearchPart, boolean> {
  const query = { ...asking.query, ...(any ? { some: true } : {}), offset: 0 };
  let place: SearchPlace | undefined;
  let isFound = any !== undefined;
  let told = 0;
  do {
    if (signal.aborted) return isFound;
    const { hits, mode, next, behind, ...found } = await search.part(
      { ...query, limit: told === 0 ? first : most },
      place,
    );
    if (mode === 'none')
      throw new CoterieError('invalid_query', 'These words are too common to look for.', {
        hint: 'Add a word that tells more.',
      });
    isFound ||= hits.length > 0 || mode === 'filter';
    place = next;
    if (signal.aborted) return isFound;
    const results = await resultsOf(reading, asking, hits, snippets);
    if (!isFound || (results.length === 0 && next)) continue;
    const notes = [...asking.notes, ...notesOf(found)];
    const about = any ?? { match: mode, ...(notes.length > 0 ? { notes } : {}) };
    const isFirst = told === 0;
    told += 1;
    yield {
      results,
      ...(isFirst ? about : { match: about.match }),
      behind,
      more: next !== undefined,
    };
  } while (place);
  return isFound;
}

async function resultsOf(
  reading: Reading,
  { conditions }: Asking,
  hits: readonly SearchHit[],
  snippets: Snippets,
): Promise<SearchResult[]> {
  const held = conditions.length > 0 ? await holding(reading, hits, conditions) : hits;
  const wholes = await Promise.all(held.map((hit) => resultOf(reading, alone(hit), snippets)));
  return wholes.flat().map(({ result }) => result);
}
