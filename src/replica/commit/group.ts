import { CoterieError, type Entry, type Hash } from '../../../schemas/index.ts';
import { StorageError, type Write } from '../../storage/port.ts';
import { encodeRow, type OperationRow } from './rows.ts';
import type { Rows } from './transaction.ts';

/** An entry that its document takes in with this group, under its key once it is signed. */
export interface Appended {
  readonly document: string;
  /** True for the first entry of a new document. */
  readonly first: boolean;
  readonly hash: Hash;
  readonly row: OperationRow;
  /** Resolves when `row.sig` is filled. */
  readonly signed: Promise<void>;
}

/** An update from elsewhere that a document takes in as it came. */
export interface Incoming {
  readonly document: string;
  readonly update: Uint8Array;
  /** Entries that the document did not hold before. */
  readonly entries: readonly (readonly [key: Hash, hash: Hash])[];
  /** Clients whose structs are in it. */
  readonly clients: readonly number[];
  /** The session that it came from. */
  readonly origin: number | undefined;
  /** Hears which keys changed, once that is durable. */
  readonly applied: (touched: readonly Hash[]) => void;
}

/** An entry that replaces itself in a document: without its body, or again. */
export interface Mended {
  readonly document: string;
  /** Of the operation; with the signature it gives the key. */
  readonly hash: Hash;
  readonly entry: Entry;
}

/** Writes that become one batch. */
export interface Group {
  readonly rows: Rows;
  readonly effects: (() => void)[];
  readonly appended: Appended[];
  readonly incoming: Incoming[];
  readonly mended: Mended[];
  /** Entries that the group brings, of whatever origin. */
  entries: number;
  outstanding: number;
  readonly done: PromiseWithResolvers<void>;
}

/** What a group was written as. */
export interface Attempt {
  readonly number: number;
  writes: Write[] | undefined;
}

export function createGroup(): Group {
  const done = deferred<void>();
  done.promise.catch(() => undefined);
  return {
    rows: new Map(),
    effects: [],
    appended: [],
    incoming: [],
    mended: [],
    entries: 0,
    outstanding: 0,
    done,
  };
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

function deferred<T>(): PromiseWithResolvers<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** What a writer is told when the disk refused: never that it is stored. */
export function refusal(cause?: unknown): CoterieError {
  if (cause instanceof CoterieError) return cause;
  if (cause instanceof StorageError) return new CoterieError(cause.code, cause.message, { cause });
  return new CoterieError(
    'storage_failed',
    'The disk refused a write that this one was built on; it was not stored.',
    { cause },
  );
}

/** What a writer is told when nobody can look: the disk may have taken it in spite of its error. */
export const uncertain = (cause: unknown): CoterieError =>
  new CoterieError(
    'storage_failed',
    'The disk refused this write and can not be read now; it is not known to be stored.',
    { cause },
  );

export function toWrites(rows: Rows): Write[] {
  const writes: Write[] = [];
  for (const [key, value] of rows)
    writes.push([
      key,
      value === undefined ? undefined : value instanceof Uint8Array ? value : encodeRow(value),
    ]);
  return writes;
}
