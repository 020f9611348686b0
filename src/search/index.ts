export { openSearch } from './open.ts';
export { snippet } from './snippet.ts';
export type {
  Search,
  SearchChange,
  SearchDocument,
  SearchHit,
  SearchHits,
  SearchKind,
  SearchOptions,
  SearchSource,
  SearchStatus,
  TextQuery,
} from './types.ts';
