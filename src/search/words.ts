/** One word of a text: what it is as a whole, and what it is made of when it is made of several. */
export interface Word {
  /** Offsets in the text. */
  readonly start: number;
  readonly end: number;
  /** The word folded, or '' when only its parts are worth looking for. */
  readonly whole: string;
  readonly parts: readonly string[];
}

/** Longer terms are cut: a prefix finds them, and an index of base64 would help nobody. */
const LONGEST = 64;

// Words joined by one connector are one run, so that `foo_bar`, `worker.ts`, `1.2.3` and `don't` stay whole.
const asciiRun = /[A-Za-z0-9]+(?:(?:[._'-]|__)[A-Za-z0-9]+)*/g;
const anyRun = /[\p{L}\p{N}\p{M}]+(?:(?:[._'’-]|__)[\p{L}\p{N}\p{M}]+)*|\p{Extended_Pictographic}/gu;
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is what ASCII is
const ascii = /^[\x00-\x7f]*$/;
const connector = /[._'’-]+/;
const simple = /^[a-z0-9]+$/;
const camel = /[a-z][A-Z]|[A-Z]{2}[a-z]{2}/;
const anyCamel = /\p{Ll}\p{Lu}|\p{Lu}{2}\p{Ll}{2}/u;
const camelBorder = /(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll}{2})/u;
const dotted = /^\d+(?:\.\d+)+/;
// Scripts written without spaces, and Hangul, whose words carry endings: pairs of letters find them all.
const dense =
  /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}\p{scx=Bopo}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}]/u;
const denseBorder = new RegExp(`(${dense.source}+)`, 'u');

/** A word without case, width and accents, so that `Café` and `cafe` are one term. */
function fold(word: string): string {
  if (ascii.test(word)) return word.toLowerCase();
  // Only the accents of alphabets go; marks of other scripts are letters of their own and compose again.
  return word
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]+/g, '')
    .normalize('NFC')
    .toLowerCase();
}

const cut = (term: string): string => (term.length > LONGEST ? term.slice(0, LONGEST) : term);

/** Letters of a dense script by overlapping pairs; the last one alone too, so that one letter finds it. */
function pairs(text: string, into: string[], query: boolean): void {
  const letters = Array.from(text);
  for (let i = 0; i + 1 < letters.length; i++) into.push(`${letters[i]}${letters[i + 1]}`);
  const last = letters.at(-1);
  if (last !== undefined && (!query || letters.length === 1)) into.push(last);
}

/** `don't` is one word, `l'avion` and `O'Brien` are also what follows the short beginning. */
function withApostrophe(word: string, into: string[]): string {
  const pieces = word.split(/['’]/);
  const [first = '', second = ''] = pieces;
  if (pieces.length === 2 && second.toLowerCase() === 's') return first;
  if (pieces.length === 2 && first.length <= 2 && second.length > 2) into.push(fold(second));
  // Lower case, lest the `B` of `OBrien` look like the border of two words.
  return first + pieces.slice(1).join('').toLowerCase();
}

function compound(run: string, start: number): Word {
  const end = start + run.length;
  const found: string[] = [];
  const bare = /['’]/.test(run) ? withApostrophe(run, found) : run;
  let whole = fold(bare);
  if (/^v\d+\./.test(whole)) whole = whole.slice(1);
  const number = dotted.test(whole);
  for (const piece of bare.split(connector)) {
    const parts =
      piece.length <= LONGEST && anyCamel.test(piece) ? [piece, ...piece.split(camelBorder)] : [piece];
    for (const part of parts) {
      const folded = fold(part);
      // `1.2.3` is found whole or by its beginning; its bare digits are noise.
      if (folded.length > 1 && folded !== whole && !(number && /^v?\d+$/.test(folded)))
        found.push(cut(folded));
    }
  }
  return { start, end, whole: cut(whole), parts: found };
}

function word(run: string, start: number, query: boolean): Word {
  const end = start + run.length;
  if (run.length <= LONGEST && simple.test(run)) return { start, end, whole: run, parts: [] };
  const plain = ascii.test(run);
  if (!plain && dense.test(run)) {
    const parts: string[] = [];
    for (const piece of run.split(denseBorder)) {
      if (dense.test(piece)) pairs(fold(piece), parts, query);
      else for (const part of piece.split(connector)) if (part !== '') parts.push(cut(fold(part)));
    }
    return { start, end, whole: '', parts };
  }
  if (connector.test(run) || (plain ? camel : anyCamel).test(run)) return compound(run, start);
  return { start, end, whole: cut(fold(run)), parts: [] };
}

/** The words of a text in order. With `query`, each says only what must match. */
export function* wordsOf(text: string, query = false): Generator<Word> {
  const run = new RegExp(ascii.test(text) ? asciiRun : anyRun);
  for (let match = run.exec(text); match !== null; match = run.exec(text))
    yield word(match[0], match.index, query);
}
