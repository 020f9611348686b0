import type { Embedder } from '../embedding/port.ts';

/** What can be found. */
export const searchKinds = ['message', 'task', 'comment', 'memory'] as const;
export type SearchKind = (typeof searchKinds)[number];

/** One thing as the index sees it; putting it again under its id replaces it. */
export interface SearchDocument {
  id: string;
  kind: SearchKind;
  title?: string;
  text: string;
  tags?: string[];
  /** What holds of it beside its text, such as `in:<channel>`: what a query may ask for or leave out. */
  facets?: string[];
  /** When it was made, ms. */
  at: number;
  /** How often it was made use of: answers, reactions, links. */
  use?: number;
}

/** What one step of the feed means for the index. */
export type SearchChange = { put: SearchDocument } | { remove: string };

/**
 * Where the index pulls from: a feed that is read by number.
 *
 * Contract: reading from 0 on gives everything that should be found. Numbers only grow within an epoch; another
 * epoch means that earlier numbers mean nothing, and the index starts anew. What is returned by `read` is the
 * index's from then on.
 */
export interface SearchSource {
  readonly epoch: string;
  /** Number of the newest entry, 0 when there is none. */
  end(): number;
  /** A thing as it is now; undefined when it should not be found. */
  document(id: string): SearchDocument | undefined;
  /** Changes numbered in (from, next], at most about `limit`; `next` is beyond `from` unless that is the end. */
  read(from: number, limit: number): Promise<{ changes: SearchChange[]; next: number }>;
}

export interface TextQuery {
  /** All of these words; the beginnings of words that are not short. Without any, everything that the rest allows. */
  text: string;
  /** Any of the words will do, also where something has all. */
  some?: boolean;
  /** The beginning of each of these words, however short. */
  prefixes?: readonly string[];
  /** None of these words. */
  without?: readonly string[];
  facets?: {
    /** Of each of these at least one. */
    readonly all: readonly (readonly string[])[];
    readonly none: readonly string[];
  };
  /** Any of these things. */
  ids?: readonly string[];
  /** Kinds that what is looked for may have: any, unless said. It filters nothing. */
  kinds?: readonly SearchKind[];
  /** Made from then on, and before then, ms. */
  from?: number;
  until?: number;
  /** Best first unless `time`, newest first. */
  sort?: 'relevance' | 'time';
  /** How what is found is ranked: by its words, by what it means, or by both. The last two need `vector`. */
  mode?: SearchMode;
  /** The question as a vector, of length 1. */
  vector?: Float32Array;
  /** What counts a little beside the match: how recent something is, and how much use was made of it. */
  signals?: SearchSignals;
  /** Whether hits say why they stand where they do. */
  explain?: boolean;
  limit: number;
  offset: number;
}

export type SearchMode = 'text' | 'semantic' | 'hybrid';

/** Each of both adds at most its part to a score: 0.05 is a twentieth. */
export interface SearchSignals {
  recency: number;
  use: number;
  /** What is so old, ms, counts half as recent as what is new. */
  halfLife: number;
  now: number;
}

/** What made a score. */
export interface SearchWhy {
  /** What the words alone gave: BM25, or of the best by words in a ranking by words and meaning. */
  text?: number;
  /** How much of what the words tell it has, of 1. */
  coverage?: number;
  cosine?: number;
  recency?: number;
  use?: number;
}

export interface SearchHit {
  id: string;
  kind: SearchKind;
  score: number;
  /** Words of the document that matched, as the index knows them: for `snippet`. */
  terms: string[];
  why?: SearchWhy;
}

export interface SearchHits {
  /** Best first; of equal score, newest first. */
  hits: SearchHit[];
  /** How many there are without `limit` and `offset`. */
  total: number;
  /**
   * Whether a hit has all words, or any since nothing has all; `filter`: the query has no words; `none`: it has only
   * such as are too common to look for; `meaning`: what is near the question counts beside its words.
   */
  mode: 'all' | 'any' | 'filter' | 'none' | 'meaning';
  /** With `any`: the words of the query that nothing has. */
  missing?: string[];
  /** Words that are nowhere, for which longer ones or such as are nearly the same were looked for. */
  near?: string[];
  /** Beginnings that more terms have than were looked for. */
  tooWide?: string[];
}

/** How far an answer in order of time has come. It stays good when the index is made anew. */
export interface SearchPlace {
  /** What follows is older; of the same time, of a lower number. */
  readonly at: number;
  readonly number: number;
  /** About how many documents the next part looks through. */
  readonly count: number;
}

/** A part of an answer in order of time, newest first. A part may be empty, and others follow. */
export interface SearchPart {
  /** They are not ranked: each score is 1. */
  readonly hits: SearchHit[];
  readonly mode: 'all' | 'any' | 'filter' | 'none';
  readonly near?: string[];
  readonly tooWide?: string[];
  /** Where the next part begins; absent at the end. */
  readonly next?: SearchPlace;
}

/** Full-text search over a feed. The index is derived and local; losing it costs only the time to make it again. */
export interface Search {
  /**
   * The first query starts everything. A query waits until the index covers what the source held when it was
   * asked, within `patience`; `behind` says how many feed numbers the answer does not cover.
   */
  query(query: TextQuery, options?: QueryOptions): Promise<Answer>;
  /**
   * One part of what the words find, newest first: what follows `place`. The first waits for the index as a query does.
   * With all words, unless `some`: that nothing has all is known only at the end.
   */
  part(
    query: TextQuery,
    place: SearchPlace | undefined,
    options?: QueryOptions,
  ): Promise<SearchPart & { behind: number }>;
  /**
   * What says nearly the same as a text, the nearest first, by a cosine of at least `least`. Only where the embedder has
   * already made a vector, so that nobody waits until it is loaded; else, or after `patience` milliseconds, undefined.
   */
  similar(text: string, query: SimilarQuery): Promise<{ id: string; cosine: number }[] | undefined>;
  /** Starts what the first query would start. */
  warm(): void;
  /** The feed grew. */
  notify(): void;
  status(): SearchStatus;
  /**
   * After a redaction has reached the feed: resolves when no file of the index holds removed text any more.
   * Rejects when a file cannot be removed.
   */
  purge(): Promise<void>;
  /** Stops within a second; queries not answered yet are refused. */
  close(): Promise<void>;
}

export interface SearchStatus {
  /** The index runs and has once caught up. */
  ready: boolean;
  /** Feed numbers not indexed. */
  behind: number;
  /** Why the index was last not kept on disk, or last stopped. It goes on, or starts again, by itself. */
  trouble?: string;
  /** Vectors of the present model. Absent where nothing is embedded. */
  embeddings?: {
    /** The name of the model; absent before the first vector is wanted. */
    model?: string;
    /** How many documents lack a vector, as far as is known. */
    left: number;
    /** Why there are none at present. It tries again by itself. */
    trouble?: string;
  };
}

export interface QueryOptions {
  /** Milliseconds to wait for the index to catch up, in place of those that it was opened with. */
  patience?: number;
}

export interface Answer extends SearchHits {
  behind: number;
  /** How it was ranked, which `fallback` explains where it is not as asked. */
  ranked: SearchMode;
  fallback?: string;
  /** Where meaning counts: how many documents had no vector yet. */
  unembedded?: number;
  /** What whoever asked by meaning should know. */
  about?: string[];
}

export interface SimilarQuery extends Pick<TextQuery, 'facets' | 'limit'> {
  least: number;
  patience: number;
}

export interface SearchOptions {
  /** Where the index and the vectors are kept; `undefined` keeps them in memory only. */
  directory: string | undefined;
  source: SearchSource;
  /** Milliseconds that a query waits for the index to catch up before it answers with what is there. */
  patience?: number;
  /** Makes the vectors. It stays open. Without one, words alone are searched. */
  embedder?: Embedder | undefined;
  /** Why there is no embedder. */
  off?: string | undefined;
  /** Kinds that are found by meaning; memory and tasks, unless said. */
  embeds?: readonly SearchKind[] | undefined;
  /** Milliseconds that a query waits for its own vector, and then for those that documents lack. */
  waits?: { vector: number; documents: number } | undefined;
}
