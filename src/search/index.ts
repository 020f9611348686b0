export { openSearch } from './open.ts';
export { snippet } from './snippet.ts';
export type { Search, SearchChange, SearchDocument, SearchSource } from './types.ts';
