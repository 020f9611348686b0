import type { Hash } from '../../schemas/index.ts';

/** Names a session within its process; an update is not sent back to the one that it came from. */
export type SessionId = number;

/** One segment in an inventory. */
export interface SegmentDigest {
  readonly n: number;
  readonly digest: Hash;
  /** Split: its Yjs structures are broken here, so it is synced by key. */
  readonly split: boolean;
}

/** What became of an update or of entries from elsewhere. */
export type Received =
  /**
   * Everything that could be judged is durable and shown. `parked`: parts that wait for what they follow. `released`:
   * parts that waited until now, and were taken.
   */
  | { readonly ok: true; readonly keys: readonly Hash[]; readonly parked: number; readonly released: number }
  /** The sender broke a rule that no honest replica breaks; nothing of the update was taken. */
  | { readonly ok: false; readonly reason: string };

/** An update that became durable here. */
export interface DurableUpdate {
  readonly document: string;
  readonly update: Uint8Array;
  /** Where it came from; undefined for what was written here. */
  readonly origin: SessionId | undefined;
}

/** Who is present, as a replica signed it: `PresenceStatement` as JSON, checked by whoever takes it. */
export interface Statement {
  readonly text: string;
  /** Ed25519 over the text and the workspace, base64url. */
  readonly sig: string;
  /** How long ago it was said, as far as those who passed it on know, ms. */
  readonly age: number;
}

/** Who is present, here and elsewhere, in memory alone. */
export interface Statements {
  /** Names of those whose time is not over. */
  names(): readonly string[];
  /** The newest of this name; undefined when its time is over. */
  named(name: string): Statement | undefined;
  /** Judges one that came. Never rejects: what does not hold is counted. */
  take(statement: Statement, from: SessionId): Promise<void>;
  /** Called for each that is new here, and holds; without an origin for what was said here. Returns what stops it. */
  onNew(listener: (name: string, origin: SessionId | undefined) => void): () => void;
  /** What came and was not taken since the replica was opened, by why, in one word. */
  faults(): ReadonlyMap<string, number>;
}

/** How far a replica has read a mailbox of a sealed relay, as it signed it, checked by whoever takes it. */
export interface HeadsStatement {
  readonly text: string;
  /** Ed25519 over the text and the workspace, base64url. */
  readonly sig: string;
}

/** How far replicas have read mailboxes of sealed relays, in memory alone. */
export interface HeadsStatements {
  /** One name for each replica and mailbox. */
  names(): readonly string[];
  named(name: string): HeadsStatement | undefined;
  /** Judges one that came. Never rejects: what does not hold is left. */
  take(statement: HeadsStatement, from: SessionId): Promise<void>;
  /** Called for each that is new here, and holds; without an origin for what was said here. Returns what stops it. */
  onNew(listener: (name: string, origin: SessionId | undefined) => void): () => void;
}

/** A key, and whether the entry has its body. */
export type KeyFlag = readonly [key: Hash, hasBody: boolean];

/**
 * A replica as its sessions see it. Documents are log documents by name; one that does not exist yet is empty, and
 * begins to exist with its first entry. Everything that is given out is durable. Rejections are `CoterieError`s and mean that
 * this replica failed (`storage_failed`, `closed`), never that the peer did.
 */
export interface SyncSource {
  readonly workspace: Hash;
  /** Ed25519, base64url: that of now. */
  readonly publicKey: string;
  sign(bytes: Uint8Array): Promise<string>;
  /** False for a signature that does not hold, and for a key that is none. */
  verify(publicKey: string, bytes: Uint8Array, sig: string): Promise<boolean>;
  /** Entries that prove this replica's admission to whoever knows the workspace: genesis, invite, admission. */
  credentials(): Promise<readonly string[]>;
  /**
   * Judges a peer by its key and credentials, which are taken in like any operations when they hold. `stranger`: not a
   * replica of this workspace, or revoked. `self`: it has this replica's own key. A session asks with no credentials
   * first, and sends for them when the key is a stranger's. The peer has proven that the key is its own.
   */
  admit(publicKey: string, credentials: readonly string[]): Promise<'admitted' | 'stranger' | 'self'>;

  /** Digest of the workspace without marks, and of the newest segments of the marks. */
  root(): Promise<{ readonly logs: Hash; readonly marks: Hash }>;
  /** Every log with its digest; a marks log with its newest segment's. */
  logs(): Promise<readonly (readonly [log: string, digest: Hash])[]>;
  /** Segments of a log, ascending; of a marks log the newest alone. Empty for a log that is not here. */
  segments(log: string): Promise<readonly SegmentDigest[]>;

  digest(
    document: string,
  ): Promise<{ readonly digest: Hash; readonly entries: number; readonly split: boolean }>;
  stateVector(document: string): Promise<Uint8Array>;
  /** What lies beyond a state vector, update format v1. Throws `invalid` for bytes that are no state vector. */
  diff(document: string, stateVector: Uint8Array): Promise<Uint8Array>;
  /** Guards, journals, applies. Resolves when durable. Calls for one document run in order. */
  receive(document: string, update: Uint8Array, from: SessionId): Promise<Received>;

  keys(document: string): Promise<readonly KeyFlag[]>;
  /** Entries as JSON text, of those keys that are here, in any order. */
  entries(document: string, keys: readonly Hash[]): Promise<readonly (readonly [key: Hash, entry: string])[]>;
  /**
   * Takes entries by key: what is lacking here is written under a clientID of this replica, a missing body is restored
   * when no redact is known. Resolves when durable.
   */
  take(
    document: string,
    entries: readonly (readonly [key: Hash, entry: string])[],
    from: SessionId,
  ): Promise<Received>;

  /** True for documents that are written to now: the newest segment of a log. They stay live in a session. */
  isHot(document: string): boolean;
  /**
   * Called for each durable update, in the order of the journal, once it is applied and only when it brought something.
   * Its `origin` has all of it: what `take` wrote here, and what was parked until an update of another session came, has
   * none. Returns what stops it.
   */
  onUpdate(listener: (update: DurableUpdate) => void): () => void;
  /**
   * Called when this replica has taken another key: what was proved under the one before is no longer so. Returns what
   * stops it.
   */
  onKey(listener: () => void): () => void;
  /** State vectors were equal and digests were not, again and again: the document is rebuilt and synced by key from now on. */
  markSplit(document: string): Promise<void>;
  /** Absent where presence is not taken, and not told. */
  readonly statements?: Statements | undefined;
  /** Absent where mailboxes of sealed relays are none of its business. */
  readonly heads?: HeadsStatements | undefined;
}
