import type { z } from 'zod';
import { CoterieError, type Hash, type SearchAnswer, type SearchQuery } from '../../../../schemas/index.ts';
import type { Answer, SearchMode } from '../../../search/types.ts';
import type { Reading } from '../context.ts';
import { tokensOf } from '../waiting/proof.ts';
import { askingOf } from './ask.ts';
import { Budget } from './budget.ts';
import { pageOf, type Searching } from './page.ts';
import { resultOf } from './results.ts';

/** Results of one answer at most, and when nobody says. */
const most = 200;
const usual = 20;

/** What only those ask who recall memory. */
export interface Recalling {
  readonly tag?: string | undefined;
  readonly budget?: number | undefined;
}

/**
 * Search over messages, tasks with their comments, and memory, by their words unless `mode` says otherwise. The cursor is
 * how many came before.
 */
export async function find(
  reading: Reading,
  searching: Searching,
  member: Hash,
  query: z.infer<typeof SearchQuery>,
  { tag, budget }: Recalling = {},
): Promise<SearchAnswer> {
  const offset = query.cursor === undefined ? 0 : Number(query.cursor);
  if (!Number.isSafeInteger(offset) || offset < 0)
    throw new CoterieError('invalid', 'cursor is not one of a search.');
  const limit = Math.min(query.limit ?? (budget === undefined ? usual : most), most);
  const { kind, channel, mode = 'text' } = query;
  const isByTime = query.sort === 'time';
  const asking = await askingOf(reading, member, query.q, { kind, channel, tag });
  const { found, isPart, total, page, end } = await pageOf(reading, searching, query, asking, {
    offset,
    limit,
  });
  const notes = [...asking.notes, ...notesOf(found)];
  const fallback = isByTime && mode !== 'text' ? 'newest first, the words alone count' : found.fallback;
  const answer = {
    results: [],
    modes: modesOf[found.ranked],
    ...(fallback === undefined ? {} : { fallback }),
    ...(found.unembedded === undefined ? {} : { unembedded: found.unembedded }),
    match: found.mode,
    total,
    ...(isPart || found.tooWide ? { atLeast: true } : {}),
    ...(found.missing && found.missing.length > 0 ? { missing: found.missing } : {}),
    ...(notes.length > 0 ? { notes } : {}),
    ...(end < total && page.length > 0 ? { next: String(end) } : {}),
    behind: found.behind,
  };
  // Loaded with the first question: it brings the stemmer.
  const { marksOf, snippet } = await import('../../../search/snippet.ts');
  const snippets = { marksOf, snippet };
  if (budget === undefined) {
    const wholes = await Promise.all(page.map(({ one }) => resultOf(reading, one, snippets)));
    return { ...answer, results: wholes.flat().map(({ result }) => result) };
  }
  const spent = new Budget(budget - tokensOf({ ...answer, next: String(end) }));
  for (const { one, place } of page)
    for (const whole of await resultOf(reading, one, snippets))
      if (!spent.take(whole, page.length === 1))
        return { ...answer, results: spent.results, next: String(place) };
  return { ...answer, results: spent.results };
}

const modesOf: Readonly<Record<SearchMode, SearchAnswer['modes']>> = {
  text: ['text'],
  semantic: ['semantic'],
  hybrid: ['text', 'semantic'],
};

const quoted = (words: readonly string[]): string => words.map((word) => `"${word}"`).join(', ');

/** What the asker should know of how the words were taken. */
export const notesOf = ({
  near = [],
  tooWide = [],
  about = [],
}: Pick<Answer, 'near' | 'tooWide' | 'about'>): string[] => [
  ...about,
  ...(near.length > 0
    ? [`${quoted(near)} stands nowhere: longer words, or such as are nearly the same, were looked for`]
    : []),
  ...(tooWide.length > 0
    ? [`${quoted(tooWide)} begins more words than are looked for at once: the most frequent were`]
    : []),
];
