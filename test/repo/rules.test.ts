import { describe, expect, it } from 'vitest';
import { filesUnder, read } from './files.ts';

/** A rule stands in a document of the specification as `- **OP-3** …`. */
const rules = filesUnder('docs/spec', '.md').flatMap((document) =>
  [...read(document).matchAll(/^\s*- \*\*([A-Z]+)-(\d+)\*\*/gm)].map(([, prefix, number]) => ({
    document,
    id: `${prefix}-${number}`,
    prefix: prefix ?? '',
    number: Number(number),
  })),
);
const ids = new Set(rules.map(({ id }) => id));
const prefixes = new Set(rules.map(({ prefix }) => prefix));

/** What a call of `it`, `test` or `describe` is named, also through `it.each(…)` and the like. */
const named =
  /\b(?:it|test|describe|property)(?:\.\w+)*(?:\([^'"`()]*\))?\(\s*(['"`])((?:\\.|(?!\1)[\s\S])*)\1/g;
const names = filesUnder('test', '.ts').flatMap((file) =>
  [...read(file).matchAll(named)].map(([, , name]) => ({ file, name: name ?? '' })),
);

/** A name begins with the rules that it holds to; one of a known kind counts wherever it stands. */
const cited = names.flatMap(({ file, name }) => {
  const found = [...name.matchAll(/\b([A-Z]+)-(\d+)\b/g)];
  return found
    .filter(({ 1: prefix, index }) => index === 0 || prefixes.has(prefix ?? ''))
    .map(([id]) => ({ file, id }));
});

describe('the specification', () => {
  it('numbers its rules from 1, without gaps, each prefix in one document', () => {
    for (const prefix of prefixes) {
      const own = rules.filter((rule) => rule.prefix === prefix);
      expect(
        own.map(({ number }) => number),
        prefix,
      ).toEqual(own.map((_, i) => i + 1));
      expect(new Set(own.map(({ document }) => document)).size, prefix).toBe(1);
    }
  });

  it('has every rule that a test cites', () => {
    expect(cited.filter(({ id }) => !ids.has(id))).toEqual([]);
  });

  it('has no rule that no test cites', () => {
    const held = new Set(cited.map(({ id }) => id));
    expect([...ids].filter((id) => !held.has(id))).toEqual([]);
  });

  it('is indexed: SPEC.md lists each prefix with its document', () => {
    const index = read('SPEC.md');
    for (const { prefix, document } of rules) expect(index).toMatch(rowOf(prefix, document));
  });
});

const rowOf = (prefix: string, document: string): RegExp =>
  new RegExp(`^\\| \`${prefix}\` \\| \\[[^\\]]+\\]\\(${document.replaceAll('.', '\\.')}\\) \\|`, 'm');

describe('the threat model', () => {
  it('names tests and rules that there are', () => {
    const text = read('THREAT_MODEL.md');
    const paths = [...text.matchAll(/`(test\/[^`\s]+)`/g)].map(([, path]) => path ?? '');
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.filter((path) => !filesUnder('test', '').some((file) => file.startsWith(path)))).toEqual([]);
    const named = [...text.matchAll(/\b([A-Z]{2,4})-(\d+)\b/g)];
    expect(
      named.filter(([id, prefix]) => prefixes.has(prefix ?? '') && !ids.has(id)).map(([id]) => id),
    ).toEqual([]);
  });
});
