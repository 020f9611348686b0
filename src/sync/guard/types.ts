import type { Entry, Hash } from '../../../schemas/index.ts';

/** Place of one value in a document: who wrote it, and its number among that client's. */
export interface Place {
  readonly client: number;
  readonly clock: number;
}

/** One struct of an update: an item with one JSON value, or a run of items of one key whose values are gone. */
export interface Struct extends Place {
  readonly length: number;
  /** The item that it follows; its key is that item's. */
  readonly origin: Place | undefined;
  /** Its key, where it follows nothing. */
  readonly key: Hash | undefined;
  /** The encoded value; undefined for a run that is deleted. */
  readonly value: Uint8Array | undefined;
}

/** Why an update is refused: what no honest replica of any version sends. The rule of docs/spec/guard.md in brackets. */
export type RefusalReason =
  /** [GRD-2] More bytes, structs or text than an update may have. */
  | 'too_large'
  /** [GRD-3] It can't be read as an update of format v1, or doesn't end where that ends. */
  | 'malformed'
  /** [GRD-4] A struct that log documents never hold: collected, of another type, with a right origin. */
  | 'struct'
  /** [GRD-4] It lies elsewhere than in the root map `ops`, or under no hash. */
  | 'place'
  /** [GRD-5] Clocks that overlap, run beyond every bound, or follow themselves. */
  | 'clock'
  /** [GRD-6] A range of deletions that is empty or runs beyond every bound. */
  | 'deletion'
  /** [GRD-7] A value that is no entry. */
  | 'entry'
  /** [GRD-8] An entry under another key than its own. */
  | 'key'
  /** [GRD-9] An entry of another log. */
  | 'log'
  /** [GRD-9] An entry of another workspace. */
  | 'workspace';

/** An entry whose form, key, log and workspace hold. */
export interface CheckedEntry {
  readonly key: Hash;
  /** Names the operation. */
  readonly hash: Hash;
  readonly entry: Entry;
  /** What the signature is over. */
  readonly signedBytes: Uint8Array;
}

/** What a part waits for. */
export type Wait =
  /** An item that isn't here yet: the one before it, or the one that it follows. */
  | { readonly for: 'item'; readonly client: number; readonly clock: number }
  /** A live entry: by itself this part would leave the key without one. `seen`: the newest item of the key here. */
  | { readonly for: 'key'; readonly key: Hash; readonly seen: Place | undefined };

/** Structs of one client in sequence that can be taken when the first of them can. */
export interface ParkedPart extends Place {
  /** The clock after its last. */
  readonly end: number;
  /** What its first struct lacks, all of it. */
  readonly waits: readonly Wait[];
  /** Keys of the entries in it. */
  readonly keys: readonly Hash[];
  readonly structs: readonly Struct[];
  /** Bytes that it takes as an update, at most. */
  readonly bytes: number;
}

/** Two documents disagree about one place; which of them is wrong can't be seen here. */
export interface SplitEvidence extends Place {
  /** The key that the place has here. */
  readonly here: Hash;
  /** The key that it has there. */
  readonly there: Hash;
}

export interface Refused {
  readonly verdict: 'refuse';
  readonly reason: RefusalReason;
  /** For logs: what exactly, in English. */
  readonly message: string;
  /** Structs read until then: what it cost. */
  readonly structs: number;
}

export interface Taken {
  readonly verdict: 'take';
  /**
   * What is to be journalled and applied now, encoded anew and without deletions; undefined when nothing in it is
   * new. Applied to the document that it was judged by, it leaves nothing pending and no key without a live entry.
   */
  readonly update: Uint8Array | undefined;
  /** Entries in `update`, in an order in which each stands after what it follows; a key may be there twice. */
  readonly entries: readonly CheckedEntry[];
  /** Clients whose structs are in `update`. One that is a writer or mender of this replica's is taken: it needs a fresh one. */
  readonly clients: readonly number[];
  readonly parked: readonly ParkedPart[];
  /** Nothing of these places, nor of what follows them, was taken. */
  readonly split: readonly SplitEvidence[];
  /** Structs in the update, and how many of them were here already. */
  readonly structs: number;
  readonly held: number;
}

export type Judgement = Refused | Taken;

/** Ends the judging of an update; never leaves this folder. */
export class Refusal extends Error {
  readonly reason: RefusalReason;
  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
