import type { Hash, relayAlarms } from '../../../schemas/index.ts';
import type { SyncSource } from '../../sync/port.ts';
import type { EpochKey } from '../names.ts';
import type { Heads } from './heads/heads.ts';

/** Key epochs, as a link needs them. */
export interface LinkKeys {
  founding(): EpochKey | undefined;
  current(): EpochKey | undefined;
  all(): readonly EpochKey[];
  byMark(mark: string): EpochKey | undefined;
  share(replica: Hash): Uint8Array | undefined;
  take(letter: Uint8Array): Promise<number>;
  use(): void;
  onChange(listener: () => void): () => void;
}

/** A replica in force, as the list of who is admitted names it. */
export interface RosterEntry {
  readonly id: Hash;
  /** Ed25519, base64url. */
  readonly key: string;
  /** It hosts an admin. */
  readonly admin: boolean;
}

/** Who belongs to the workspace. */
export interface Roster {
  readonly inForce: readonly RosterEntry[];
  /** Keys of replicas that are revoked. */
  readonly revoked: readonly string[];
}

/** A replica as its link with a sealed relay sees it. */
export interface LinkSource
  extends Pick<
    SyncSource,
    | 'workspace'
    | 'publicKey'
    | 'sign'
    | 'logs'
    | 'segments'
    | 'stateVector'
    | 'diff'
    | 'receive'
    | 'take'
    | 'keys'
    | 'isHot'
    | 'onUpdate'
  > {
  readonly keyring: LinkKeys;
  roster(): Roster;
  /** Where replicas tell each other, past the relay, how far they read there. */
  readonly heads?: Pick<Heads, 'watch'> | undefined;
  /** Its structures are broken here: it takes entries by key. */
  isSplit(document: string): boolean;
  /** What waits of this session is forgotten. */
  forget(session: number): void;
  /** Everything that differed at the start has been exchanged. */
  caughtUp(): Promise<void>;
}

/** What is wrong with a relay, by name (SLH-4). */
export type AlarmKind = (typeof relayAlarms)[number];

export interface Alarm {
  readonly kind: AlarmKind;
  /** The document's name at the relay, where it is about one. */
  readonly document: string | undefined;
  readonly message: string;
  /** ms. */
  readonly at: number;
}

/** How far a document of a mailbox was read here. */
export interface Place {
  /** Its name in clear, once a record told it. */
  readonly name: string | undefined;
  readonly offset: number;
  readonly chain: string;
  /** Yjs state vector of what the records up to there hold, as client and clock. */
  readonly vector: ReadonlyMap<number, number>;
  /** Each author's last record. */
  readonly authors: ReadonlyMap<string, { readonly seq: number; readonly hash: string }>;
  /** Records and their bytes since the last snapshot. */
  readonly since: { readonly records: number; readonly bytes: number };
  /** How much its records say that was deleted, and whether that is more than the last snapshot knows. */
  readonly removed: { readonly known: number | undefined; readonly since: boolean };
  /** The last snapshot that this replica made, while it may have to confirm it itself; `at` in ms. */
  readonly own?: { readonly offset: number; readonly hash: string; readonly at: number } | undefined;
}

/**
 * Where a replica stands in the documents of its mailboxes. It is derived: where it is lost, the mailbox is read again
 * from its begin, which changes nothing.
 */
export interface Places {
  /** The incarnation of a mailbox, as it was met last. */
  incarnation(mailbox: string): string | undefined;
  /** Forgets all places of a mailbox, and begins anew with this incarnation. */
  begin(mailbox: string, incarnation: string): Promise<void>;
  all(mailbox: string): Promise<ReadonlyMap<string, Place>>;
  /** Kept soon. */
  put(mailbox: string, document: string, place: Place): void;
  /** What its relay was found out by, the newest last: of each kind and document the last. */
  alarms(mailbox: string): readonly Alarm[];
  /** Kept soon. */
  alarmed(mailbox: string, alarm: Alarm): void;
  close(): Promise<void>;
}
