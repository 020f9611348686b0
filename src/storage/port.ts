/**
 * The storage port: an ordered map of strings to bytes that commits atomically and durably.
 *
 * Contract (test/contracts/store.ts runs it on every adapter):
 * - `commit` is atomic: after a crash at any instant either every row of a batch is there or none is.
 * - `commit` resolves only when the batch survives a power cut (or, with durability `os`, a crash of the process).
 *   It rejects with `StorageError` when the batch may be absent. After a rejected commit the store is *failed*:
 *   every queued and later commit is refused with code `storage_failed` until `reopen()` resolves; reads stay
 *   possible only for what was committed before. A batch whose commit rejected is never there after `reopen()`
 *   unless `reopen()` says so (`lastCommit` equals its number): what was refused does not come back.
 * - Rows are read back byte for byte. A row that is damaged on disk is an error (`storage_corrupt`), never
 *   an absent row and never other bytes. Every value is framed with a checksum over key and value.
 * - Keys order by their UTF-8 bytes. Ranges are half-open: `gte` inclusive, `lt` exclusive. Keys are well-formed,
 *   not empty and do not begin with U+0000, which the store keeps for itself; anything else is a `TypeError`.
 * - An array given to `commit` and the bytes in it are the store's until it settles: do not change them.
 */
export interface Store {
  /** Number of the last durable commit, 0 for a new store. Contiguous: each commit adds one. */
  readonly lastCommit: number;
  /** True from the first rejected commit until `reopen()` resolves. */
  readonly failed: boolean;
  /** The row, or `undefined`. Synchronous: the write path decides on it. */
  getSync(key: string): Uint8Array | undefined;
  get(key: string): Promise<Uint8Array | undefined>;
  getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]>;
  /**
   * Like `getSync`, but an absent row is confirmed by a seek, because a damaged filter block makes a plain
   * get miss silently. Use it wherever "not found" decides something.
   */
  getConfirmed(key: string): Promise<Uint8Array | undefined>;
  /** A snapshot scan. `limit` counts rows. */
  scan(range: Range): AsyncIterable<Row>;
  /** A snapshot scan collected into an array, fetched in large steps. For bounded ranges. */
  list(range: Range): Promise<Row[]>;
  /** Writes one atomic batch and resolves with its number. Commits may be queued; they land in call order. */
  commit(writes: readonly Write[]): Promise<number>;
  /** Rewrites a range so that deleted and overwritten rows leave the disk. */
  compact(range: { gte: string; lt: string }): Promise<void>;
  /**
   * After a failed commit: closes, opens again, reads the real end. Resolves with the number found. Rejects when
   * it cannot open (a full disk, say); call it again later. On a store that has not failed it only resolves.
   */
  reopen(): Promise<number>;
  /**
   * Checksum of a recent commit (one of the last 4,096), as `batchChecksum(writes)` gives it, or `undefined` when
   * there is none of that number. With it a caller can tell after `reopen()` whether a refused batch landed.
   */
  checksumOf(commit: number): Promise<number | undefined>;
  close(): Promise<void>;
}

export interface Range {
  readonly gte: string;
  readonly lt: string;
  readonly reverse?: boolean;
  readonly limit?: number;
}

export type Row = readonly [key: string, value: Uint8Array];
/** A value of `undefined` deletes the row. */
export type Write = readonly [key: string, value: Uint8Array | undefined];

/**
 * The document store: each document's compacted state, behind y-leveldb in a worker thread.
 * Every failure is an error, never `null`: y-leveldb turns its own into `null` and the adapter turns them back.
 * After a refused write, and after a crash during one, a document holds its old state or the new one, whole. The
 * store recovers by itself: the next call works if the disk does. Names are not empty and without control characters.
 */
export interface DocumentStore {
  /**
   * Replaces the stored state of a document by `update` (Yjs v1, the full state), durably: written synced, read
   * back, decoded and compared before it resolves. The caller keeps its bytes. A state that does not decode, or
   * builds on parts that it does not contain, is refused with `storage_corrupt`.
   */
  write(name: string, update: Uint8Array): Promise<void>;
  /**
   * Adds updates (Yjs v1) to the stored state of a document, or begins one with them, as durably as `write`. What they
   * remove is not in the state any more. Resolves with what the document is then.
   */
  merge(name: string, updates: readonly Uint8Array[]): Promise<Merged>;
  /** The full state (Yjs v1), or `undefined` when there is none. Damage is `storage_corrupt`. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Names of all documents, sorted. */
  names(): Promise<string[]>;
  remove(name: string): Promise<void>;
  /** Rewrites a document's place on disk, so that states before the present one are in no file any more. */
  purge(name: string): Promise<void>;
  close(): Promise<void>;
}

/** A document as it is stored now. */
export interface Merged {
  readonly standing: readonly StandingKey[];
  /** Yjs v1: how much of each client is in it. */
  readonly stateVector: Uint8Array;
}

/** A key of the root map `ops` of a document, and whether its value has a `body`: what a digest is made of. */
export type StandingKey = readonly [key: string, hasBody: boolean];

/** Why storage refused. `cause` holds the engine's own error. */
export type StorageCode =
  | 'directory_not_empty'
  | 'storage_failed'
  | 'storage_corrupt'
  | 'disk_full'
  | 'directory_locked'
  | 'directory_newer'
  | 'directory_unreadable';

export class StorageError extends Error {
  readonly code: StorageCode;
  /** Process that holds the directory, for `directory_locked`. */
  readonly holder?: { pid: number; since: string } | undefined;

  constructor(
    code: StorageCode,
    message: string,
    options: { cause?: unknown; holder?: { pid: number; since: string } } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StorageError';
    this.code = code;
    this.holder = options.holder;
  }
}
