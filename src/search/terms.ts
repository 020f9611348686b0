import { stem } from './stem.ts';
import { stopWords } from './stop-words.ts';
import { type Word, wordsOf } from './words.ts';

/**
 * How text becomes terms, for documents and queries alike. A change here, in what words are or in a library behind it
 * changes what an index on disk means: raise this with it.
 */
export const termsVersion = 2;

/** Whether a word is worth indexing and looking for. */
const telling = (word: string): boolean => word !== '' && !stopWords.has(word);

/** Every term of a document's text, in order and as often as it occurs. */
export function termsOf(text: string): string[] {
  const terms: string[] = [];
  for (const { whole, parts } of wordsOf(text)) {
    if (telling(whole)) terms.push(parts.length === 0 ? stem(whole) : whole);
    for (const part of parts) if (telling(part)) terms.push(stem(part));
  }
  return terms;
}

/** A word to look for: the whole, or else all of its parts. */
export interface Wanted {
  readonly whole: string;
  readonly parts: readonly string[];
  /** As it stands in the query. */
  readonly said: string;
}

const unique = (terms: readonly string[]): string[] => [...new Set(terms)];

/** Of a query so many different words are looked for, of so many characters. */
const WORDS = 32;
const CHARACTERS = 4000;

/** What is not looked for of a query that is longer than that. */
export function cutNote(text: string): string | undefined {
  const isLonger = text.length > CHARACTERS || wantedOf(text, WORDS + 1).length > WORDS;
  return isLonger ? 'only the first 32 words, of the first 4,000 characters, are looked for' : undefined;
}

/** What a query looks for: at most `most` different words from its first `characters`. */
export function wantedOf(text: string, most = WORDS, characters = CHARACTERS): Wanted[] {
  const wanted = new Map<string, Wanted>();
  for (const { whole, parts, start, end } of wordsOf(text.slice(0, characters), true)) {
    const entry = {
      whole: telling(whole) ? (parts.length === 0 ? stem(whole) : whole) : '',
      parts: unique(parts.filter(telling).map(stem)),
      said: text.slice(start, end),
    };
    if (entry.whole === '' && entry.parts.length === 0) continue;
    const key = `${entry.whole} ${entry.parts.join(' ')}`;
    if (!wanted.has(key)) wanted.set(key, entry);
    if (wanted.size >= most) break;
  }
  return [...wanted.values()];
}

/** The beginnings that a text asks for with `*`: not stemmed, and common words too, which may begin a telling one. */
export const beginningsOf = (text: string): Pick<Word, 'whole' | 'parts'>[] => [...wordsOf(text, true)];
