import { seeded } from './texts.ts';

const word = /[\p{L}\p{N}]+(?:['’._-][\p{L}\p{N}]+)*/gu;
const shortest = 2;
const longest = 40;

/** The words of a text as someone would type them: no case, no punctuation around, each once, in order. */
export const plainWords = (text: string): string[] => [
  ...new Set(
    (text.toLowerCase().match(word) ?? []).filter(({ length }) => length >= shortest && length <= longest),
  ),
];

/** In how many of the texts each word is. */
export function frequenciesOf(texts: Iterable<string>): Map<string, number> {
  const frequencies = new Map<string, number>();
  for (const text of texts)
    for (const one of plainWords(text)) frequencies.set(one, (frequencies.get(one) ?? 0) + 1);
  return frequencies;
}

/** The words of a text that fewest texts have, in the order of the text. */
export function rarestOf(text: string, count: number, frequencies: ReadonlyMap<string, number>): string[] {
  const words = plainWords(text);
  const frequency = (one: string): number => frequencies.get(one) ?? 0;
  const kept = new Set([...words].sort((a, b) => frequency(a) - frequency(b)).slice(0, count));
  return words.filter((one) => kept.has(one));
}

/** One search of someone who looks for a message. */
export interface Asking {
  readonly text: string;
  readonly sort?: 'time';
}

/** One of them, each as likely as it weighs. */
function drawn(words: readonly string[], weight: (one: string) => number, draw: number): string {
  let left = draw * words.reduce((sum, one) => sum + weight(one), 0);
  for (const one of words) {
    left -= weight(one);
    if (left <= 0) return one;
  }
  return words.at(-1) ?? '';
}

/** Words that more messages have tell so little that nobody types them. */
const common = 0.1;

/**
 * Searches of one, two or three words of a message, drawn by seed; every fifth sorted by time. What tells more is drawn
 * more often, by the logarithm of its rarity, so that most have something common and something rare.
 */
export function askingsOf(
  texts: readonly string[],
  text: (draw: number) => string,
  count: number,
  seed: number,
): Asking[] {
  const frequencies = frequenciesOf(texts);
  const random = seeded(seed);
  const weight = (one: string): number => Math.log(texts.length / (frequencies.get(one) ?? 1));
  const askings: Asking[] = [];
  while (askings.length < count) {
    let words = plainWords(text(random())).filter((one) => weight(one) > -Math.log(common));
    const wanted = 1 + Math.floor(random() * 3);
    if (words.length < wanted) continue;
    const taken: string[] = [];
    while (taken.length < wanted) {
      const next = drawn(words, weight, random());
      words = words.filter((one) => one !== next);
      taken.push(next);
    }
    askings.push({ text: taken.join(' '), ...(askings.length % 5 === 4 ? { sort: 'time' as const } : {}) });
  }
  return askings;
}
