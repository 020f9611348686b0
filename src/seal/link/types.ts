import type { SealedError } from '../../../schemas/sealed.ts';
import type { Crypto } from '../../op/index.ts';
import type { AlarmKind, LinkSource, Places } from './port.ts';
import type { SnapshotPolicy } from './snapshots.ts';

/** What a link is made of. */
export interface SealedSessionOptions {
  readonly source: LinkSource;
  readonly crypto: Pick<Crypto, 'sha256' | 'verify'>;
  readonly places: Places;
  readonly random: (bytes: number) => Uint8Array;
  readonly timer: (task: () => void, ms: number) => () => void;
  readonly now: () => number;
  /** The key that the relay must have; undefined where it is not known. */
  readonly relay: string | undefined;
  /** Of enrolment, for a mailbox that is not there yet. */
  readonly code: string | undefined;
  /** When documents get snapshots, where the usual does not fit. */
  readonly snapshots?: SnapshotPolicy | undefined;
  /** Names it to its replica, apart from all other sessions. */
  readonly session: number;
  readonly transport: { send(frame: Uint8Array): void; close(code: number, reason: string): void };
  /** Another proof of this replica's key for the mailbox. */
  readonly prove: (mailbox: string) => Promise<string>;
  readonly onAlarm: (kind: AlarmKind, document: string | undefined, message: string) => void;
  readonly onRefused: (author: string, document: string, reason: string) => void;
  readonly onChange: () => void;
}

/** A replica in its mailbox at a sealed relay, over one connection: frames in, frames out. */
export interface SealedSession {
  readonly mailbox: string;
  /** Once everything that differed at the start has been exchanged. */
  readonly state: 'meeting' | 'live' | 'closed';
  /** Documents that are not in step. */
  readonly lag: number;
  /** When the relay last said that something is durable there, ms. */
  readonly acknowledged: number | undefined;
  /** What hinders: a refusal of the relay, or secrets that are not here. */
  readonly trouble:
    | { readonly code: SealedError | 'no_key' | 'impostor'; readonly message: string }
    | undefined;
  /** Returns what is true once all that is durable here at the call is durable in the mailbox. */
  mark(): () => boolean;
  receive(frame: Uint8Array): void;
  closed(): void;
}
