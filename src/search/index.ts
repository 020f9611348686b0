export { searchIn } from './files.ts';
export { openSearch } from './open.ts';
export type {
  Search,
  SearchChange,
  SearchDocument,
  SearchHit,
  SearchSource,
} from './types.ts';
