import type { Socket, SocketEvents } from '../../mux/socket.ts';
import type { Documents } from '../documents/document.ts';
import type { RoomCounts } from '../metrics.ts';
import type { RoomLimits } from './limits.ts';

export interface RoomOptions {
  readonly name: string;
  readonly documents: Documents;
  readonly counts: RoomCounts;
  readonly limits: RoomLimits;
  readonly timer: (task: () => void, ms: number) => () => void;
  /** Whether a socket may say this of itself; anything unless said. */
  readonly mayName?: ((speaker: { readonly id?: number }, state: unknown) => boolean) | undefined;
  /** Whether a socket may write, by its number, where the document does not say who may; everybody unless said. */
  readonly mayWrite?: ((socket: number) => boolean) | undefined;
  /** Hears what of a socket, by its number, was turned away by the room itself or by a document that notes nothing. */
  readonly turnedAway?: ((socket: number, reason: string) => void) | undefined;
  /** Called once, when nobody may join any more: this side failed. */
  ended(): void;
}

/** A document that is live here, and the sockets that share it. */
export interface Room {
  readonly size: number;
  /** Joins a socket, whose number is its own among all rooms. */
  join(socket: Socket, id: number, wantsStored: boolean): SocketEvents;
  /** A round, every nine seconds: says something to whom nothing was said, asks after whom nothing was heard. */
  round(): void;
  /** Sends everybody away. */
  close(code: number, reason: string): Promise<void>;
}
