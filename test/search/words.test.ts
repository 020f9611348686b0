import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { snippet } from '../../src/search/snippet.ts';
import { termsOf, wantedOf } from '../../src/search/terms.ts';
import { wordsOf } from '../../src/search/words.ts';

describe('terms of a text', () => {
  test.each([
    ['The quick brown Fox', ['quick', 'brown', 'fox']],
    ['parseHTTPServer', ['parsehttpserver', 'pars', 'http', 'server']],
    ['is_ready and __init__', ['is_ready', 'readi', 'init']],
    ['src/search/worker.ts', ['src', 'search', 'worker.ts', 'worker', 'ts']],
    ['v1.2.3-rc1', ['1.2.3-rc1', 'rc1']],
    ['node 20.19', ['node', '20.19']],
    ["The team's don't O'Brien", ['team', 'obrien', 'brien']],
    ['deploys deployed deployment', ['deploy', 'deploy', 'deploy']],
    ['Café ＡＢＣ', ['cafe', 'abc']],
    ['日本語', ['日本', '本語', '語']],
    ['用Coterie搜索', ['用', 'coteri', '搜索', '索']],
    ['done 🎉 :tada:', ['done', '🎉', 'tada']],
    ['--- ... !!! ()', []],
    ['', []],
  ])('%s', (text, terms) => {
    expect(termsOf(text)).toEqual(terms);
  });

  test('are at most 64 characters long', () => {
    expect(termsOf('x'.repeat(10_000))).toEqual(['x'.repeat(64)]);
    expect(Math.max(...termsOf(`${'aB3x_'.repeat(1000)}z`).map((term) => term.length))).toBeLessThanOrEqual(
      64,
    );
  });

  test('any text gives terms without an error, and each word lies where it says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const term of termsOf(text)) expect(term).not.toBe('');
        for (const { start, end } of wordsOf(text)) {
          expect(start).toBeLessThan(end);
          expect(end).toBeLessThanOrEqual(text.length);
        }
      }),
    );
  });
});

describe('what a query looks for', () => {
  test('a compound is wanted whole or by its parts', () => {
    expect(wantedOf('fooBar')).toEqual([{ whole: 'foobar', parts: ['foo', 'bar'], said: 'fooBar' }]);
    expect(wantedOf('日本語')).toEqual([{ whole: '', parts: ['日本', '本語'], said: '日本語' }]);
  });
  test('nothing in punctuation and common words', () => {
    expect(wantedOf('?! -- " the of and')).toEqual([]);
  });
  test('at most 32 words', () => {
    expect(wantedOf(Array.from({ length: 2000 }, (_, i) => `word${i}`).join(' '))).toHaveLength(32);
  });
});

describe('snippet', () => {
  const long = `${'before it '.repeat(60)}the needleWord stands here${' after it'.repeat(60)}`;
  test('a short text is given whole, on one line', () => {
    expect(snippet('one\n  two', ['two'])).toBe('one two');
  });
  test('is around the first match', () => {
    for (const terms of [['needleword'], ['needle'], ['word'], ['stands', 'needle']]) {
      const part = snippet(long, terms);
      expect(part).toContain('needleWord stands here');
      expect(part.startsWith('…')).toBe(true);
      expect(part.endsWith('…')).toBe(true);
      expect(part.length).toBeLessThanOrEqual(162);
    }
  });
  test('finds what only folding made match', () => {
    expect(snippet(`${'x '.repeat(300)}Übergröße Café`, ['cafe'])).toContain('Café');
  });
  test('without a match is the beginning', () => {
    expect(snippet(long, ['absent'], 30)).toBe('before it before it before it…');
  });
  test('never cuts a character in two', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 30, maxLength: 300 }),
        fc.nat(40),
        (text, length) => {
          expect(snippet(text, [text.slice(100, 104).toLowerCase()], length + 5).isWellFormed()).toBe(true);
        },
      ),
    );
  });
});
