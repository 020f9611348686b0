// The one door to the stemmer: English by Porter's second algorithm. Words of other languages lose an `s` or `ed` that
// looks English, in documents and queries alike, so they are found all the same.
import porter2 from 'wink-porter2-stemmer';
import type { Word } from './words.ts';

const known = new Map<string, string>();
/** Most words of a text are among this many. */
const MOST_KNOWN = 50_000;
const stemmed = /^[a-z]{3,}$/;

/** A folded word as the index knows it: `deployed`, `deploys` and `deployment` are one term. */
export function stem(word: string): string {
  if (!stemmed.test(word)) return word;
  const found = known.get(word);
  if (found !== undefined) return found;
  const made = porter2(word);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(word, made);
  return made;
}

/** The terms of one word: a compound stands whole as it is written, and by its parts as words. */
export const termsOfWord = ({ whole, parts }: Pick<Word, 'whole' | 'parts'>): string[] =>
  parts.length === 0 ? [stem(whole)] : [whole, ...parts.map(stem)].filter((term) => term !== '');
