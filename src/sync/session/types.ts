import type { Hash } from '../../../schemas/index.ts';
import type { DurableUpdate, SessionId, SyncSource } from '../port.ts';

/** An ordered, framed connection under a session: a WebSocket, or a link of the test network. */
export interface SessionTransport {
  /** Queues a frame. Never throws; after `close` it does nothing. The frame is not changed afterwards. */
  send(frame: Uint8Array): void;
  /** Bytes that were sent and have not left yet. When they fall below a quarter of 4 MiB, `drained` is called. */
  buffered(): number;
  /** Ends the connection after what was sent. The transport calls the session's `closed` once it is down. */
  close(code: number, reason: string): void;
  /** Stops handing over frames until `resume`: more is waiting to be stored than fits. */
  pause?(): void;
  resume?(): void;
  /** Ties the proof to this connection (a TLS exporter as text); empty where nothing encrypts. The same on both ends. */
  readonly binding?: string;
}

/** Runs a task once after `ms`; returns what cancels it. */
export type Timer = (task: () => void, ms: number) => () => void;

/** What a session tells whoever holds it. */
export type SessionEvent =
  /** The peer proved its key and is a replica of this workspace. `opening`: the same in all sessions of its process. */
  | { readonly type: 'admitted'; readonly publicKey: string; readonly opening: string }
  /** The digests of the workspace were equal when they were compared; `logs` is the one without marks. */
  | { readonly type: 'equal'; readonly logs: Hash }
  /** Everything that differed at the start has been exchanged. */
  | { readonly type: 'synced' }
  /** The peer stored more, or a document got in step. */
  | { readonly type: 'progress' }
  /** The peer sent an update that no honest replica sends; the session closes. */
  | { readonly type: 'refused'; readonly document: string; readonly reason: string }
  /** An update waits, in part, for what it follows. */
  | { readonly type: 'parked'; readonly document: string; readonly parts: number }
  /** What waited was taken: what it follows came. */
  | { readonly type: 'released'; readonly document: string; readonly parts: number }
  /** Entries or bodies that were lacking here came by key. */
  | { readonly type: 'repaired'; readonly document: string; readonly keys: number }
  /** The peer reads too slowly: `documents` are held back and synced anew when it has caught up. */
  | { readonly type: 'lagging'; readonly documents: number }
  /** A document stays unequal after repair; it is tried again later. */
  | { readonly type: 'unequal'; readonly document: string; readonly exchanges: number }
  | { readonly type: 'closed'; readonly code: number; readonly reason: string };

/** Where a session stands. */
export type SessionState =
  /** Waits for the other's hello. */
  | { readonly phase: 'greeting' }
  /** Keys are named, and not yet proven and admitted on both sides. */
  | { readonly phase: 'proving'; readonly publicKey: string }
  /** What differs is being exchanged. */
  | { readonly phase: 'syncing'; readonly publicKey: string }
  /** Each update is sent as it becomes durable. */
  | { readonly phase: 'live'; readonly publicKey: string }
  /** Closed by this side; the transport is not down yet. */
  | { readonly phase: 'closing'; readonly code: number; readonly reason: string }
  | { readonly phase: 'closed'; readonly code: number; readonly reason: string };

/** A session as others see it; numbers since it began. */
export interface SessionStatus {
  readonly state: SessionState;
  /** Documents that are not in step yet: queued, being exchanged, announced or held back. */
  readonly syncing: number;
  /** Documents that are open now. */
  readonly open: number;
  /** Messages with data that were sent, and how many of them are durable there. */
  readonly sent: number;
  readonly stored: number;
  /** Messages with data that came and are durable here. */
  readonly received: number;
  /** When the peer last said what it stored, ms; undefined: never. */
  readonly acknowledgedAt: number | undefined;
  /** Whether the digests of the workspace were equal when they were last compared, and when that was. */
  readonly equal: boolean | undefined;
  readonly comparedAt: number | undefined;
  readonly lagging: boolean;
}

export interface SessionOptions {
  readonly id: SessionId;
  readonly role: 'dial' | 'listen';
  readonly source: SyncSource;
  readonly transport: SessionTransport;
  readonly timer: Timer;
  readonly now: () => number;
  readonly random: (bytes: number) => Uint8Array;
  /** Eight random bytes of this opening of the replica, in the hello of all its sessions. */
  readonly opening?: Uint8Array | undefined;
  /** Cuts an update into parts of at most `bytes`, in order, each valid alone. */
  readonly slice: (update: Uint8Array, bytes: number) => readonly Uint8Array[];
  readonly onEvent: (event: SessionEvent) => void;
  /** True for the random bytes of another session of this process: it dialled itself, its directory was not copied. */
  readonly isOwn?: ((random: Uint8Array) => boolean) | undefined;
  /** The only key that may answer, when the address names one. */
  readonly expect?: string | undefined;
}

/** Who the other end of a session says that it is: proven once it is admitted. */
export interface MetPeer {
  /** Ed25519, base64url. */
  readonly publicKey: string;
  /** The same in all sessions of its process. */
  readonly opening: string;
}

/** One connection: frames in, frames out. It has no socket and no clock of its own, and never throws. */
export interface Session {
  readonly id: SessionId;
  readonly role: 'dial' | 'listen';
  /** This side's random bytes of the hello. */
  readonly hello: Uint8Array;
  /** A frame came. */
  receive(frame: Uint8Array): void;
  /** The transport can take more again. */
  drained(): void;
  /** The transport is down. */
  closed(code: number, reason: string): void;
  /** Says why and closes the transport. */
  close(code: number, reason: string): void;
  /** An update became durable here. Links give it to each session; its own origin is left out by itself. */
  update(update: DurableUpdate): void;
  status(): SessionStatus;
  /** Known since its hello, also when the session is over. */
  met(): MetPeer | undefined;
  /**
   * A check of what is durable here now: true once all of it is durable at the peer, and from then on. Look again
   * after each event.
   */
  mark(): () => boolean;
}
