import { z } from 'zod';
import { Person, page, Time } from './common.ts';

/** Best match first, or newest first; without words always newest first. */
const sort = z.enum(['relevance', 'time']).optional();

/** By words, by what is meant, or by both in one ranking; of a search by default `text`, of recall `hybrid`. */
const mode = z.enum(['text', 'semantic', 'hybrid']).optional();
/** True: each result says what made its score. */
const explain = z.union([z.boolean(), z.stringbool()]).optional();

export const SearchQuery = z.strictObject({
  q: z.string().min(1).max(10_000),
  kind: z.enum(['message', 'task', 'memory']).optional(),
  channel: z.string().max(64).optional(),
  sort,
  mode,
  explain,
  ...page,
});
export type SearchQuery = z.infer<typeof SearchQuery>;
export const RecallQuery = z.strictObject({
  q: z.string().min(1).max(10_000),
  tag: z.string().max(100).optional(),
  /**
   * Tokens that the results may take, by four bytes of JSON each: then a snippet is the whole text, or as much of it as
   * half of the budget allows. There is always one result.
   */
  budget: z.coerce.number().int().min(100).max(200_000).optional(),
  sort,
  mode,
  explain,
  ...page,
});
export type RecallQuery = z.infer<typeof RecallQuery>;

/** What made a score, each from 0 to 1 but for `text` where words alone rank: there it is BM25. */
export const SearchWhy = z.strictObject({
  /** What the words found, of the best by words. */
  text: z.number().optional(),
  /** How much of what the words of the query tell it has. */
  coverage: z.number().optional(),
  /** How near its meaning is to that of the query. */
  cosine: z.number().optional(),
  /** How recent it is, and how much use was made of it. */
  recency: z.number().optional(),
  use: z.number().optional(),
});
export type SearchWhy = z.infer<typeof SearchWhy>;

/** Where a memory that was found comes from, and whether it is the last word. */
export const FoundMemory = z.strictObject({
  /** The version that shows: `by` and `at` are of it. */
  version: z.string(),
  /** Seconds since it was written. */
  age: z.int(),
  /** Who made the memory, where another wrote this version. */
  author: Person.optional(),
  kind: z.string().optional(),
  tags: z.array(z.string()),
  sources: z.array(z.string()),
  expires: Time.optional(),
  /** It holds no longer, by its own word. */
  expired: z.boolean().optional(),
  /** Versions written apart from this one: read the memory to see them. */
  siblings: z.int().optional(),
  /** Memories made apart under the same key. */
  twins: z.array(z.string()).optional(),
  supersedes: z.array(z.string()).optional(),
  /** Memories that replace this one; it shows since the query does not allow them. */
  supersededBy: z.array(z.string()).optional(),
});
export type FoundMemory = z.infer<typeof FoundMemory>;

/** A result that another one stands for: it is superseded by that, or says nearly the same and is older. */
export const FoldedResult = z.strictObject({ id: z.string(), because: z.enum(['superseded', 'same']) });
export type FoldedResult = z.infer<typeof FoldedResult>;

export const SearchResult = z.strictObject({
  kind: z.enum(['message', 'task', 'comment', 'memory']),
  id: z.string(),
  score: z.number(),
  title: z.string().optional(),
  /** A part of the text around the first match. */
  snippet: z.string(),
  /** Where in the snippet what was looked for stands: from and to, in UTF-16 code units. */
  marks: z.array(z.tuple([z.int(), z.int()])),
  /** With a budget: the snippet is not the whole text. */
  cut: z.boolean().optional(),
  channel: z.string().optional(),
  task: z.string().optional(),
  /** Where it is, as people call it: the channel's name, the task's short id, the memory's key. */
  place: z.string().optional(),
  by: Person,
  at: Time,
  memory: FoundMemory.optional(),
  /** What was found as well and is shown by this one. */
  folded: z.array(FoldedResult).optional(),
  /** With `explain`. */
  why: SearchWhy.optional(),
});
export type SearchResult = z.infer<typeof SearchResult>;
export const SearchAnswer = z.strictObject({
  results: z.array(SearchResult),
  /** Which modes answered: `text`, `semantic`, or both. */
  modes: z.array(z.enum(['text', 'semantic'])),
  /** Why the meaning does not count where it was asked for: then the words alone answered. */
  fallback: z.string().optional(),
  /** Of what is searched by meaning, as many are not yet: only their words find them. */
  unembedded: z.int().optional(),
  /**
   * Whether the results have all words, or any of them since nothing has all; `filter`: the query has no words;
   * `meaning`: what is near in meaning is there too.
   */
  match: z.enum(['all', 'any', 'filter', 'meaning']),
  /** How many there are; `atLeast`: more were not counted. */
  total: z.int(),
  atLeast: z.boolean().optional(),
  /** Where nothing has all words: those that nothing has. */
  missing: z.array(z.string()).optional(),
  /** What whoever asked should know of how the query was read. */
  notes: z.array(z.string()).optional(),
  next: z.string().optional(),
  /** Operations not indexed yet; 0 when the answer covers all. */
  behind: z.int(),
});
export type SearchAnswer = z.infer<typeof SearchAnswer>;

/** What a search that streams is asked: it goes by words, newest first, to the end. */
export const SearchStreamQuery = SearchQuery.pick({ q: true, kind: true, channel: true });
export type SearchStreamQuery = z.infer<typeof SearchStreamQuery>;
/** A part of an answer that streams, newest first. */
export const SearchPart = z.strictObject({
  /** Not ranked: the score of each is 1. */
  results: z.array(SearchResult),
  /** As in an answer; `any` only after the whole was searched for all words in vain. */
  match: z.enum(['all', 'any', 'filter']),
  missing: z.array(z.string()).optional(),
  notes: z.array(z.string()).optional(),
  /** Operations that were not indexed when this part was made. */
  behind: z.int(),
  /** Whether other parts follow: the last says false, so that a broken stream is not taken for a whole one. */
  more: z.boolean(),
});
export type SearchPart = z.infer<typeof SearchPart>;
