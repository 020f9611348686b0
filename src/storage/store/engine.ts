/** One row of a batch as the engine takes it. */
export type EngineOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string };

/** A half-open range of keys, read in one direction, cut off after `limit` rows. */
export interface EngineRange {
  readonly gte: string;
  readonly lt: string;
  readonly reverse?: boolean;
  readonly limit?: number;
}

/** A row as it is stored, frame and all. */
export type EngineRow = [key: string, framed: Uint8Array];

/**
 * An ordered map of keys to bytes on disk: what the store needs of LevelDB, and no more. Values are as stored, so
 * checksums are the store's business. Errors are the engine's own.
 */
export interface Engine {
  getSync(key: string): Uint8Array | undefined;
  get(key: string): Promise<Uint8Array | undefined>;
  getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]>;
  /** A snapshot taken at the call, in steps of at most 1,000 rows or 256 KiB; an empty step is the end. */
  steps(range: EngineRange): { next(): Promise<EngineRow[]>; close(): Promise<void> };
  list(range: EngineRange): Promise<EngineRow[]>;
  /** Atomic. With `sync` it survives a power cut once resolved, but for the name of the file that holds it. */
  batch(operations: readonly EngineOperation[], sync: boolean): Promise<void>;
  /** Merges the levels below a range. Says nothing when it fails; the engine then refuses the next write. */
  compactRange(gte: string, lt: string): Promise<void>;
  /** Immutable tables held now, by file name, with their sizes in bytes. */
  tables(): Map<string, number>;
  close(): Promise<void>;
}
