import type { SearchChange, SearchHits, TextQuery } from './types.ts';

/** What the index's thread is started with. */
export interface WorkerStart {
  directory: string | undefined;
  /** The feed to follow and its present end: an index on disk that is of another, or beyond it, is not used. */
  epoch: string;
  end: number;
}

/** What the index's thread is told, in order. */
export type ToWorker =
  /** `next`: the feed number that is reached with these; absent when more slices of the same step follow. */
  | { do: 'apply'; changes: SearchChange[]; next?: number }
  | { do: 'query'; id: number; query: TextQuery }
  /** Removes the files, and keeps none again before what stands up to `through` was applied. */
  | { do: 'purge'; id: number; through: number }
  | { do: 'close' };

/** What it tells back. */
export type FromWorker =
  | { did: 'load'; position: number }
  | { did: 'apply'; next?: number }
  | { did: 'answer'; id: number; hits: SearchHits }
  | { did: 'purge'; id: number }
  | { did: 'fail'; id: number; message: string }
  /** Something went wrong that stops nothing; without a message it is over. */
  | { did: 'trouble'; message?: string };

/** What an error says, whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
