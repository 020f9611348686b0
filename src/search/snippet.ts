import { termsOfWord } from './stem.ts';
import { wordsOf } from './words.ts';

/** How far into a text words are looked at one by one; what lies beyond is found by its letters alone. */
const LOOKED_AT = 8000;
const alphanumeric = /[\p{L}\p{N}]/u;

/** Where a term begins, with a word or within a compound one; -1 when only its folding made it match. */
function find(text: string, lower: string, term: string): number {
  for (let at = lower.indexOf(term); at >= 0; at = lower.indexOf(term, at + 1)) {
    const before = text[at - 1];
    if (before === undefined || !alphanumeric.test(before) || text[at] !== lower[at]) return at;
  }
  return -1;
}

function firstMatch(text: string, terms: ReadonlySet<string>): number {
  const lower = text.toLowerCase();
  let first = -1;
  for (const term of terms) {
    const at = find(text, lower, term);
    if (at >= 0 && (first < 0 || at < first)) first = at;
  }
  if (first >= 0) return first;
  for (const word of wordsOf(text.slice(0, LOOKED_AT)))
    if (termsOfWord(word).some((term) => terms.has(term))) return word.start;
  return 0;
}

const trailing = /[\ud800-\udbff]$/;

/**
 * About `length` characters of a text around the first of the terms, or its beginning when there is none. One
 * line, cut between words where that is near, with `…` for what is left out.
 */
export function snippet(text: string, terms: readonly string[], length = 160): string {
  if (text.length <= length) return oneLine(text);
  const match = firstMatch(text, new Set(terms.filter((term) => term !== '')));
  let start = Math.max(0, Math.min(match - Math.floor(length / 4), text.length - length));
  if (start > 0) {
    const space = text.slice(start, match).search(/\s\S/);
    if (space >= 0 && space < length / 4) start += space + 1;
    if (trailing.test(text.slice(0, start))) start += 1;
  }
  let end = Math.min(text.length, start + length);
  if (end < text.length) {
    const space = text.slice(start, end).search(/\s\S*$/);
    if (space > length / 2 && start + space > match) end = start + space;
    if (trailing.test(text.slice(start, end))) end -= 1;
  }
  return `${start > 0 ? '…' : ''}${oneLine(text.slice(start, end))}${end < text.length ? '…' : ''}`;
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** Where in a text the words stand that have one of the terms: from and to. */
export function marksOf(text: string, terms: readonly string[]): [from: number, to: number][] {
  const wanted = new Set(terms);
  return [...wordsOf(text)].flatMap((word): [number, number][] =>
    termsOfWord(word).some((term) => wanted.has(term)) ? [[word.start, word.end]] : [],
  );
}
