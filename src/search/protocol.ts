import type { VectorForm } from '../embedding/port.ts';
import type { Given } from './meaning/meaning.ts';
import type { SearchChange, SearchHits, SearchKind, SearchPart, SearchPlace, TextQuery } from './types.ts';

/** What the index's thread is started with. */
export interface WorkerStart {
  /** Where the index and the vectors are kept. */
  directory: string | undefined;
  /** The feed to follow and its present end: an index on disk that is of another, or beyond it, is not used. */
  epoch: string;
  end: number;
  /** Kinds that are found by meaning. */
  embeds: readonly SearchKind[];
}

/** A document that lacks a vector. */
export interface Wanted {
  id: string;
  /** Of the content that is to be embedded. */
  hash: string;
}

/** What the index's thread is told, in order. */
export type ToWorker =
  /** `next`: the feed number that is reached with these; absent when more slices of the same step follow. */
  | { do: 'apply'; changes: SearchChange[]; next?: number }
  /** `wait`: milliseconds for the vectors that documents lack, where the query has one. */
  | { do: 'query'; id: number; query: TextQuery; wait: number }
  | { do: 'part'; id: number; query: TextQuery; place: SearchPlace | undefined }
  /** Removes the files, and keeps none again before what stands up to `through` was applied. */
  | { do: 'purge'; id: number; through: number }
  /** The model that vectors are of from now on. */
  | { do: 'use'; form: VectorForm }
  | { do: 'lacks'; id: number; most: number }
  | { do: 'take'; form: VectorForm; given: Given }
  | { do: 'close' };

/** What it tells back. */
export type FromWorker =
  | { did: 'load'; position: number }
  | { did: 'apply'; next?: number }
  /** `left`: how many documents lack a vector; `unplaced`: for how many there is no room. */
  | { did: 'answer'; id: number; hits: SearchHits; left: number; unplaced: number }
  | { did: 'part'; id: number; part: SearchPart }
  | { did: 'purge'; id: number }
  | { did: 'lacks'; id: number; wanted: Wanted[]; left: number; unplaced: number }
  /** There are documents without a vector, after there were none. */
  | { did: 'lacking' }
  | { did: 'fail'; id: number; message: string }
  /** Something went wrong that stops nothing; without a message it is over. */
  | { did: 'trouble'; message?: string };

/** What an error says, whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
