export { openSearch } from './open.ts';
export type {
  Answer,
  Search,
  SearchChange,
  SearchDocument,
  SearchHit,
  SearchHits,
  SearchSource,
} from './types.ts';
