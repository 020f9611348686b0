import { termsOf } from '../terms.ts';
import type { SearchDocument } from '../types.ts';
import type { Columns, Lengths } from './columns.ts';
import { packed, tagTimes, textTimes, titleTimes } from './postings.ts';

const one = { text: packed(1, 0, 0), title: packed(0, 1, 0), tags: packed(0, 0, 1) } as const;

/** The part of the index that is in memory: the documents numbered from `base` on, as they came. */
export class Recent {
  readonly base: number;
  /** For each term number and times in turn. */
  readonly terms = new Map<string, number[]>();
  /** For each facet number and 1 in turn, so that it is kept like a term. */
  readonly facets = new Map<string, number[]>();
  readonly ids: string[] = [];
  readonly numbers = new Map<string, number>();
  /** The hash of the content of each document that is found by meaning. */
  readonly hashes = new Map<number, string>();

  constructor(base: number) {
    this.base = base;
  }

  get count(): number {
    return this.ids.length;
  }

  /** Adds a document under the next number of the columns. */
  add(document: SearchDocument, columns: Columns): number {
    const times = new Map<string, number>();
    const enter = (
      text: string | undefined,
      field: keyof typeof one,
      of: (times: number) => number,
      most: number,
    ) => {
      if (text === undefined || text === '') return 0;
      const terms = termsOf(text);
      for (const term of terms) {
        const before = times.get(term) ?? 0;
        if (of(before) < most) times.set(term, before + one[field]);
      }
      return terms.length;
    };
    const lengths: Lengths = [
      enter(document.text, 'text', textTimes, 0xfff),
      enter(document.title, 'title', titleTimes, 0xff),
      enter(document.tags?.join(' '), 'tags', tagTimes, 0xff),
    ];
    const number = columns.add(document.kind, document.at, lengths, document.use);
    for (const [term, often] of times) push(this.terms, term, number, often);
    for (const facet of document.facets ?? []) push(this.facets, facet, number, 1);
    this.ids.push(document.id);
    this.numbers.set(document.id, number);
    return number;
  }

  idOf(number: number): string | undefined {
    return this.ids[number - this.base];
  }
}

function push(lists: Map<string, number[]>, name: string, number: number, times: number): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [number, times]);
  // A facet that a document names twice holds of it once.
  else if (list[list.length - 2] !== number) list.push(number, times);
}
