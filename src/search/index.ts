export { openSearch } from './open.ts';
export type {
  Search,
  SearchChange,
  SearchDocument,
  SearchHit,
  SearchHits,
  SearchSource,
} from './types.ts';
