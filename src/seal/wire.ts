import type { SealedError } from '../../schemas/sealed.ts';

export { decodeFromClient, decodeFromRelay } from './wire-decode.ts';
export { encodeToClient, encodeToRelay } from './wire-encode.ts';

/**
 * Frames of `/sealed/<mailbox>`. Names of documents, keys, incarnations and hashes of chains are 32 raw bytes on the
 * wire and base64url here; signatures 64. A `tag` is any number of the client's; its answer bears the same.
 */

/** Who is admitted: canonical JSON of an `AdmittedList`, and the signature over `coterie admitted 1`, a line end, and it. */
export interface SignedList {
  readonly text: string;
  readonly sig: string;
}

interface Numbered {
  readonly number: number;
}

/** What either side sends. */
type Either =
  | ({ readonly type: 'ping' } & Numbered)
  | ({ readonly type: 'pong' } & Numbered)
  | { readonly type: 'bye'; readonly code: number; readonly reason: string };

/** What a replica sends. */
export type ToRelay =
  | {
      readonly type: 'hello';
      readonly versions: readonly number[];
      readonly capabilities: readonly string[];
    }
  /** Makes the mailbox, whose first list this is. The answer is another hello. `code`: of enrolment, or empty. */
  | { readonly type: 'create'; readonly tag: number; readonly list: SignedList; readonly code: string }
  /** Which documents there are, after this one; empty: from the first. */
  | { readonly type: 'inventory'; readonly after: string }
  | {
      readonly type: 'read';
      readonly tag: number;
      readonly document: string;
      readonly after: number;
      /** Bytes of records; one is sent at least. */
      readonly max: number;
    }
  | {
      readonly type: 'append';
      readonly tag: number;
      readonly document: string;
      readonly record: Uint8Array;
    }
  /** From now on every record of others comes as `entry`. */
  | { readonly type: 'subscribe' }
  | {
      readonly type: 'confirm';
      readonly tag: number;
      readonly document: string;
      /** Of the snapshot. */
      readonly offset: number;
      readonly sig: string;
    }
  /** Puts a list, or asks for the one that is there. */
  | { readonly type: 'list'; readonly tag: number; readonly list: SignedList | undefined }
  /** JSON of a `SealedInvite`. */
  | { readonly type: 'invite'; readonly tag: number; readonly text: string }
  | { readonly type: 'uninvite'; readonly tag: number; readonly invite: string }
  /** `to`: Ed25519 key of the replica that it is for. */
  | { readonly type: 'letter'; readonly tag: number; readonly to: string; readonly bytes: Uint8Array }
  /** It has the letter of this number, which can go. */
  | ({ readonly type: 'letterTaken' } & Numbered)
  /** A proof of key that takes the place of the one before. */
  | { readonly type: 'token'; readonly token: string }
  | Either;

/** How far a document goes. */
export interface Extent {
  readonly document: string;
  /** Records up to here are trimmed. */
  readonly base: number;
  /** Offset of its last record. */
  readonly last: number;
  /** The chain at `last`. */
  readonly chain: string;
}

/** What a relay sends. */
export type ToClient =
  | {
      readonly type: 'hello';
      /** The one that is spoken from now on. */
      readonly version: number;
      readonly capabilities: readonly string[];
      /** Of the mailbox: made anew with it. Zeros where there is none. */
      readonly incarnation: string;
      /** Ed25519 key of the relay. */
      readonly key: string;
      /** Version of the list of who is admitted; 0: there is no mailbox, and who asks may make it. */
      readonly list: number;
      readonly usedBytes: number;
      readonly quotaBytes: number;
      readonly records: number;
    }
  /** In ascending order of names. `last`: there are no more. */
  | { readonly type: 'inventory'; readonly last: boolean; readonly documents: readonly Extent[] }
  | {
      readonly type: 'records';
      readonly tag: number;
      readonly document: string;
      readonly base: number;
      readonly baseChain: string;
      /** Offset of the first of them; the others follow without gaps. */
      readonly from: number;
      readonly records: readonly Uint8Array[];
      /** There are no more now. */
      readonly last: boolean;
    }
  | {
      readonly type: 'appended';
      readonly tag: number;
      readonly document: string;
      readonly offset: number;
      readonly chain: string;
    }
  | {
      readonly type: 'entry';
      readonly document: string;
      readonly offset: number;
      readonly record: Uint8Array;
    }
  | {
      readonly type: 'trimmed';
      readonly document: string;
      readonly base: number;
      readonly baseChain: string;
    }
  | { readonly type: 'list'; readonly list: SignedList }
  | {
      readonly type: 'letter';
      readonly number: number;
      /** Key of who left it, and whom it is for. */
      readonly from: string;
      readonly bytes: Uint8Array;
    }
  /** JSON of a `SealedJoined`. */
  | { readonly type: 'joined'; readonly text: string }
  | { readonly type: 'ok'; readonly tag: number }
  | { readonly type: 'error'; readonly tag: number; readonly code: SealedError; readonly message: string }
  | Either;

/** What a frame holds. Byte arrays in it are views of the frame. */
export type Decoded<Message> =
  | { readonly kind: 'message'; readonly message: Message }
  /** Of a type that this version does not know, perhaps a later one does. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'bad'; readonly code: number; readonly reason: string };
