/** What is put before texts. */
export interface Prefixes {
  readonly query: string;
  readonly document: string;
}

const passages = 'Represent this sentence for searching relevant passages: ';

/** What the makers of a model say that it wants, by what its name holds, in any spelling of theirs; the first counts. */
const wanted: readonly (readonly [RegExp, Prefixes])[] = [
  [/nomic-embed-text/i, { query: 'search_query: ', document: 'search_document: ' }],
  // The models of this family that follow instructions want a sentence, which their users choose.
  [/e5-(?:[a-z0-9]+-)*instruct/i, { query: '', document: '' }],
  [/(?:^|[/_-])e5-/i, { query: 'query: ', document: 'passage: ' }],
  [/snowflake-arctic-embed.*(?:2|v2)/i, { query: 'query: ', document: '' }],
  [/mxbai-embed|snowflake-arctic-embed|bge-(?:small|base|large)-en/i, { query: passages, document: '' }],
  [/embeddinggemma/i, { query: 'task: search result | query: ', document: 'title: none | text: ' }],
];

export function prefixesOf(model: string): Prefixes {
  const found = wanted.find(([name]) => name.test(model));
  return found ? found[1] : { query: '', document: '' };
}
