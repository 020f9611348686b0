import { describe, expect, it } from 'vitest';
import { search } from '../../relay/cli/show/reading.ts';
import { createShorts } from '../../relay/mcp/shorts.ts';
import { found } from '../../relay/mcp/text/others.ts';
import type { SearchAnswer } from '../../schemas/index.ts';

const at = '2026-03-04T05:06:07.000Z';
const now = Date.parse(at);
const by = { id: 'm'.repeat(26), handle: 'zoe', name: 'Zoë' };
const result = {
  kind: 'memory' as const,
  id: 'a'.repeat(26),
  score: 0.7149,
  snippet: 'Releases go out on Tuesdays',
  marks: [],
  place: 'release-day',
  by,
  at,
};
const answer = (more: Partial<SearchAnswer>): SearchAnswer => ({
  results: [result],
  modes: ['text'],
  match: 'all',
  total: 1,
  behind: 0,
  ...more,
});

describe.each([
  ['the command line', (one: SearchAnswer) => search(one, { color: false, width: undefined, now })],
  ['MCP', (one: SearchAnswer) => found(one, { shorts: createShorts(), now })],
])('what %s says of a search', (_, shown) => {
  it.each<[Partial<SearchAnswer>, string]>([
    [{ modes: ['text', 'semantic'], match: 'meaning' }, 'by words and meaning'],
    [{ modes: ['semantic'], match: 'meaning' }, 'by meaning'],
    [{ fallback: 'embeddings are off: asked so' }, 'by words alone: embeddings are off: asked so'],
    [
      { modes: ['semantic'], match: 'meaning', unembedded: 1 },
      'by meaning\n1 text is not found by meaning yet',
    ],
    [
      { modes: ['text', 'semantic'], match: 'meaning', unembedded: 2000 },
      'by words and meaning\n2,000 texts are not found by meaning yet',
    ],
  ])('names how it was ranked: %j', (more, words) => {
    expect(shown(answer(more)).split('\n').slice(-words.split('\n').length).join('\n')).toBe(words);
    // A list that is empty for want of vectors says so as well.
    expect(shown(answer({ ...more, results: [], total: 0 }))).toContain(`nothing found\n`);
    expect(shown(answer({ ...more, results: [], total: 0 }))).toContain(words);
  });

  it('keeps the spaces around what was looked for', () => {
    const marks: [number, number][] = [
      [0, 8],
      [19, 27],
    ];
    const one = { ...result, marks };
    expect(shown(answer({ results: [one] }))).toContain('Releases go out on Tuesdays');
  });

  it('tells of more where there is more, and not of what is farther in meaning', () => {
    expect(shown(answer({ total: 3 }))).toContain('3 in all');
    expect(shown(answer({ atLeast: true }))).toContain('at least 1 in all');
    expect(shown(answer({ atLeast: true, match: 'meaning' }))).not.toContain('in all');
  });

  it('says nothing of it where words were asked for and words answered', () => {
    expect(shown(answer({}))).toMatch(/Releases go out on Tuesdays$/);
  });

  it('says of each result what made its score, where that was asked for', () => {
    const why = { text: 0.5, coverage: 0.25, cosine: 0.81, recency: 1, use: 0 };
    const told = shown(answer({ modes: ['text', 'semantic'], results: [{ ...result, why }] }));
    expect(told).toContain('score 0.71, words 0.50, coverage 0.25, meaning 0.81, recency 1.00, use 0.00');
    expect(told).toMatch(/by words and meaning$/);
    const text = shown(answer({ results: [{ ...result, why: { text: 3.2, coverage: 1 } }] }));
    expect(text).toContain('score 0.71, words 3.20, coverage 1.00');
    expect(text).toMatch(/by words$/);
  });
});
