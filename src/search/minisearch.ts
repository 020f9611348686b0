import MiniSearch, { type Query, type QueryCombination, type SearchOptions } from 'minisearch';
import type { SearchDocument, SearchHit, SearchHits, SearchKind, TextQuery } from './types.ts';
import { termsOf, type Wanted, wantedOf, wordsOf } from './words.ts';

/** Raise it when the fields or what is kept of a document change. */
export const textIndexVersion = 2;

/** What the index keeps of a document beside its terms: what filters and ties need. */
export interface Kept {
  kind: SearchKind;
  facets?: readonly string[];
  at: number;
}

/** A document as it is kept on disk: its number in the index, its id, and how many different terms a field has. */
export interface KeptDocument extends Kept {
  number: number;
  id: string;
  lengths: readonly number[];
}

/** The documents that hold one term in one field: number and how often, in order of number. */
export interface Postings {
  term: string;
  fields: { field: number; documents: [number: number, times: number][] }[];
}

/** What is searched, in the order of the numbers that stand for them on disk: append only. */
const fields = ['text', 'title', 'tags'];
const boost = { text: 1, title: 2.5, tags: 2 };

/** A word of a query, as it was typed and as it is looked for. */
interface Look {
  readonly said: string;
  readonly looks: Query;
}

type FieldTerms = Map<number, Map<number, number>>;
const newMap = <V>(): Map<number, V> => new Map();

function fieldOf(document: SearchDocument, field: string): string | undefined {
  if (field === 'tags') return document.tags?.join(' ') || undefined;
  if (field === 'title') return document.title || undefined;
  return document.text;
}

/**
 * A minisearch index with what a large, long-lived one needs beside:
 * - a hash of its terms, since finding a term in the radix tree is most of the time that indexing takes;
 * - cleaning that may be interleaved with changes (its own walks the tree, which changes move under it);
 * - average lengths of fields over the documents that have them (its own are over all, and so punish titles);
 * - reading out and putting back its content in steps, without the plain-object copy that `toJSON` makes.
 */
export class TextIndex extends MiniSearch<SearchDocument> {
  readonly #terms = new Map<string, FieldTerms>();
  readonly #shared = new Map<string, string>();
  /** For each field: the documents that have it, and the sum of its lengths. */
  readonly #sizes = fields.map(() => ({ documents: 0, length: 0 }));

  constructor() {
    super({
      fields,
      // Documents come in by `put`; what is left to tokenize is the terms of a query, one by one.
      tokenize: (term) => [term],
      processTerm: (term) => term,
      autoVacuum: false,
      logger: () => undefined,
    });
    const tree = this._index;
    const fetch = tree.fetch.bind(tree);
    const remove = tree.delete.bind(tree);
    tree.get = (term) => this.#terms.get(term);
    tree.has = (term) => this.#terms.has(term);
    tree.fetch = (term, initial) => {
      let found = this.#terms.get(term);
      if (found === undefined) {
        found = fetch(term, initial);
        this.#terms.set(term, found);
      }
      return found;
    };
    tree.delete = (term) => {
      this.#terms.delete(term);
      remove(term);
    };
  }

  /** Equal strings of many documents are kept once. */
  #once(text: string): string {
    const known = this.#shared.get(text);
    if (known !== undefined) return known;
    this.#shared.set(text, text);
    return text;
  }

  #keep(number: number, kept: Kept): void {
    const { kind, facets, at } = kept;
    const record: Record<string, unknown> & Kept = { kind, at };
    if (facets !== undefined && facets.length > 0) record.facets = facets.map((facet) => this.#once(facet));
    this._storedFields.set(number, record);
  }

  #measure(number: number | undefined, step: 1 | -1): void {
    const lengths = number === undefined ? undefined : this._fieldLength.get(number);
    // Fields that a document does not have are holes in minisearch's array, which `forEach` skips.
    lengths?.forEach((length, field) => {
      const size = this.#sizes[field];
      if (size === undefined || length === 0) return;
      size.documents += step;
      size.length += step * length;
    });
  }

  /** Adds a document or replaces the one of that id. */
  put(document: SearchDocument): void {
    this.drop(document.id);
    const number = this._nextId;
    const lengths: number[] = [];
    fields.forEach((name, field) => {
      const text = fieldOf(document, name);
      if (text !== undefined) lengths[field] = this.#enter(number, field, text);
    });
    this.#own(number, document, lengths);
  }

  /** Enters a field's terms and returns how many different ones it has. */
  #enter(number: number, field: number, text: string): number {
    let different = 0;
    for (const term of termsOf(text)) {
      const data = this._index.fetch(term, newMap);
      const documents = data.get(field);
      const times = documents?.get(number);
      if (times === undefined) different += 1;
      if (documents === undefined) data.set(field, newMap<number>().set(number, 1));
      else documents.set(number, (times ?? 0) + 1);
    }
    return different;
  }

  #own(number: number, document: Kept & { id: string }, lengths: number[]): void {
    this._documentIds.set(number, document.id);
    this._idToShortId.set(document.id, number);
    this._documentCount += 1;
    this._nextId = number + 1;
    this._fieldLength.set(number, lengths);
    this.#keep(number, document);
    this.#measure(number, 1);
  }

  drop(id: string): void {
    if (!this.has(id)) return;
    this.#measure(this._idToShortId.get(id), -1);
    this.discard(id);
  }

  /** The matches: of all words, or of any when nothing has all. */
  find(query: TextQuery): SearchHits {
    const wanted = [
      ...wantedOf(query.text).map((word): Look => ({ said: word.said, looks: queryOf(word) })),
      ...(query.prefixes ?? []).flatMap((text) =>
        // A common word may be the beginning of one that tells something.
        [...wordsOf(text, true)].map(
          (word): Look => ({ said: `${text}*`, looks: { ...treeOf(word), prefix: true } }),
        ),
      ),
    ];
    const isAsked = query.text.trim() !== '' || (query.prefixes ?? []).length > 0;
    if (wanted.length === 0 && isAsked) return { hits: [], total: 0, mode: 'none' };
    this._avgFieldLength = this.#sizes.map(({ documents, length }) =>
      documents > 0 ? length / documents : 1,
    );
    const accepts = filterOf(query);
    const options: SearchOptions = {
      boost,
      prefix,
      ...(accepts ? { boostDocument: (id, _term, kept) => (accepts(String(id), kept) ? 1 : 0) } : {}),
    };
    const without = (query.without ?? []).flatMap((text) => wantedOf(text)).map(treeOf);
    const looks = (queries: Query[], combineWith: 'AND' | 'OR') => {
      const asked: Query = queries.length === 0 ? MiniSearch.wildcard : { combineWith, queries };
      const narrowed: Query =
        without.length === 0
          ? asked
          : {
              combineWith: 'AND_NOT',
              queries: [asked, ...without.map((one) => ({ ...one, prefix: false }))],
            };
      return this.search(narrowed, options).filter(({ score }) => score > 0);
    };
    const queries = wanted.map((word) => word.looks);
    let mode: SearchHits['mode'] = queries.length === 0 ? 'filter' : 'all';
    let found = looks(queries, 'AND');
    let missing: string[] | undefined;
    if (found.length === 0 && queries.length > 0) {
      missing = wanted.filter((word) => looks([word.looks], 'AND').length === 0).map(({ said }) => said);
      if (queries.length > 1) {
        mode = 'any';
        found = looks(queries, 'OR');
      }
    }
    const results = found.map(({ id, score, match }) => {
      const kept = this.getStoredFields(id);
      return { id: String(id), score, match, kind: kindOf(kept?.['kind']), at: Number(kept?.['at'] ?? 0) };
    });
    const isByTime = query.sort === 'time' || mode === 'filter';
    results.sort((a, b) => (isByTime ? 0 : b.score - a.score) || b.at - a.at || (a.id < b.id ? -1 : 1));
    const hits: SearchHit[] = results
      .slice(query.offset, query.offset + query.limit)
      .map(({ id, kind, score, match }) => ({ id, kind, score, terms: Object.keys(match) }));
    return { hits, total: results.length, mode, ...(missing ? { missing } : {}) };
  }

  /** Whether enough removed documents have left terms behind that cleaning is worth its time. */
  get untidy(): boolean {
    return this.dirtCount >= 1000 && this.dirtFactor >= 0.1;
  }

  /** Takes what removed documents left behind out of memory. Yields often; changes in between are fine. */
  *tidy(): Generator<void> {
    const dirt = this._dirtCount;
    let looked = 0;
    for (const [term, data] of this.#terms) {
      for (const [field, documents] of data) {
        for (const number of documents.keys()) if (!this._documentIds.has(number)) documents.delete(number);
        looked += documents.size + 1;
        if (documents.size === 0) data.delete(field);
      }
      if (data.size === 0) this._index.delete(term);
      if (looked > 5000) {
        looked = 0;
        yield;
      }
    }
    this._dirtCount -= dirt;
  }

  /** Numbers from here on are documents that do not exist yet. */
  get next(): number {
    return this._nextId;
  }

  /**
   * The documents numbered below `next`. Changes between two steps are fine as long as they are made again after
   * `restore`: what has gone meanwhile is left out here or in `postings`, what has come is beyond `next`.
   */
  *documents(next: number): Generator<KeptDocument> {
    for (const [number, id] of this._documentIds) {
      if (number >= next) return;
      const kept = this._storedFields.get(number);
      yield {
        number,
        id: String(id),
        kind: kindOf(kept?.['kind']),
        at: Number(kept?.['at'] ?? 0),
        ...(Array.isArray(kept?.['facets']) ? { facets: kept['facets'].map(String) } : {}),
        lengths: this._fieldLength.get(number) ?? [],
      };
    }
  }

  /** The terms of the documents numbered below `next`; never one that only removed documents held. */
  *postings(next: number): Generator<Postings> {
    for (const [term, data] of this.#terms) {
      const kept: Postings['fields'] = [];
      for (const [field, documents] of data) {
        const alive: [number, number][] = [];
        for (const entry of documents)
          if (entry[0] < next && this._documentIds.has(entry[0])) alive.push(entry);
        if (alive.length > 0) kept.push({ field, documents: alive });
      }
      if (kept.length > 0) yield { term, fields: kept };
    }
  }

  /** Puts back a document into an index that holds none of a higher number. */
  restore(document: KeptDocument): void {
    this.#own(document.number, document, [...document.lengths]);
  }

  restorePostings(term: string, data: FieldTerms): void {
    const own = this._index.fetch(term, () => data);
    if (own !== data) for (const [field, documents] of data) own.set(field, documents);
  }
}

/** A word also finds what begins with it, unless it is so short that this would be anything. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is what ASCII is
const prefix = (term: string): boolean => term.length > 2 || !/^[\x00-\x7f]*$/.test(term);

function queryOf(word: Pick<Wanted, 'whole' | 'parts'>): Query {
  return word.parts.length === 0 ? word.whole : treeOf(word);
}

function treeOf({ whole, parts }: Pick<Wanted, 'whole' | 'parts'>): QueryCombination {
  if (parts.length === 0) return { combineWith: 'OR', queries: [whole] };
  const all: QueryCombination = { combineWith: 'AND', queries: [...parts] };
  return whole === '' ? all : { combineWith: 'OR', queries: [whole, all] };
}

const kinds: readonly SearchKind[] = ['message', 'task', 'comment', 'memory'];
const kindOf = (value: unknown): SearchKind => kinds.find((kind) => kind === value) ?? 'message';

type Filter = (id: string, kept: Record<string, unknown> | undefined) => boolean;

function filterOf({ facets, ids, from, until }: TextQuery): Filter | undefined {
  if ([facets, ids, from, until].every((one) => one === undefined)) return undefined;
  const wanted = ids && new Set(ids);
  const { all = [], none = [] } = facets ?? {};
  const refused = new Set(none);
  return (id, kept) => {
    if (kept === undefined || wanted?.has(id) === false) return false;
    const at = Number(kept['at']);
    if ((from !== undefined && at < from) || (until !== undefined && at >= until)) return false;
    const own = Array.isArray(kept['facets']) ? kept['facets'].map(String) : [];
    if (refused.size > 0 && own.some((facet) => refused.has(facet))) return false;
    return all.every((some) => some.some((facet) => own.includes(facet)));
  };
}
