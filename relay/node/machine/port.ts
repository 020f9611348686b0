import type { Secure } from '../../mux/socket.ts';

/** Someone to dial. */
export interface Target {
  /** `http://host:port` of who listens. */
  readonly url: string;
  /** The only replica key that may answer there, where it is known. */
  readonly expect?: string | undefined;
  /** How the link is encrypted, where the two replicas do that themselves: on the local network. */
  readonly secure?: Secure | undefined;
}

/**
 * `connecting`: under way, for the first time or again. `linked`: both sides have proved who they are.
 * `waiting`: it failed, and is tried again after a while.
 */
export type LinkState = 'connecting' | 'linked' | 'waiting';

/** Why a link does not stand: a code of the closed list, and what happened. */
export interface Trouble {
  readonly code: string;
  readonly message: string;
  /** True where trying again helps nothing until someone does something about it. */
  readonly refused?: boolean | undefined;
}

/** A link that is dialled from here, for as long as nobody closes it. */
export interface Dialling {
  readonly state: LinkState;
  readonly trouble: Trouble | undefined;
  /** The replica key that answered; undefined before one has. */
  readonly answered: string | undefined;
  /** True while another link with the same replica stands in its place. */
  readonly parked?: boolean | undefined;
  /** With `letGo`, since other links do; else this replica is closing, or the address is another's. */
  close(letGo?: boolean): void;
}

/**
 * Dials someone and keeps dialling, with growing and jittered pauses, until it is closed. `changed` is called whenever
 * the state or the trouble has changed, never before this returned.
 */
export type Dial = (target: Target, changed: () => void) => Dialling;

/** Where a replica listens. */
export interface Listening {
  readonly url: string;
  /** Takes no more links and ends those that came in. */
  close(): Promise<void>;
}
