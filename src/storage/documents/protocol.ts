import { type Merged, type StorageCode, StorageError } from '../port.ts';
import type { Durability } from '../store/level.ts';
import type { ScrubReport } from '../store/tables.ts';

/** What the worker is started with. */
export interface WorkerSettings {
  readonly directory: string;
  readonly durability: Durability;
  readonly reserve?: number;
  readonly salvage?: boolean;
  readonly verify?: boolean;
  readonly mustExist?: boolean;
}

/** A call from the client to the worker; answers carry its id. */
export type Call =
  | { readonly id: number; readonly call: 'write'; readonly name: string; readonly update: Uint8Array }
  | {
      readonly id: number;
      readonly call: 'merge';
      readonly name: string;
      readonly updates: readonly Uint8Array[];
    }
  | { readonly id: number; readonly call: 'read' | 'remove' | 'purge'; readonly name: string }
  | { readonly id: number; readonly call: 'names' | 'scrub' | 'close' };

/** What a call resolves with, by its name. */
export interface Results {
  write: undefined;
  merge: Merged;
  read: Uint8Array | undefined;
  remove: undefined;
  purge: undefined;
  names: string[];
  scrub: ScrubReport;
  close: undefined;
}

/** An error as it crosses threads. `type` marks a misuse, which is a `TypeError` on both sides. */
export interface SentError {
  readonly code: StorageCode | 'type';
  readonly message: string;
}

export type Answer =
  | { readonly id: number; readonly result: Results[keyof Results] }
  | { readonly id: number; readonly error: SentError };

/** An error for the way across. */
export function sendError(error: unknown): SentError {
  if (error instanceof StorageError) return { code: error.code, message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  return { code: error instanceof TypeError ? 'type' : 'storage_failed', message };
}

/** The error that was sent. */
export function receiveError({ code, message }: SentError): Error {
  return code === 'type' ? new TypeError(message) : new StorageError(code, message);
}
