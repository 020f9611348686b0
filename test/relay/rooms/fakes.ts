import { applyUpdate, Doc, decodeUpdate, encodeStateAsUpdate, encodeStateVector } from 'yjs';
import type { Socket, SocketEvents } from '../../../relay/mux/socket.ts';
import { openDocuments } from '../../../relay/rooms/documents/open-documents.ts';
import { type RoomCounts, roomCounts } from '../../../relay/rooms/metrics.ts';
import * as wire from '../../../relay/rooms/room/wire.ts';
import { openRooms, type Rooms, type RoomsLimits } from '../../../relay/rooms/rooms.ts';
import { createMemoryStore, type MemoryStore } from '../../../src/storage/store/memory.ts';

/** Timers that run when they are told to. */
export function clock() {
  const tasks = new Map<object, { task: () => void; ms: number }>();
  return {
    timer(task: () => void, ms: number) {
      const key = {};
      tasks.set(key, { task, ms });
      return () => void tasks.delete(key);
    },
    /** Runs what waits now for so long. */
    run(ms: number) {
      for (const [key, one] of [...tasks]) {
        if (one.ms !== ms || !tasks.has(key)) continue;
        tasks.delete(key);
        one.task();
      }
    },
  };
}

/** A socket whose other end is the test. */
export interface Peer {
  readonly socket: Socket;
  /** Frames as they were sent, and the messages in them. */
  readonly framed: Uint8Array[];
  readonly messages: Uint8Array[];
  /** Bytes that the room believes are waiting. */
  buffered: number;
  readonly state: { paused: boolean; pings: number; cut: boolean; closed: number | undefined; heard: number };
  events: SocketEvents;
  /** The peer's own copy: what it was sent is applied to it. */
  readonly doc: Doc;
  readonly present: Map<number, { clock: number; state: string }>;
  stored: number;
  say(message: Uint8Array): void;
  /** Says what the document holds beyond nothing. */
  push(): void;
  /** Asks for everything that it lacks. */
  ask(): void;
}

const payloadOf = (framed: Uint8Array): Uint8Array => {
  const length = (framed[1] ?? 0) & 0x7f;
  return framed.subarray(length === 127 ? 10 : length === 126 ? 4 : 2);
};

export function peer(doc = new Doc()): Peer {
  const framed: Uint8Array[] = [];
  const messages: Uint8Array[] = [];
  const state = { paused: false, pings: 0, cut: false, closed: undefined as number | undefined, heard: 0 };
  const present = new Map<number, { clock: number; state: string }>();
  function hear(bytes: Uint8Array): void {
    messages.push(bytes);
    if (bytes[0] === 120) {
      made.stored = wire.readNumber({ bytes, at: 1 });
      return;
    }
    const message = wire.readMessage(bytes);
    if (message.kind === 'update') applyUpdate(doc, message.bytes, made);
    if (message.kind === 'vector') made.say(wire.step2(encodeStateAsUpdate(doc, message.bytes)));
    if (message.kind === 'awareness')
      for (const { client, clock, state } of wire.readAwareness(message.bytes, 1e6))
        present.set(client, { clock, state });
  }
  const made: Peer = {
    framed,
    messages,
    buffered: 0,
    state,
    doc,
    present,
    stored: 0,
    events: { message: () => undefined, drained: () => undefined, closed: () => undefined },
    socket: {
      protocol: '',
      binding: undefined,
      send: (bytes) => hear(bytes),
      sendText: () => undefined,
      sendFramed(bytes) {
        framed.push(bytes);
        hear(payloadOf(bytes));
      },
      buffered: () => made.buffered,
      pause() {
        state.paused = true;
      },
      resume() {
        state.paused = false;
      },
      ping() {
        state.pings += 1;
      },
      heard: () => state.heard,
      close(code) {
        state.closed ??= code;
        made.events.closed(code, '');
      },
      cut() {
        state.cut = true;
        made.events.closed(1006, '');
      },
    },
    say(message) {
      state.heard += 1;
      made.events.message(message);
    },
    push: () => made.say(wire.step2(encodeStateAsUpdate(doc))),
    ask: () => made.say(wire.step1(encodeStateVector(doc))),
  };
  return made;
}

/** Rooms over a store in memory, with a clock of the test. */
export function world(
  limits: Partial<RoomsLimits> = {},
  compaction: object = {},
  store = createMemoryStore(),
) {
  const time = clock();
  const counts: RoomCounts = roomCounts();
  const troubles: unknown[] = [];
  const documents = openDocuments({
    store,
    counts,
    monotonic: () => 0,
    compaction,
    onTrouble: (error) => troubles.push(error),
  });
  const rooms: Rooms = openRooms({
    documents,
    counts,
    timer: time.timer,
    limits: { round: 9_000, ...limits },
  });
  return {
    store: store as MemoryStore,
    counts,
    time,
    rooms,
    troubles,
    /** Joins and exchanges the first steps, as a client of y-websocket does. */
    async join(one: Peer, name = 'room', wantsStored = false): Promise<Peer> {
      one.events = rooms.join(one.socket, name, { wantsStored });
      await turns();
      one.doc.on('update', (update: Uint8Array, origin: unknown) => {
        if (origin !== one) one.say(wire.update(update));
      });
      one.ask();
      await turns();
      return one;
    },
    keys: async (prefix: string) => {
      const rows = await store.list({ gte: prefix, lt: `${prefix}\uffff` });
      return rows.map(([key]) => key);
    },
  };
}

/** Lets some turns of the event loop pass: in memory everything settles within them. */
export async function turns(count = 8): Promise<void> {
  for (let at = 0; at < count; at += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Number of structs in an update. */
export const structs = (update: Uint8Array): number => decodeUpdate(update).structs.length;
