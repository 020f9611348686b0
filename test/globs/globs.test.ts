import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Glob, glob, globCharacters, isGlob, matches, overlap } from '../../src/globs/index.ts';
import { check } from '../fold/random.ts';
import { plainly } from './plain.ts';

function made(text: string): Glob {
  const found = glob(text);
  if (!isGlob(found)) throw new Error(`${text} at ${found.column}: ${found.message}`);
  return found;
}

/** A path that both match, or undefined. */
function common(a: string, b: string): string | undefined {
  const found = overlap(made(a), made(b));
  if (found === 'unknown') throw new Error('it was not looked at to the end');
  return found === 'apart' ? undefined : found.path;
}

/** Every path over these characters, up to this long. */
function paths(alphabet: string, longest: number): string[] {
  const all: string[] = [];
  let some = [''];
  for (let length = 1; length <= longest; length++) {
    some = some.flatMap((path) => [...alphabet].map((next) => path + next));
    all.push(...some);
  }
  return all.filter((path) => path.split('/').every((name) => name !== '' && name !== '.' && name !== '..'));
}

describe('what a glob matches', () => {
  it.each([
    ['src/a.ts', ['src/a.ts'], ['src/a_ts', 'src/A.ts', 'src', 'x/src/a.ts', 'src/a.ts/b']],
    ['src/*.ts', ['src/a.ts', 'src/.ts'], ['src/b/a.ts', 'a.ts']],
    ['src/*', ['src/a', 'src/.env'], ['src', 'src/a/b']],
    ['src/**', ['src', 'src/a', 'src/a/b/c'], ['srcs', 'a/src']],
    ['**/a.ts', ['a.ts', 'x/a.ts', 'x/y/a.ts'], ['xa.ts', 'a.ts/b']],
    ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b'], ['ab', 'a/xb', 'a/b/c']],
    ['**', ['a', 'a/b'], ['', '/', 'a/', '/a', 'a//b', '.', '..', 'a/../b']],
    ['?', ['a', '日', '👍'], ['ab', '', '/', '.']],
    ['[a-c]', ['a', 'b', 'c'], ['d', 'A', '-']],
    ['[!a-c]', ['d', '-'], ['a', '/', '.']],
    ['[]a-]', [']', 'a', '-'], ['b']],
    ['app/[[]id]/page.tsx', ['app/[id]/page.tsx'], ['app/i/page.tsx']],
    ['a{b,c}d', ['abd', 'acd'], ['abcd', 'ad']],
    ['a{,.test}.ts', ['a.ts', 'a.test.ts'], ['a..ts']],
    ['{src,test}/{a,b/{c,d}}.ts', ['src/a.ts', 'test/b/c.ts', 'src/b/d.ts'], ['src/b.ts', 'test/c.ts']],
    ['a{/**,}', ['a', 'a/b', 'a/b/c'], ['ab']],
    ['a,b', ['a,b'], ['a']],
  ])('RSV-1 RSV-2: %s', (text, yes, no) => {
    expect(yes.filter((path) => !matches(made(text), path))).toEqual([]);
    expect(no.filter((path) => matches(made(text), path))).toEqual([]);
  });
});

describe('RSV-3: what is no glob', () => {
  it.each([
    ['', 1, /empty/],
    ['/src', 1, /begins with no slash/],
    ['src/', 5, /a name is missing/],
    ['src//a', 5, /a name is missing/],
    ['{,a}/b', 5, /a name is missing/],
    ['./src', 2, /not \. or \.\./],
    ['src/../a', 7, /not \. or \.\./],
    ['a/.{.,b}', 9, /not \. or \.\./],
    ['src/**.ts', 7, /by itself/],
    ['a**', 2, /by itself/],
    ['{a,**}b', 7, /by itself/],
    ['a***', 4, /no meaning/],
    ['src\\a', 4, /stands between folders/],
    ['日本[a', 3, /never closed/],
    ['[]', 1, /never closed/],
    ['[\\]]', 2, /no meaning/],
    ['a[c-a]', 4, /backwards/],
    ['a[/]', 2, /slash/],
    ['a/{b,c', 3, /never closed/],
    ['a{b}', 2, /two or more/],
    ['a{b..d}', 2, /two or more/],
    ['a}', 2, /closes no brace/],
    ['a\nb', 2, /control character/],
    ['a\ud800', 2, /half a character/],
    [`${'{a,'.repeat(9)}b${'}'.repeat(9)}`, 25, /8 deep/],
    ['a'.repeat(globCharacters + 1), globCharacters + 1, /longer than 256/],
  ])('%j is none, and it is said where', (text, column, message) => {
    const found = glob(text);
    if (isGlob(found)) throw new Error('it was taken');
    expect(found.column).toBe(column);
    expect(found.message).toMatch(message);
  });
});

describe('what two globs have in common', () => {
  it.each([
    ['src/*/a.ts', 'src/b/*.ts', 'src/b/a.ts'],
    ['src/**', 'src', 'src'],
    ['**/*.ts', 'src/**/index.*', 'src/index.ts'],
    ['{a,b}/c', '[bx]/?', 'b/c'],
    ['[!a]', '[!b]', expect.stringMatching(/^[^ab/]$/)],
    ['*a', 'b*', 'ba'],
  ])('RSV-4: %s and %s: both match %s', (a, b, path) => {
    expect(common(a, b)).toEqual(path);
    expect(common(b, a)).toBeDefined();
  });

  it.each([
    ['src/*', 'src/*/*'],
    ['src/*.ts', 'src/*.js'],
    ['a/**/b', 'a/**/c'],
    ['[ab]', '[!ab]'],
    ['src/A.ts', 'src/a.ts'],
    // Both match nothing but `.`, or `..`, and these are no names.
    ['[.a]', '[.b]'],
    ['[.a][.a]', '[.b][.b]'],
    ['a/[.x]', 'a/{[.y],c}'],
  ])('RSV-4: %s and %s: nothing', (a, b) => {
    expect([common(a, b), common(b, a)]).toEqual([undefined, undefined]);
  });

  const alphabet = 'ab./';
  const short = paths(alphabet, 5);
  const leaf = fc.constantFrom(
    'a',
    'b',
    '.',
    '*',
    '?',
    '[ab]',
    '[!a]',
    '[.-b]',
    '/',
    '/',
    '/',
    '/**/',
    '**/',
    '/**',
    '',
  );
  const text: fc.Arbitrary<string> = fc.letrec<{ text: string }>((tie) => ({
    text: fc
      .array(
        fc.oneof(
          { depthSize: 'small', withCrossShrink: true },
          leaf,
          fc.array(tie('text'), { minLength: 2, maxLength: 3 }).map((ways) => `{${ways.join(',')}}`),
        ),
        { maxLength: 5 },
      )
      .map((parts) => parts.join('')),
  })).text;
  const globs = text.filter((one) => isGlob(glob(one)));

  it('RSV-1 RSV-2: what a glob matches is what it says, on every short path', () => {
    check(
      fc.property(globs, (one) => {
        const compiled = made(one);
        expect(short.filter((path) => matches(compiled, path) !== plainly(one, path))).toEqual([]);
      }),
      300,
    );
  });

  it('RSV-4: two globs overlap exactly where a path is matched by both', () => {
    let overlapping = 0;
    let apart = 0;
    check(
      fc.property(globs, globs, (a, b) => {
        const found = common(a, b);
        expect(common(b, a) === undefined).toBe(found === undefined);
        if (found !== undefined) {
          overlapping++;
          expect([plainly(a, found), plainly(b, found)], found).toEqual([true, true]);
        } else {
          apart++;
          const [one, other] = [made(a), made(b)];
          expect(short.filter((path) => matches(one, path) && matches(other, path))).toEqual([]);
        }
      }),
      400,
    );
    expect(Math.min(overlapping, apart)).toBeGreaterThan(50);
  });

  it('RSV-5: no two globs take more steps than five times the product of their states', () => {
    const hostile = [
      '*a'.repeat(128),
      '*b'.repeat(128),
      `${'{*,}'.repeat(63)}a`,
      '**/*/'.repeat(51).slice(0, -1),
      '?*[ab]'.repeat(42),
      `${'{a,'.repeat(8)}*${'}b'.repeat(8)}${'*a'.repeat(107)}`,
    ].map(made);
    for (const a of hostile)
      for (const b of hostile) {
        // Every glob of this size has at most three states a character.
        expect(a.states.length).toBeLessThanOrEqual(3 * globCharacters + 2);
        const steps = { left: 5 * a.states.length * b.states.length };
        expect(overlap(a, b, steps)).not.toBe('unknown');
        expect(overlap(a, b, { left: 3 })).not.toBe('apart');
      }
    for (const one of hostile) {
      const path = 'a'.repeat(4000);
      const steps = { left: path.length * one.states.length };
      matches(one, path, steps);
      expect(steps.left).toBeGreaterThanOrEqual(0);
      const few = { left: 2 };
      expect([matches(one, path, few), few.left < 0]).toEqual([false, true]);
    }
  });
});
