import { beginningsOf, type Wanted, wantedOf } from '../terms.ts';
import type { TextQuery } from '../types.ts';

/** One word of a query: it is found by any of the ways, and a way needs all of its terms. */
export interface Look {
  /** As it stands in the query. */
  readonly said: string;
  readonly ways: readonly Way[];
}

/** Terms that must all stand in a document, or their beginnings. */
export interface Way {
  readonly terms: readonly string[];
  readonly begins: boolean;
  /** What it counts beside a way that finds the word itself. */
  readonly share: number;
}

const waysOf = (
  { whole, parts }: { readonly whole: string; readonly parts: readonly string[] },
  begins = false,
): Way[] => [
  ...(whole === '' ? [] : [{ terms: [whole], begins, share: 1 }]),
  ...(parts.length === 0 ? [] : [{ terms: parts, begins, share: 1 }]),
];

/** One letter of a script whose words stand in pairs of letters: it is the beginning of a pair. */
const isLetter = ({ whole, parts }: Pick<Wanted, 'whole' | 'parts'>): boolean =>
  whole === '' && parts.length === 1 && [...(parts[0] ?? '')].length === 1;

/** What a query's words and beginnings look for. */
export const looksOf = ({ text, prefixes = [] }: Pick<TextQuery, 'text' | 'prefixes'>): Look[] => [
  ...wantedOf(text).map((word) => ({ said: word.said, ways: waysOf(word, isLetter(word)) })),
  ...prefixes.flatMap((beginning) =>
    beginningsOf(beginning).map((word) => ({ said: `${beginning}*`, ways: waysOf(word, true) })),
  ),
];

/** What must not stand in a document. */
export const refusalsOf = ({ without = [] }: Pick<TextQuery, 'without'>): Look[] =>
  without.flatMap((text) => wantedOf(text).map((word) => ({ said: word.said, ways: waysOf(word) })));
