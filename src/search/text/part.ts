import type { SearchPart, SearchPlace, TextQuery } from '../types.ts';
import { Best } from './best.ts';
import { Bits } from './bits.ts';
import type { Columns } from './columns.ts';
import type { Searched } from './find.ts';
import { Finding } from './finding.ts';
import { looksOf } from './looks.ts';

/** About so many documents are looked through for the first part, and for one at most. */
const FIRST = 4096;
const MOST = 131_072;
/** Of so many documents the time of one is looked at to see how far back that many reach. */
const SAMPLE = 64;

/** What is looked through for a part: everything at or after `from` that is before the place. */
interface Span {
  readonly from: number;
  readonly inside: Bits;
  /** Where the runs begin on disk that have some of it. */
  readonly runs: readonly number[];
}

/** From when on about `count` documents are that come before a place in time; never at the place itself. */
function startOf({ at, next }: Columns, place: SearchPlace | undefined, count: number): number {
  const before = place?.at ?? Number.POSITIVE_INFINITY;
  const times: number[] = [];
  for (let number = next - 1; number >= 0; number -= SAMPLE) {
    const time = at[number] ?? 0;
    if (time < before) times.push(time);
  }
  const sorted = Float64Array.from(times).sort();
  const first = sorted.length - Math.ceil(count / SAMPLE);
  return first > 0 ? (sorted[first] ?? Number.NEGATIVE_INFINITY) : Number.NEGATIVE_INFINITY;
}

function spanOf(
  columns: Columns,
  runs: readonly number[],
  place: SearchPlace | undefined,
  count: number,
): Span {
  const { at, dead, next } = columns;
  const from = startOf(columns, place, count);
  const before = place?.at ?? Number.POSITIVE_INFINITY;
  const inside = new Bits(next);
  const used = new Set<number>();
  let run = -1;
  for (let number = 0; number < next; number++) {
    if (number === runs[run + 1]) run += 1;
    const time = at[number] as number;
    if (time < from || time > before || (time === before && number >= (place?.number ?? 0))) continue;
    if (dead.has(number)) continue;
    inside.add(number);
    const base = runs[run];
    if (base !== undefined) used.add(base);
  }
  return { from, inside, runs: [...used] };
}

/**
 * The next part of an answer in order of time, newest first. Only lists of runs that have something of its time are read,
 * so that the first part costs little however much there is. What is found depends on `place` alone and on what the index
 * has now: between two parts nothing is held.
 */
export async function findPart(
  searched: Searched,
  query: TextQuery,
  place: SearchPlace | undefined,
): Promise<SearchPart> {
  const { columns, stored, tally } = searched;
  const looks = looksOf(query);
  const isAsked = query.text.trim() !== '' || (query.prefixes ?? []).length > 0;
  if (looks.length === 0 && isAsked) return { hits: [], mode: 'none' };
  const count = place?.count ?? FIRST;
  const span = spanOf(columns, stored?.runs ?? [], place, count);
  const finding = new Finding(searched, span.runs);
  const allowed = await finding.allowed(query);
  allowed.keep(span.inside);
  const found = await finding.search(looks, true);
  const { some = false } = query;
  const numbers =
    looks.length === 0
      ? [...allowed.numbers()]
      : tally.of(found, allowed, columns.next, some ? 1 : found.length).numbers;
  const best = new Best(query.limit, (one, other) => {
    const byTime = (columns.at[one] ?? 0) - (columns.at[other] ?? 0);
    return byTime === 0 ? one > other : byTime > 0;
  });
  for (const number of numbers) best.offer(number);
  const page = best.inOrder();
  const ids = await finding.idsOf(page);
  const hits = page.map((number, at) => ({
    id: ids[at] ?? '',
    kind: columns.kind(number),
    score: 1,
    terms: finding.termsIn(number, found),
  }));
  const last = page.at(-1);
  const isCut = numbers.length > page.length && last !== undefined;
  const isEnd = !isCut && span.from === Number.NEGATIVE_INFINITY;
  return {
    hits,
    mode: looks.length === 0 ? 'filter' : some ? 'any' : 'all',
    ...(finding.near.length > 0 ? { near: finding.near } : {}),
    ...(finding.tooWide.length > 0 ? { tooWide: [...new Set(finding.tooWide)] } : {}),
    ...(isEnd
      ? {}
      : {
          next: isCut
            ? { at: columns.at[last] ?? 0, number: last, count }
            : { at: span.from, number: 0, count: Math.min(MOST, count * 4) },
        }),
  };
}
