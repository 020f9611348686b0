import { parseUpdateMeta } from 'yjs';
import { frame } from '../../mux/frame.ts';
import type { Socket } from '../../mux/socket.ts';
import { type Allowance, createAllowance } from './allowance.ts';
import * as wire from './wire.ts';

/**
 * How far a socket is: `silent` asked for nothing yet, `catching` waits for its first or next state, `live` gets each
 * update, `lagged` reads too slowly and gets none until it has drained.
 */
export type Stage = 'silent' | 'catching' | 'live' | 'lagged';

type Hold = 'storing' | 'asking';

/** One socket in a room. */
export interface Guest {
  readonly id: number;
  readonly socket: Socket;
  /** It understands message 120. */
  readonly wantsStored: boolean;
  stage: Stage;
  /** While it lags: the clock of each client from which on it was left out. */
  missing: Map<number, number>;
  /** Something was left out. */
  behind: boolean;
  /** While it catches up: what came meanwhile. */
  held: Uint8Array[];
  heldBytes: number;
  /** While too much waits for it: the vector that it asked with last, */
  wanted: Uint8Array | undefined;
  /** the newest state of each client that it was not told of, */
  missed: Map<number, wire.AwarenessEntry>;
  /** and that it is still to be asked for what it has. */
  unasked: boolean;
  /** Bytes that the room sent, at least since nothing waited. */
  sent: number;
  /** Updates of this socket that are settled, and how many it was told of. */
  stored: number;
  told: number;
  /** Not read while too much waits to be stored, or while it used up what it may ask for. */
  hold(why: Hold): void;
  letGo(why: Hold): void;
  readonly allowance: Allowance;
  /** It asked who is present while it had used that up. */
  queried: boolean;
  /** It spoke for another, and that was told. */
  spoofed: boolean;
  /** Something was sent since the last round. */
  spoke: boolean;
  /** What `socket.heard` said in the last round, and for how many rounds it has said the same. */
  heard: number;
  quiet: number;
  /** Asks whether the other end is still there, and cuts it off if not. */
  probe(): void;
  /** Cancels the asking again for what it has, if it is planned. */
  asking: (() => void) | undefined;
  open: boolean;
}

/** How long a pong may take when somebody else claims to be the same client, ms. */
const pong = 5_000;

export interface GuestOptions {
  readonly id: number;
  readonly socket: Socket;
  readonly wantsStored: boolean;
  readonly timer: (task: () => void, ms: number) => () => void;
  /** It may ask again. */
  readonly onRefilled: (guest: Guest) => void;
}

export function createGuest({ id, socket, wantsStored, timer, onRefilled }: GuestOptions): Guest {
  let probing = false;
  const holds = new Set<Hold>();
  const guest: Guest = {
    id,
    socket,
    wantsStored,
    stage: 'silent',
    missing: new Map(),
    behind: false,
    held: [],
    heldBytes: 0,
    wanted: undefined,
    missed: new Map(),
    unasked: false,
    sent: 0,
    stored: 0,
    told: 0,
    hold(why) {
      if (holds.size === 0) socket.pause();
      holds.add(why);
    },
    letGo(why) {
      if (holds.delete(why) && holds.size === 0) socket.resume();
    },
    allowance: createAllowance({
      timer,
      onSpent: () => guest.hold('asking'),
      onRefilled() {
        guest.letGo('asking');
        onRefilled(guest);
      },
    }),
    queried: false,
    spoofed: false,
    spoke: false,
    heard: 0,
    quiet: 0,
    probe() {
      if (probing) return;
      probing = true;
      const before = socket.heard();
      socket.ping();
      timer(() => {
        probing = false;
        if (guest.open && socket.heard() === before) socket.cut();
      }, pong);
    },
    asking: undefined,
    open: true,
  };
  return guest;
}

/** One update on its way to many sockets: framed once, its meta read once and only if somebody lags. */
export interface Parcel {
  readonly framed: Uint8Array;
  /** The first clock of each client in it. */
  from(): Map<number, number>;
}

export function parcelOf(update: Uint8Array): Parcel {
  let from: Map<number, number> | undefined;
  return {
    framed: frame(wire.update(update)),
    from() {
      from ??= parseUpdateMeta(update).from;
      return from;
    },
  };
}

/** A lagging socket does not get a parcel: keeps what it will lack. */
export function leaveOut(guest: Guest, parcel: Parcel): void {
  const { missing } = guest;
  guest.behind = true;
  for (const [client, clock] of parcel.from()) {
    const known = missing.get(client);
    if (known === undefined || clock < known) missing.set(client, clock);
  }
}

/** The vector of a socket that has everything up to `vector` but what was left out. */
export function vectorWithout(vector: Map<number, number>, missing: ReadonlyMap<number, number>): Uint8Array {
  for (const [client, clock] of missing) {
    const known = vector.get(client);
    if (known !== undefined && clock < known) vector.set(client, clock);
  }
  return wire.writeVector(vector);
}
