import { Lexer, type Token, type Tokens } from 'marked';

export type { Token, Tokens };

/** Beyond these a text is shown as it was written: no layout, and no time lost on it. */
const most = { nesting: 24, cells: 3_000, signs: 70_000 };

/** How deep lists and quotes of a text could go, told by its lines alone. */
function deepest(text: string): number {
  let deep = 0;
  for (const [lead] of text.matchAll(/^[ \t>*+-]*/gm)) {
    const quotes = lead.split('>').length - 1;
    const signs = lead.replaceAll(/[^*+-]/g, '').length;
    deep = Math.max(deep, quotes, signs, Math.floor(lead.length / 4));
  }
  return deep;
}

const parsed = new Map<string, readonly Token[] | undefined>();
const kept = 2_000;

/**
 * The parts of a text in GFM; undefined for one that is to be shown as it is. HTML in it is a part like text: it is never
 * made into elements.
 */
export function parse(text: string): readonly Token[] | undefined {
  if (parsed.has(text)) return parsed.get(text);
  let tokens: readonly Token[] | undefined;
  try {
    const isTooMuch =
      text.length > most.signs || deepest(text) > most.nesting || text.split('|').length > most.cells;
    if (!isTooMuch) tokens = new Lexer({ gfm: true, breaks: true }).lex(text);
  } catch {
    tokens = undefined;
  }
  if (parsed.size >= kept) parsed.clear();
  parsed.set(text, tokens);
  return tokens;
}
