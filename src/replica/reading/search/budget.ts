import type { SearchResult } from '../../../../schemas/index.ts';
import { utf8 } from '../../../op/index.ts';
import { costOf } from '../waiting/proof.ts';
import type { Whole } from './results.ts';

/** A text is not cut to fewer tokens than this: the first words of it tell nothing. */
const LEAST = 40;

const withText = ({ result, text }: Whole): SearchResult => ({ ...result, snippet: text, marks: [] });

/** A result with as much of its text as `tokens` allow, and at least a little. */
function cutTo(whole: Whole, tokens: number): SearchResult {
  const bare: SearchResult = { ...withText({ ...whole, text: '…' }), cut: true };
  const room = Math.max(LEAST, tokens - costOf(bare)) * 4;
  const { text } = whole;
  let end = Math.min(text.length, room);
  // What JSON escapes, and letters beyond ASCII, take more bytes than one.
  for (let over = bytes(text.slice(0, end)) - room; over > 0; over = bytes(text.slice(0, end)) - room)
    end -= Math.max(1, Math.floor(over / 4));
  if (/[\ud800-\udbff]$/.test(text.slice(0, end))) end -= 1;
  return { ...bare, snippet: `${text.slice(0, end)}…` };
}

const bytes = (text: string): number => utf8(JSON.stringify(text)).length - 2;

/** Results with their whole texts, as long as tokens are left. */
export class Budget {
  readonly results: SearchResult[] = [];
  readonly #half: number;
  #left: number;

  /** @param tokens - What the results may take by the estimate of `costOf`. */
  constructor(tokens: number) {
    this.#left = tokens;
    this.#half = Math.floor(tokens / 2);
  }

  /** Takes one more, its text cut where it alone would take more than half. False: it has no room. */
  take(whole: Whole, isOnly: boolean): boolean {
    const most = isOnly ? this.#left : Math.min(this.#left, this.#half);
    let result = withText(whole);
    if (costOf(result) > most) result = cutTo(whole, most);
    const cost = costOf(result);
    if (cost > this.#left && this.results.length > 0) return false;
    this.#left -= cost;
    this.results.push(result);
    return true;
  }
}
