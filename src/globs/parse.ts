import { type Characters, characters, has, ofNames, only, without } from './characters.ts';

/** Characters of one glob at most. With this, comparing any two ends soon whatever they are. */
export const globCharacters = 256;
/** Braces within braces at most. */
export const globDepth = 8;

/** A part of a glob; `column` is where it stands, counted in characters from 1. */
export type Part =
  | { readonly is: 'one'; readonly of: Characters; readonly column: number }
  /** `*` */
  | { readonly is: 'some'; readonly column: number }
  /** `**` */
  | { readonly is: 'folders'; readonly column: number }
  /** `/` */
  | { readonly is: 'slash'; readonly column: number }
  | { readonly is: 'either'; readonly of: readonly (readonly Part[])[]; readonly column: number };

/** Why a text is no glob. */
export interface NoGlob {
  /** Counted in characters from 1; one past the end where something is missing there. */
  readonly column: number;
  readonly message: string;
}

class Refusal extends Error {
  readonly column: number;
  constructor(column: number, message: string) {
    super(message);
    this.column = column;
  }
}

const isControl = (code: number): boolean => code < 0x20 || code === 0x7f;

/** The parts of a glob, or why it is none. */
export function parse(text: string): readonly Part[] | NoGlob {
  const all = [...text];
  try {
    if (all.length === 0) throw new Refusal(1, 'it is empty');
    if (all.length > globCharacters)
      throw new Refusal(globCharacters + 1, `it is longer than ${globCharacters} characters`);
    const wrong = all.findIndex((one) => isControl(codeOf(one)) || /\p{Surrogate}/u.test(one));
    if (wrong >= 0) throw new Refusal(wrong + 1, 'it holds a control character or half a character');
    const reader = new Reader(all);
    const parts = reader.sequence(0);
    if (!reader.atEnd) throw new Refusal(reader.column, '} closes no brace: write [}] for the character');
    checkNames(parts, all.length + 1);
    return parts;
  } catch (error) {
    if (error instanceof Refusal) return { column: error.column, message: error.message };
    throw error;
  }
}

const codeOf = (character: string): number => character.codePointAt(0) ?? 0;

class Reader {
  readonly #text: readonly string[];
  #at = 0;

  constructor(text: readonly string[]) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  get column(): number {
    return this.#at + 1;
  }

  /** Up to the end, and within braces up to a comma or the closing one. */
  sequence(depth: number): Part[] {
    const parts: Part[] = [];
    for (;;) {
      const next = this.#text[this.#at];
      if (next === undefined || next === '}' || (next === ',' && depth > 0)) return parts;
      parts.push(this.#part(next, depth));
    }
  }

  #part(next: string, depth: number): Part {
    const { column } = this;
    if (next === '[') return { is: 'one', of: this.#class(), column };
    if (next === '{') return { is: 'either', of: this.#either(depth + 1), column };
    this.#at++;
    if (next === '/') return { is: 'slash', column };
    if (next === '?') return { is: 'one', of: ofNames, column };
    if (next === '\\')
      throw new Refusal(column, '\\ has no meaning: / stands between folders, and [*] is a plain *');
    if (next !== '*') return { is: 'one', of: only(codeOf(next)), column };
    if (this.#text[this.#at] !== '*') return { is: 'some', column };
    this.#at++;
    if (this.#text[this.#at] === '*') throw new Refusal(column + 2, '*** has no meaning');
    return { is: 'folders', column };
  }

  /** `{a,b}`; whatever is in it may be empty, and may hold slashes. */
  #either(depth: number): Part[][] {
    const { column } = this;
    if (depth > globDepth) throw new Refusal(column, `braces are more than ${globDepth} deep`);
    const all: Part[][] = [];
    do {
      this.#at++;
      all.push(this.sequence(depth));
    } while (this.#text[this.#at] === ',');
    if (this.atEnd) throw new Refusal(column, 'the { is never closed');
    if (all.length < 2) throw new Refusal(column, 'braces hold two or more, as in {a,b}');
    this.#at++;
    return all;
  }

  /** `[abc]`, `[a-z]`, `[!abc]`; a `]` that comes first, and a `-` first or last, are plain. */
  #class(): Characters {
    const { column } = this;
    this.#at++;
    const not = this.#text[this.#at] === '!' || this.#text[this.#at] === '^';
    if (not) this.#at++;
    const ranges: [number, number][] = [];
    for (;;) {
      const next = this.#text[this.#at];
      if (next === undefined) throw new Refusal(column, 'the [ is never closed');
      if (next === ']' && ranges.length > 0) break;
      const from = this.#member();
      const end = this.#text[this.#at + 1];
      if (this.#text[this.#at] !== '-' || end === undefined || end === ']') {
        ranges.push([from, from]);
        continue;
      }
      const at = this.column;
      this.#at++;
      const to = this.#member();
      if (to < from) throw new Refusal(at, 'the range runs backwards');
      ranges.push([from, to]);
    }
    this.#at++;
    const set = characters(ranges);
    if (has(set, codeOf('/'))) throw new Refusal(column, 'a slash is in no [ ]');
    return not ? without(set) : set;
  }

  #member(): number {
    const next = this.#text[this.#at] ?? '';
    if (next === '\\') throw new Refusal(this.column, '\\ has no meaning, also within [ ]');
    this.#at++;
    return codeOf(next);
  }
}

/**
 * How a name stands at one place: nothing of it yet, `.` or `..` so far, anything else, or `**`, which must be all of
 * it. More than one of these can hold behind braces.
 */
const fresh = 1;
const dot = 2;
const dots = 4;
const named = 8;
const folders = 16;

/** Every name has a character, none is `.` or `..`, and `**` is a name by itself. */
function checkNames(parts: readonly Part[], end: number): void {
  endName(walk(parts, fresh), end);
}

function endName(before: number, column: number): void {
  if (before & fresh) throw new Refusal(column, column === 1 ? 'a path begins with no slash' : emptyName);
  if (before & (dot | dots))
    throw new Refusal(column, 'a name is not . or ..: the path is given from the root');
}

const emptyName =
  'a name is missing here: no slash at the end, nor two in a row (everything below is folder/**)';
const alone = '** stands by itself between slashes: write *, or **/ before it';

function walk(parts: readonly Part[], given: number): number {
  let before = given;
  for (const part of parts) {
    const { column } = part;
    if (part.is === 'either') {
      let after = 0;
      for (const one of part.of) after |= walk(one, before);
      before = after;
      continue;
    }
    if (part.is === 'slash') {
      endName(before, column);
      before = fresh;
      continue;
    }
    if (before & folders || (part.is === 'folders' && before & ~fresh)) throw new Refusal(column, alone);
    if (part.is === 'folders') before = folders;
    else before = part.is === 'one' ? afterOne(before, part.of) : named;
  }
  return before;
}

/** A dot that stands as such may begin `.` or `..`; a `?` or `[.]` that could be one is no such name in a path. */
function afterOne(before: number, of: Characters): number {
  const isDot = of.length === 2 && of[0] === 0x2e && of[1] === 0x2e;
  if (!isDot) return named;
  return (before & fresh ? dot : 0) | (before & dot ? dots : 0) | (before & (dots | named) ? named : 0);
}
