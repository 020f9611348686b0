import { wordsOf } from '../words.ts';

/** What stands at each place of a text: a word as it is found, whatever its case, accents and connectors. */
const sequence = (text: string): string[] =>
  [...wordsOf(text)].map(({ whole, parts }) => (whole === '' ? parts.join(' ') : whole));

/** Whether the words of a phrase stand in a text in this order, next to each other; common ones count too. */
export function holdsPhrase(text: string, phrase: string): boolean {
  const wanted = sequence(phrase);
  if (wanted.length === 0) return true;
  const found = sequence(text);
  return found.some((_, at) => wanted.every((word, step) => found[at + step] === word));
}
