import { editDistance } from '../edit-distance.ts';
import type { Recent } from './recent.ts';
import type { Stored } from './stored.ts';

/** Terms that one beginning may stand for, and lists looked at to find them. */
const MOST_TERMS = 2000;
const MOST_ROWS = 20_000;
/** Lists looked at for words that are nearly the one that was meant, and how many of these are looked for. */
const MOST_NEAR_ROWS = 60_000;
const MOST_NEAR = 8;
/** A word of fewer letters is near too many. */
const SHORTEST_NEAR = 4;
/** From so many letters on two may be wrong. */
const LONG = 8;

/** How often each term stands in the index, of those that begin with `beginning`. */
async function termsFrom(
  beginning: string,
  most: number,
  recents: readonly Recent[],
  stored: Stored | undefined,
): Promise<{ terms: Map<string, number>; whole: boolean }> {
  const found = (await stored?.termsFrom(beginning, most)) ?? {
    terms: new Map<string, number>(),
    whole: true,
  };
  for (const { terms } of recents)
    for (const [term, pairs] of terms)
      if (term.startsWith(beginning)) found.terms.set(term, (found.terms.get(term) ?? 0) + pairs.length / 2);
  return found;
}

const byCount = (terms: ReadonlyMap<string, number>, most: number): string[] =>
  [...terms]
    .sort(([one, often], [other, oftener]) => oftener - often || (one < other ? -1 : 1))
    .slice(0, most)
    .map(([term]) => term);

/** The terms that begin so, the most frequent ones where there are too many; `whole` says whether these are all. */
export async function beginning(
  text: string,
  recents: readonly Recent[],
  stored: Stored | undefined,
): Promise<{ terms: string[]; whole: boolean }> {
  const { terms, whole } = await termsFrom(text, MOST_ROWS, recents, stored);
  return { terms: byCount(terms, MOST_TERMS), whole: whole && terms.size <= MOST_TERMS };
}

/** Terms that are the word but for a slip of the fingers; none for a short one. The first letter is taken as right. */
export async function nearly(
  word: string,
  recents: readonly Recent[],
  stored: Stored | undefined,
): Promise<string[]> {
  const letters = [...word];
  const first = letters[0];
  if (first === undefined || letters.length < SHORTEST_NEAR || /\d/.test(word)) return [];
  const most = letters.length < LONG ? 1 : 2;
  const { terms } = await termsFrom(first, MOST_NEAR_ROWS, recents, stored);
  const near = new Map<string, number>();
  let nearest = most;
  for (const [term, often] of terms) {
    const far = editDistance(word, term, nearest);
    if (far > nearest) continue;
    if (far < nearest) near.clear();
    nearest = far;
    near.set(term, often);
  }
  return byCount(near, MOST_NEAR);
}
