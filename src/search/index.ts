export { openSearch } from './open.ts';
export { marksOf, snippet } from './snippet.ts';
export type { Search, SearchChange, SearchDocument, SearchHit, SearchSource } from './types.ts';
