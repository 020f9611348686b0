import type { Vectors } from '../meaning/vectors.ts';
import type { SearchHit, SearchHits, SearchWhy, TextQuery } from '../types.ts';
import { Best } from './best.ts';
import type { Bits } from './bits.ts';
import type { Columns } from './columns.ts';
import { Finding, type Found, type Parts } from './finding.ts';
import { looksOf } from './looks.ts';
import type { Candidates, Tally } from './tally.ts';

/** What the meaning counts beside the words, of 1: by the questions of `bench/search`, as is the next. */
const MEANING = 0.6;
/** How sharply the words count less where they are few of those asked: coverage to this power. */
const GATE = 3;
/** What is farther from the question than this has nothing to do with it: most pairs of texts are nearer to 0. */
const LEAST_COSINE = 0.2;
/** Of the nearest by meaning, as many as are ranked beside what the words found. */
const NEAREST = 500;
/** Of what the words found, the meaning of as many is looked at, the best first: the others are behind these. */
const BEST_BY_WORDS = 1000;

/** What is searched, with the arrays that searching needs. */
export interface Searched extends Parts {
  readonly vectors: Vectors | undefined;
  readonly tally: Tally;
}

/** A document on its way to the answer. */
interface Ranked {
  readonly numbers: readonly number[];
  readonly scores: readonly number[];
  readonly why?: (at: number) => SearchWhy;
}

/** The answer to a query. */
export async function find(searched: Searched, query: TextQuery): Promise<SearchHits> {
  const { columns } = searched;
  const finding = new Finding(searched);
  const looks = looksOf(query);
  const isByMeaning = query.vector !== undefined && query.mode !== 'text';
  const isAsked = query.text.trim() !== '' || (query.prefixes ?? []).length > 0;
  if (looks.length === 0 && isAsked && !isByMeaning) return { hits: [], total: 0, mode: 'none' };
  const found = await finding.search(looks, true);
  const allowed = await finding.allowed(query);
  const answered = isByMeaning
    ? { ...byMeaning(searched, query, found, allowed), mode: 'meaning' as const }
    : byWords(searched, query, found, allowed);
  const { ranked, mode } = answered;
  const missing = 'missing' in answered ? answered.missing : undefined;

  const signalled = withSignals(columns, query, ranked.scores, ranked.numbers);
  const isByTime = query.sort === 'time' || mode === 'filter';
  const best = new Best(query.offset + query.limit, (one, other) => {
    const byScore = isByTime ? 0 : (signalled[one] ?? 0) - (signalled[other] ?? 0);
    if (byScore !== 0) return byScore > 0;
    const [first, second] = [ranked.numbers[one] ?? 0, ranked.numbers[other] ?? 0];
    const byTime = (columns.at[first] ?? 0) - (columns.at[second] ?? 0);
    return byTime === 0 ? first > second : byTime > 0;
  });
  for (let at = 0; at < ranked.numbers.length; at++) best.offer(at);
  const page = best.inOrder().slice(query.offset, query.offset + query.limit);
  const ids = await finding.idsOf(page.map((at) => ranked.numbers[at] ?? 0));
  const hits = page.map((at, place): SearchHit => {
    const number = ranked.numbers[at] ?? 0;
    return {
      id: ids[place] ?? '',
      kind: columns.kind(number),
      score: signalled[at] ?? 0,
      terms: finding.termsIn(number, found),
      ...(query.explain ? { why: whyOf(columns, query, number, ranked, at) } : {}),
    };
  });
  const near = finding.near.filter((said) => !missing?.includes(said));
  return {
    hits,
    total: ranked.numbers.length,
    mode,
    ...(missing ? { missing } : {}),
    ...(near.length > 0 ? { near } : {}),
    ...(finding.tooWide.length > 0 ? { tooWide: [...new Set(finding.tooWide)] } : {}),
  };
}

/** All words, or any of them where nothing has all, or where that is asked for. */
function byWords(
  { columns, tally }: Searched,
  { some = false }: TextQuery,
  found: readonly Found[],
  allowed: Bits,
): { ranked: Ranked; mode: SearchHits['mode']; missing?: string[] } {
  if (found.length === 0) {
    const numbers = [...allowed.numbers()];
    return { ranked: { numbers, scores: numbers.map(() => 1) }, mode: 'filter' };
  }
  const all = tally.of(found, allowed, columns.next, some ? 1 : found.length);
  if (some) return { ranked: explained(all, found), mode: 'any' };
  if (all.numbers.length > 0) return { ranked: explained(all, found), mode: 'all' };
  const missing = found
    .filter(({ documents }) => !documents.some((number) => allowed.has(number)))
    .map(({ look }) => look.said);
  if (found.length === 1) return { ranked: all, mode: 'all', missing };
  return { ranked: explained(tally.of(found, allowed, columns.next, 1), found), mode: 'any', missing };
}

const explained = (candidates: Candidates, found: readonly Found[]): Ranked => ({
  ...candidates,
  why: (at) => ({ text: candidates.scores[at] ?? 0, coverage: coverageOf(candidates, found)(at) }),
});

/** Which part of what the words tell, of 1, a document has. */
function coverageOf({ covered }: Candidates, found: readonly Found[]): (at: number) => number {
  const whole = found.reduce((sum, { weight }) => sum + weight, 0);
  // What is covered was added up in 32 bits.
  return (at) => (whole === 0 ? 0 : Math.min(1, Math.round((1e6 * (covered[at] ?? 0)) / whole) / 1e6));
}

/**
 * Words and meaning in one score: what the words found, by the best of them and only as far as it has what they tell, and
 * the cosine. Without that gate a question whose words are nowhere would be answered by one that stands anywhere.
 */
function byMeaning(
  { columns, tally, vectors }: Searched,
  query: TextQuery,
  found: readonly Found[],
  allowed: Bits,
): { ranked: Ranked } {
  const share = query.mode === 'semantic' ? 1 : MEANING;
  const vector = query.vector ?? new Float32Array();
  const nearest = vectors?.nearest(vector, NEAREST, LEAST_COSINE, (number) => allowed.has(number)) ?? [];
  const cosines = new Map(nearest.map(({ number, cosine }) => [number, cosine]));
  const words =
    share === 1
      ? { numbers: [], scores: [], words: [], covered: [] }
      : tally.of(found, allowed, columns.next, 1);
  const coverage = coverageOf(words, found);
  const top = words.scores.reduce((most, score) => Math.max(most, score), 0);
  const numbers: number[] = [];
  const scores: number[] = [];
  const why: SearchWhy[] = [];
  const take = (number: number, text: number, covered: number, cosine: number | undefined): void => {
    numbers.push(number);
    scores.push((1 - share) * text * covered ** GATE + share * Math.max(0, cosine ?? 0));
    why.push({ text, coverage: covered, ...(cosine === undefined ? {} : { cosine }) });
  };
  const best = bestOf(words.scores, BEST_BY_WORDS);
  for (const [at, number] of words.numbers.entries()) {
    const cosine = cosines.get(number) ?? (best(at) ? vectors?.cosine(number, vector) : undefined);
    take(number, (words.scores[at] ?? 0) / top, coverage(at), cosine);
    cosines.delete(number);
  }
  for (const [number, cosine] of cosines) take(number, 0, 0, cosine);
  return { ranked: { numbers, scores, why: (at) => why[at] ?? {} } };
}

/** Which of the scores are among the `count` highest; of those that equal the last of them, all. */
function bestOf(scores: readonly number[], count: number): (at: number) => boolean {
  if (scores.length <= count) return () => true;
  const least = Float64Array.from(scores).sort()[scores.length - count] ?? 0;
  return (at) => (scores[at] ?? 0) >= least;
}

/** How recent a document is, from 1 down to 0 by half for each half-life. */
const recencyOf = (columns: Columns, query: TextQuery, number: number): number =>
  query.signals === undefined
    ? 0
    : 2 ** (-Math.max(0, query.signals.now - (columns.at[number] ?? 0)) / query.signals.halfLife);

/** How much use was made of it, from 0 towards 1. */
const useOf = (columns: Columns, number: number): number => {
  const use = columns.use[number] ?? 0;
  return use / (use + 3);
};

/** The scores, each a little more for what is recent and for what was made use of. */
function withSignals(
  columns: Columns,
  query: TextQuery,
  scores: readonly number[],
  numbers: readonly number[],
): readonly number[] {
  const { signals } = query;
  if (!signals || (signals.recency === 0 && signals.use === 0)) return scores;
  return scores.map((score, at) => {
    const number = numbers[at] ?? 0;
    const recent = signals.recency * recencyOf(columns, query, number);
    return score * (1 + recent + signals.use * useOf(columns, number));
  });
}

const whyOf = (
  columns: Columns,
  query: TextQuery,
  number: number,
  ranked: Ranked,
  at: number,
): SearchWhy => ({
  ...ranked.why?.(at),
  ...(query.signals ? { recency: recencyOf(columns, query, number), use: useOf(columns, number) } : {}),
});
