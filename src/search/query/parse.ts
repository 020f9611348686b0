import { editDistance } from '../edit-distance.ts';
import { isOperator, type Operator, operators } from './operators.ts';

/** A word: what begins with it is found too where it ends with `*`. */
export interface WordClause {
  readonly is: 'word';
  readonly text: string;
  readonly prefix: boolean;
}

/** Words in this order, next to each other. */
export interface PhraseClause {
  readonly is: 'phrase';
  readonly text: string;
}

/** An operator with its values, of which any will do. */
export interface OperatorClause {
  readonly is: 'operator';
  readonly operator: Operator;
  readonly values: readonly Value[];
}

export interface Value {
  readonly text: string;
  /** Column of its first character, from 1. */
  readonly column: number;
}

/** One part of a query. All parts must hold; one that is negated must not. */
export type Clause = (WordClause | PhraseClause | OperatorClause) & {
  readonly negated: boolean;
  readonly column: number;
};

/** What a query says, and what its writer should know of how it was read. */
export interface ParsedQuery {
  readonly clauses: readonly Clause[];
  readonly notes: readonly string[];
}

/** A query that cannot be meant, and where: the column counts characters from 1. */
export class QueryError extends Error {
  readonly column: number;
  readonly hint: string;
  readonly legal: readonly string[] | undefined;

  constructor(column: number, message: string, hint: string, legal?: readonly string[]) {
    super(message);
    this.name = 'QueryError';
    this.column = column;
    this.hint = hint;
    this.legal = legal;
  }
}

/** More parts than this are no question. */
export const mostClauses = 64;
const mostValues = 20;

const opening = new Set(['"', '“', '„', '«']);
const closing = /["”“»]/;

/** The operator that was meant by a slip, one letter or two that changed places; of fewer than three it would be a guess. */
const meant = (name: string): string | undefined =>
  name.length < 3 ? undefined : Object.keys(operators).find((known) => editDistance(name, known, 1) === 1);

const isSpace = (letter: string | undefined): boolean => letter === undefined || /\s/.test(letter);

/** Reads a text from the left. */
class Scanner {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get next(): string | undefined {
    return this.#text[this.at];
  }

  /** Columns are told in characters as people count them. */
  column(offset = this.at): number {
    return [...this.#text.slice(0, offset)].length + 1;
  }

  /** Whether there is more, beyond spaces. */
  more(): boolean {
    while (this.at < this.#text.length && isSpace(this.next)) this.at++;
    return this.at < this.#text.length;
  }

  take(letter: string): boolean {
    if (this.next !== letter) return false;
    this.at++;
    return true;
  }

  /** A minus that something follows. */
  minus(): boolean {
    return !isSpace(this.#text[this.at + 1]) && this.take('-');
  }

  /** The name of an operator that stands here with its colon, which is taken. */
  operator(): Operator | undefined {
    const name = /^([A-Za-z]{1,20}):/.exec(this.#text.slice(this.at))?.[1]?.toLowerCase();
    if (name === undefined || !isOperator(name)) return undefined;
    this.at += name.length + 1;
    return name;
  }

  /** The text between the quotes that open here; undefined where none do. */
  quoted(): string | undefined {
    if (!opening.has(this.next ?? '')) return undefined;
    const end = this.#text.slice(this.at + 1).search(closing);
    if (end < 0)
      throw new QueryError(
        this.column(),
        'the quotes that open here do not close',
        'Close them, or leave them out.',
      );
    const inside = this.#text.slice(this.at + 1, this.at + 1 + end);
    this.at += end + 2;
    return inside;
  }

  upTo(stop: RegExp): string {
    const rest = this.#text.slice(this.at);
    const end = rest.search(stop);
    const found = end < 0 ? rest : rest.slice(0, end);
    this.at += found.length;
    return found;
  }
}

const tooMany = (column: number, of: string, most: number): QueryError =>
  new QueryError(column, `there are more than ${most} ${of}`, 'Ask for less at once.');

function valuesOf(scanner: Scanner, operator: Operator): Value[] {
  const found: Value[] = [];
  do {
    const column = scanner.column();
    const text = scanner.quoted() ?? scanner.upTo(/[\s,]/);
    if (text.trim() === '')
      throw new QueryError(
        column,
        `${operator}: has no value here`,
        `Such as ${operators[operator].example}, with no space between.`,
      );
    if (found.length === mostValues) throw tooMany(column, `values of ${operator}:`, mostValues);
    found.push({ text, column });
  } while (scanner.take(','));
  return found;
}

/** A word, with what its writer should know where it looks like a slip. */
function wordOf(scanner: Scanner, notes: string[]): WordClause | undefined {
  const column = scanner.column();
  const word = scanner.upTo(/\s/);
  const name = /^([A-Za-z]{1,20}):\S/.exec(word)?.[1]?.toLowerCase();
  const near = name === undefined ? undefined : meant(name);
  if (near !== undefined)
    notes.push(
      `column ${column}: ${name}: is no operator and was looked for as text; did you mean ${near}:?`,
    );
  const prefix = /[\p{L}\p{N}]\*+$/u.test(word);
  const text = prefix ? word.replace(/\*+$/, '') : word;
  // Signs alone are nothing to look for.
  return /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(text) ? { is: 'word', text, prefix } : undefined;
}

/** Reads a query. Throws `QueryError` where it cannot be meant. */
export function parseQuery(text: string): ParsedQuery {
  const clauses: Clause[] = [];
  const notes: string[] = [];
  const scanner = new Scanner(text);
  while (scanner.more()) {
    const column = scanner.column();
    if (clauses.length === mostClauses) throw tooMany(column, 'parts', mostClauses);
    const place = { negated: scanner.minus(), column };
    const phrase = scanner.quoted();
    if (phrase !== undefined) {
      if (phrase.trim() !== '') clauses.push({ is: 'phrase', text: phrase, ...place });
      continue;
    }
    const operator = scanner.operator();
    const clause = operator
      ? ({ is: 'operator', operator, values: valuesOf(scanner, operator) } as const)
      : wordOf(scanner, notes);
    if (clause) clauses.push({ ...clause, ...place });
  }
  return { clauses, notes };
}
