import type { SearchAnswer, SearchResult } from '../schemas/index.ts';

const rankings = { text: 'by words', semantic: 'by meaning', both: 'by words and meaning' } as const;

/** What ranked an answer; undefined where that is words and nobody asked for anything else. */
function ranking({ modes, results, fallback, match }: SearchAnswer): string | undefined {
  if (match === 'filter') return undefined;
  const by = rankings[modes.length > 1 ? 'both' : (modes[0] ?? 'text')];
  if (fallback !== undefined) return `${by} alone: ${fallback}`;
  const isUsual = by === rankings.text && results.every(({ why }) => why === undefined);
  return isUsual ? undefined : by;
}

/** What made the score of a result, on one line; undefined where nobody asked. */
export function whyOf({ score, why }: SearchResult): string | undefined {
  if (why === undefined) return undefined;
  const part = (name: string, value: number | undefined): string[] =>
    value === undefined ? [] : [`${name} ${value.toFixed(2)}`];
  return [
    ...part('score', score),
    ...part('words', why.text),
    ...part('coverage', why.coverage),
    ...part('meaning', why.cosine),
    ...part('recency', why.recency),
    ...part('use', why.use),
  ].join(', ');
}

/** What to know of a memory before it is believed, in few words each. */
export function aboutFound({ folded = [], memory }: SearchResult, name: (id: string) => string): string[] {
  if (memory === undefined) return [];
  const { author, expired, kind, siblings = 0, sources, supersededBy = [], tags, twins = [] } = memory;
  const because = (why: 'superseded' | 'same') =>
    folded.filter((one) => one.because === why).map(({ id }) => name(id));
  const listed = (before: string, ids: readonly string[]) =>
    ids.length > 0 ? [`${before} ${ids.join(', ')}`] : [];
  return [
    ...(kind === undefined ? [] : [kind]),
    ...tags.map((tag) => `#${tag}`),
    ...(author === undefined ? [] : [`first by @${author.handle}`]),
    ...listed('from', sources),
    ...(expired ? ['expired'] : []),
    ...(siblings > 0 ? [`${siblings} written apart`] : []),
    ...listed('superseded by', supersededBy.map(name)),
    ...listed('made apart', twins.map(name)),
    ...listed('in place of', because('superseded')),
    ...listed('same as', because('same')),
  ];
}

/** What whoever searched should know of the answer beside its results, a line each. */
export function aboutSearch(answer: SearchAnswer): string[] {
  const { results, match, total, atLeast, missing = [], notes = [], unembedded = 0 } = answer;
  // By meaning there is always more that is farther.
  const few = results.length < total || (atLeast === true && match !== 'meaning');
  const isShort = match === 'any';
  const lacks = missing.map((word) => `"${word}"`).join(', ');
  const ranked = ranking(answer);
  const words = unembedded === 1 ? '1 text is' : `${unembedded.toLocaleString('en')} texts are`;
  return [
    ...(ranked === undefined ? [] : [ranked]),
    ...(unembedded > 0 ? [`${words} not found by meaning yet`] : []),
    ...(isShort ? ['nothing has all of these words; these have some'] : []),
    ...(lacks === '' ? [] : [`nothing has ${lacks}`]),
    ...(few ? [`${atLeast ? 'at least ' : ''}${total.toLocaleString('en')} in all`] : []),
    ...notes,
  ];
}
