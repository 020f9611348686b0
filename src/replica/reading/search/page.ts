import type { z } from 'zod';
import { CoterieError, type Hash, type SearchQuery } from '../../../../schemas/index.ts';
import type { Search, SearchHit } from '../../../search/index.ts';
import type { Answer, SearchSignals } from '../../../search/types.ts';
import { turn } from '../../../turn.ts';
import { stateOf } from '../../ledger/state.ts';
import type { Reading } from '../context.ts';
import type { Asking, Condition } from './ask.ts';
import { type Gathered, gathered, gatheredHits } from './gathered.ts';
import { documentOf } from './search-source.ts';

/** How many hits are looked at where the index does not know all that was asked. */
const mostLooked = 10_000;
/** Hits that are looked at before others get a turn. */
const breath = 100;

/** What a search is made of beside the question. */
export interface Searching {
  readonly search: Search;
  readonly signals: Omit<SearchSignals, 'now'>;
}

const isLooked = ({ conditions }: Asking): boolean => conditions.length > 0;

/** A result that stands for itself. */
export const alone = (hit: SearchHit): Gathered => ({ hit, shown: hit.id, folded: [] });

/** A result, and how many are before it. */
interface Placed {
  readonly one: Gathered;
  readonly place: number;
}

/** A page of what is found, and what the index said. */
export interface Page {
  readonly found: Answer & { readonly mode: Exclude<Answer['mode'], 'none'> };
  readonly isPart: boolean;
  readonly total: number;
  readonly page: readonly Placed[];
  /** How many are before what follows the page. */
  readonly end: number;
}

/** One page, in which memories that are one are one result. */
export async function pageOf(
  reading: Reading,
  { search, signals }: Searching,
  query: z.infer<typeof SearchQuery>,
  asking: Asking,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Promise<Page> {
  const { kind, mode = 'text', sort, explain } = query;
  const ask = (part: { offset: number; limit: number }): Promise<Answer> =>
    search.query({
      ...asking.query,
      ...(sort ? { sort } : {}),
      mode: sort === 'time' ? 'text' : mode,
      signals: { ...signals, now: reading.now() },
      ...(explain ? { explain: true } : {}),
      ...part,
    });
  // In order of time, and of one kind but memory, each stands for itself.
  const isGathered = sort !== 'time' && (kind === undefined || kind === 'memory');
  const first = isLooked(asking)
    ? { offset: 0, limit: mostLooked }
    : isGathered
      ? { offset: 0, limit: gatheredHits }
      : { offset, limit };
  const answered = await ask(first);
  const { mode: match } = answered;
  if (match === 'none')
    throw new CoterieError('invalid_query', 'These words are too common to look for.', {
      hint: 'Add a word that tells more.',
    });
  const found = { ...answered, mode: match };
  const held = isLooked(asking) ? await holding(reading, found.hits, asking.conditions) : found.hits;
  const all = isLooked(asking) ? held.length : found.total;
  const from = async (start: number, count: number): Promise<readonly SearchHit[]> => {
    if (isLooked(asking)) return held.slice(start, start + count);
    const at = start - first.offset;
    if (at >= 0 && (at + count <= held.length || first.offset + held.length >= all))
      return held.slice(at, at + count);
    return (await ask({ offset: start, limit: count })).hits;
  };
  const isPart = match === 'meaning' || (isLooked(asking) && found.total > found.hits.length);
  if (!isGathered || match === 'filter') {
    const hits = await from(offset, limit);
    const page = hits.map((hit, at) => ({ one: alone(hit), place: offset + at }));
    return { found, isPart, total: all, page, end: offset + hits.length };
  }
  const top = held.slice(0, gatheredHits);
  const groups = await gathered(reading, top, (id) => isAllowed(reading, id, asking));
  const best = groups.slice(offset, offset + limit).map((one, at) => ({ one, place: offset + at }));
  const start = Math.max(offset, groups.length);
  const isMore = best.length < limit && all > top.length;
  const rest = isMore ? await from(start - groups.length + top.length, limit - best.length) : [];
  const shown = new Set(groups.map((one) => one.shown));
  // What stands for something above is there already.
  const more = rest.flatMap((hit, at) => (shown.has(hit.id) ? [] : { one: alone(hit), place: start + at }));
  return {
    found,
    isPart,
    total: groups.length + all - top.length,
    page: [...best, ...more],
    end: offset + best.length + rest.length,
  };
}

/** Whether a thing is one of those that a query asks for, but for its words. */
function isAllowed(reading: Reading, id: Hash, { query, conditions }: Asking): boolean {
  const document = documentOf(reading, id);
  const state = stateOf(reading, reading.database, id);
  if (!document || !state) return false;
  const has = (facet: string): boolean => document.facets?.includes(facet) ?? false;
  const { facets, ids, from = 0, until = Number.POSITIVE_INFINITY } = query;
  return (
    (facets?.all ?? []).every((some) => some.some(has)) &&
    !(facets?.none ?? []).some(has) &&
    (ids === undefined || ids.includes(id)) &&
    document.at >= from &&
    document.at < until &&
    conditions.every((holds) => holds(state, document))
  );
}

/** The hits of which all conditions hold, in their order. */
export async function holding(
  reading: Reading,
  hits: readonly SearchHit[],
  conditions: readonly Condition[],
): Promise<SearchHit[]> {
  const held: SearchHit[] = [];
  for (const [at, hit] of hits.entries()) {
    if (at % breath === breath - 1) await turn();
    const document = documentOf(reading, hit.id);
    const state = document && stateOf(reading, reading.database, hit.id);
    if (state && conditions.every((holds) => holds(state, document))) held.push(hit);
  }
  return held;
}
