import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { operators, parseQuery, QueryError } from '../../src/search/query/index.ts';
import { holdsPhrase } from '../../src/search/query/phrase.ts';

const said = (text: string) =>
  parseQuery(text).clauses.map((clause) => {
    const minus = clause.negated ? '-' : '';
    if (clause.is === 'operator')
      return `${minus}${clause.operator}:${clause.values.map(({ text: value }) => `<${value}>`).join('')}`;
    if (clause.is === 'phrase') return `${minus}"${clause.text}"`;
    return `${minus}${clause.text}${clause.prefix ? '*' : ''}`;
  });

const mistake = (text: string): QueryError => {
  try {
    parseQuery(text);
  } catch (error) {
    if (error instanceof QueryError) return error;
    throw error;
  }
  throw new Error(`nothing is wrong with ${text}`);
};

describe('a query', () => {
  test.each([
    ['flaky  upload test', ['flaky', 'upload', 'test']],
    ['"upload test" -linux', ['"upload test"', '-linux']],
    ['-"on windows" “curly quotes” «ones»', ['-"on windows"', '"curly quotes"', '"ones"']],
    ['dep* Ünï* a*b * ** -', ['dep*', 'Ünï*', 'a*b']],
    ['from:kai,zoe In:general -is:done', ['from:<kai><zoe>', 'in:<general>', '-is:<done>']],
    ['label:"needs review","x y" tag:a', ['label:<needs review><x y>', 'tag:<a>']],
    ['https://a.b/c std::vector 12:30 note:this', ['https://a.b/c', 'std::vector', '12:30', 'note:this']],
    ['well-known e-mail', ['well-known', 'e-mail']],
    ['""  "   "', []],
    ['', []],
    ['搜索 🎉', ['搜索', '🎉']],
  ])('%j is read as %j', (text, clauses) => {
    expect(said(text)).toEqual(clauses);
  });

  test.each([
    ['find "this', 6, 'do not close'],
    ['a -"b', 4, 'do not close'],
    ['from:', 6, 'from: has no value here'],
    ['x from: kai', 8, 'from: has no value here'],
    ['from:kai,', 10, 'from: has no value here'],
    ['🎉🎉 in:"open', 7, 'do not close'],
    [Array.from({ length: 65 }, (_, at) => `w${at}`).join(' '), 247, 'more than 64 parts'],
    [`from:${'a,'.repeat(20)}b`, 46, 'more than 20 values'],
  ])('%j is refused at column %i', (text, column, message) => {
    expect(mistake(text)).toMatchObject({ column, message: expect.stringContaining(message) });
    expect(mistake(text).hint).not.toBe('');
  });

  test('says what looks like a slip, and looks for it as text', () => {
    expect(parseQuery('form:kai')).toMatchObject({
      clauses: [{ is: 'word', text: 'form:kai' }],
      notes: [expect.stringMatching(/^column 1: form: is no operator .* did you mean from:\?$/)],
    });
    expect(parseQuery('note:this http://x.y').notes).toEqual([]);
  });

  test('whatever is typed is read or refused with a column within it', () => {
    const piece = fc.oneof(
      fc.constantFrom('"', '-', '*', ':', ',', ' ', '“', '🎉', 'kai', '\u0000', '\ud800'),
      fc.constantFrom(...Object.keys(operators)),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join('');
        try {
          for (const { column } of parseQuery(text).clauses) {
            expect(column).toBeGreaterThanOrEqual(1);
            expect(column).toBeLessThanOrEqual(Math.max(1, [...text].length));
          }
        } catch (error) {
          if (!(error instanceof QueryError)) throw error;
          expect(error.column).toBeGreaterThanOrEqual(1);
          expect(error.column).toBeLessThanOrEqual([...text].length + 1);
        }
      }),
      { numRuns: 500 },
    );
  });
});

test.each([
  ['The upload test is flaky', 'upload test', true],
  ['The upload of a test', 'upload test', false],
  ['Upload, test!', 'UPLOAD TEST', true],
  ['to be or not to be', 'not to be', true],
  ['openReplica() works', 'open replica', false],
  ['see src/worker.ts now', 'worker.ts now', true],
  ['Café crème', 'cafe creme', true],
  ['搜索功能很好', '搜索功能很好', true],
  ['anything', '?!', true],
])('%j holds the phrase %j: %j', (text, phrase, holds) => {
  expect(holdsPhrase(text, phrase)).toBe(holds);
});
