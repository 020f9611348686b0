import { closeCodes } from '../../schemas/protocol.ts';
import type { Socket, SocketEvents } from '../mux/socket.ts';
import type { Caller } from '../proof/callers.ts';
import type { Documents } from './documents/document.ts';
import type { RoomCounts } from './metrics.ts';
import { type RoomLimits, roomLimits } from './room/limits.ts';
import { openRoom } from './room/room.ts';
import type { Room } from './room/types.ts';

export interface RoomsOptions {
  readonly documents: Documents;
  readonly counts: RoomCounts;
  readonly timer: (task: () => void, ms: number) => () => void;
  readonly limits?: Partial<RoomsLimits> | undefined;
  /** Hears whose a socket is, by its number, before anything of it is read. */
  readonly met?: ((socket: number, caller: Caller) => void) | undefined;
  /** Hears what of a socket a room turned away. */
  readonly turnedAway?: ((socket: number, room: string, reason: string) => void) | undefined;
}

export interface RoomsLimits extends RoomLimits {
  /** A room that nobody is in is let go after this long, ms. */
  readonly idle: number;
  /** Rooms that are loaded at once, at most. */
  readonly rooms: number;
  /** How often silent sockets are spoken to, ms. Under half of the 30 s after which y-websocket hangs up. */
  readonly round: number;
}

const defaults: RoomsLimits = { ...roomLimits, idle: 30_000, rooms: 10_000, round: 9_000 };

/** All rooms of one relay. */
export interface Rooms {
  /** Joins a socket to a room by name; the room is loaded before anything is said. */
  join(
    socket: Socket,
    name: string,
    options?: { readonly wantsStored?: boolean; readonly caller?: Caller },
  ): SocketEvents;
  /** Sends everybody away, and resolves when every document is closed. */
  close(): Promise<void>;
}

interface Entry {
  /** Undefined when there is no such document. */
  readonly loading: Promise<Room | undefined>;
  room: Room | undefined;
  /** Sockets that wait for the loading. */
  waiting: number;
  idle: (() => void) | undefined;
}

export function openRooms(given: RoomsOptions): Rooms {
  const { documents, counts, timer } = given;
  const limits: RoomsLimits = { ...defaults, ...given.limits };
  const entries = new Map<string, Entry>();
  /** Rooms that are being let go: a name is loaded anew only after that. */
  const closing = new Map<string, Promise<void>>();
  /** Whose socket it is, by its number, where somebody is asked. */
  const callers = new Map<number, Caller>();
  let closed = false;
  let lastId = 0;
  let cancelRound: (() => void) | undefined;

  /** In the room of presence a socket speaks for the members of its caller: who names another there spoofs it. */
  function ownName({ id = 0 }: { readonly id?: number }, state: unknown): boolean {
    const caller = callers.get(id);
    if (caller === undefined || typeof state !== 'object' || state === null || !('member' in state))
      return true;
    return typeof state.member === 'string' && caller.speaksAs(state.member);
  }

  const mayWrite = (id: number): boolean => callers.get(id)?.role() !== 'reader';

  function drop(name: string, entry: Entry): void {
    entry.idle?.();
    if (entries.get(name) !== entry) return;
    entries.delete(name);
    counts.rooms = entries.size;
  }

  async function load(name: string, entry: () => Entry): Promise<Room | undefined> {
    await closing.get(name);
    const mayName = name === 'presence' ? ownName : undefined;
    return openRoom({
      name,
      documents,
      counts,
      limits,
      timer,
      mayName,
      mayWrite,
      turnedAway: (socket, reason) => given.turnedAway?.(socket, name, reason),
      ended: () => drop(name, entry()),
    });
  }

  function entryOf(name: string): Entry {
    const known = entries.get(name);
    if (known) return known;
    const entry: Entry = {
      loading: load(name, () => entry),
      room: undefined,
      waiting: 0,
      idle: undefined,
    };
    entries.set(name, entry);
    counts.rooms = entries.size;
    return entry;
  }

  /** Lets a room go that nobody has been in for a while. */
  function left(name: string, entry: Entry): void {
    const { room } = entry;
    if (room === undefined || room.size > 0 || entry.waiting > 0 || closed) return;
    entry.idle?.();
    entry.idle = timer(() => {
      if (room.size > 0 || entry.waiting > 0) return;
      drop(name, entry);
      const gone = room
        .close(closeCodes.goingAway, '')
        // What is not checkpointed is still in the records.
        .catch(() => undefined)
        .finally(() => closing.delete(name));
      closing.set(name, gone);
    }, limits.idle);
  }

  function round(): void {
    for (const { room } of entries.values()) room?.round();
    cancelRound = timer(round, limits.round);
  }
  cancelRound = timer(round, limits.round);

  return {
    join(socket, name, { wantsStored = false, caller } = {}) {
      if (closed || (entries.size >= limits.rooms && !entries.has(name))) {
        socket.close(closed ? closeCodes.goingAway : closeCodes.busy, closed ? 'stopping' : 'too many rooms');
        return nobody;
      }
      lastId += 1;
      const id = lastId;
      if (caller !== undefined) {
        callers.set(id, caller);
        given.met?.(id, caller);
      }
      const entry = entryOf(name);
      let inside: SocketEvents | undefined;
      let open = true;
      entry.waiting += 1;
      entry.idle?.();
      // Nothing is read before the document is there.
      socket.pause();
      entry.loading.then(
        (room) => {
          entry.room = room;
          entry.waiting -= 1;
          if (room === undefined) drop(name, entry);
          if (!open) left(name, entry);
          else if (closed) socket.close(closeCodes.goingAway, 'stopping');
          else if (room === undefined) socket.close(closeCodes.workspace, 'no such document');
          else if (entries.get(name) !== entry) socket.close(closeCodes.failed, 'the room was let go');
          else {
            inside = room.join(socket, id, wantsStored);
            socket.resume();
          }
        },
        (error: unknown) => {
          entry.waiting -= 1;
          drop(name, entry);
          socket.close(
            closeCodes.failed,
            error instanceof Error ? error.message : 'the document cannot be read',
          );
        },
      );
      return {
        message: (bytes) => inside?.message(bytes),
        drained: () => inside?.drained(),
        pinged: () => inside?.pinged?.(),
        closed(code, reason) {
          counts.closes.set(code, (counts.closes.get(code) ?? 0) + 1);
          open = false;
          callers.delete(id);
          inside?.closed(code, reason);
          left(name, entry);
        },
      };
    },
    async close() {
      closed = true;
      cancelRound?.();
      const open = [...entries.values()];
      entries.clear();
      counts.rooms = 0;
      await Promise.all([
        ...closing.values(),
        ...open.map(async ({ loading, idle }) => {
          idle?.();
          const room = await loading.catch(() => undefined);
          await room?.close(closeCodes.goingAway, 'stopping');
        }),
      ]);
    },
  };
}

const nothing = (): void => undefined;
const nobody: SocketEvents = { message: nothing, drained: nothing, closed: nothing };
