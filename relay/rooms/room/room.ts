import { decodeStateVector, mergeUpdates } from 'yjs';
import { closeCodes } from '../../../schemas/protocol.ts';
import { frame } from '../../mux/frame.ts';
import type { DocumentEvents, RoomDocument } from '../documents/document.ts';
import { awarenessLimits, openPresence } from './awareness.ts';
import { createGuest, type Guest, leaveOut, type Parcel, parcelOf, vectorWithout } from './guest.ts';
import { missPresence, takeMissed, tookPresence } from './missed.ts';
import { lookAfter } from './patience.ts';
import type { Room, RoomOptions } from './types.ts';
import * as wire from './wire.ts';

const keepAlive = frame(wire.keepAlive);

/** Loads the document and opens the room; undefined when there is no such document. */
export async function openRoom(options: RoomOptions): Promise<Room | undefined> {
  const { counts, limits, timer } = options;
  const guests = new Map<number, Guest>();
  const presence = openPresence(awarenessLimits, options.mayName);
  let document: RoomDocument | undefined;
  let ended = false;
  // What became durable in this turn, and whom all of it came from.
  let updates: Uint8Array[] = [];
  let origin: number | undefined;
  let settled: Guest[] = [];
  let turn: NodeJS.Immediate | undefined;

  function sendFramed(guest: Guest, framed: Uint8Array): void {
    guest.spoke = true;
    guest.sent += framed.length;
    guest.socket.sendFramed(framed);
  }
  const send = (guest: Guest, message: Uint8Array): void => sendFramed(guest, frame(message));
  /** It has enough to read: what it is owed waits until all of it has left, one of each kind. */
  const isFull = (guest: Guest): boolean => guest.socket.buffered() > limits.buffered;

  function give(guest: Guest, parcel: Parcel): void {
    if (guest.stage === 'live' && isFull(guest)) {
      guest.stage = 'lagged';
      counts.lagged += 1;
    }
    if (guest.stage === 'live') {
      counts.updatesOut += 1;
      counts.bytesOut += parcel.framed.length;
      sendFramed(guest, parcel.framed);
    } else if (guest.stage === 'catching' && guest.heldBytes < limits.buffered && !guest.behind) {
      guest.held.push(parcel.framed);
      guest.heldBytes += parcel.framed.length;
    } else if (guest.stage !== 'silent') leaveOut(guest, parcel);
  }

  /** One buffer for everything that became durable in a turn, the same for all sockets. */
  function sendUpdates(): void {
    const [first] = updates;
    if (first === undefined) return;
    const parcel = parcelOf(updates.length === 1 ? first : mergeUpdates(updates));
    updates = [];
    counts.turns += 1;
    for (const guest of guests.values()) if (guest.id !== origin) give(guest, parcel);
  }

  function sendPresence(): void {
    const changes = presence.changes();
    if (changes.length === 0) return;
    const framed = frame(wire.awareness(wire.writeAwareness(changes)));
    for (const guest of guests.values())
      if (isFull(guest) || guest.stage === 'lagged') missPresence(guest, changes);
      else {
        tookPresence(guest, changes);
        sendFramed(guest, framed);
      }
  }

  function tellPresence(guest: Guest, entries: readonly wire.AwarenessEntry[]): void {
    if (entries.length === 0) return;
    if (isFull(guest)) missPresence(guest, entries);
    else send(guest, wire.awareness(wire.writeAwareness(entries)));
  }

  /** Answers who is present; who asks too much is answered once, when it may ask again. */
  function tellAll(guest: Guest): void {
    guest.queried = guest.allowance.spent;
    if (guest.queried) return;
    const before = guest.sent;
    tellPresence(guest, presence.all());
    guest.allowance.spend(guest.sent - before);
  }

  function sendStored(): void {
    for (const guest of settled) {
      if (guest.told === guest.stored || isFull(guest)) continue;
      guest.told = guest.stored;
      send(guest, wire.stored(guest.stored));
    }
    settled = [];
  }

  function broadcast(): void {
    turn = undefined;
    sendUpdates();
    sendPresence();
    sendStored();
  }
  const soon = (): void => {
    turn ??= setImmediate(broadcast);
  };

  function end(guest: Guest, code: number, reason: string): void {
    if (guest.open) guest.socket.close(code, reason);
    leave(guest);
  }

  function leave(guest: Guest): void {
    if (!guest.open) return;
    guest.open = false;
    guest.asking?.();
    guest.allowance.end();
    guest.held = [];
    guests.delete(guest.id);
    counts.sockets -= 1;
    presence.leave(guest);
    document?.left(guest.id);
    soon();
  }

  /** Lets readers go on that were paused, once there is room. */
  function release(): void {
    if (document === undefined || document.waiting() > limits.waiting / 2) return;
    for (const guest of guests.values()) guest.letGo('storing');
  }

  function fail(reason: string): void {
    if (ended) return;
    ended = true;
    counts.failed += 1;
    for (const guest of [...guests.values()]) end(guest, closeCodes.failed, reason);
    options.ended();
    document?.close().catch(() => undefined);
  }

  /** What no room can read ends the socket. */
  function broken(guest: Guest, error: unknown): void {
    const reason = error instanceof Error ? error.message : 'malformed';
    counts.malformed += 1;
    options.turnedAway?.(guest.id, `unreadable: ${reason}`);
    end(guest, closeCodes.malformed, reason);
  }

  const events: DocumentEvents = {
    update(update, from) {
      origin = updates.length === 0 || origin === from ? from : undefined;
      updates.push(update);
      soon();
    },
    stored(from, count) {
      const guest = guests.get(from);
      if (guest) {
        guest.stored += count;
        if (guest.wantsStored) {
          settled.push(guest);
          soon();
        }
      }
      release();
    },
    refused(from, reason, code = closeCodes.refused) {
      counts.refused += 1;
      const guest = guests.get(from);
      if (guest) end(guest, code, reason);
      release();
    },
    lacking(from) {
      counts.lacking += 1;
      const guest = guests.get(from);
      if (guest === undefined || guest.asking) return;
      guest.asking = timer(() => {
        guest.asking = undefined;
        ask(guest);
      }, limits.asking);
    },
    mayWrite: (from) => options.mayWrite?.(from) ?? true,
    failed: (error) => fail(error instanceof Error ? error.message : String(error)),
  };

  /** Asks a socket for what is not here. */
  function ask(guest: Guest): void {
    document?.vector().then((vector) => {
      guest.unasked = isFull(guest);
      if (guest.open && !guest.unasked) send(guest, wire.step1(vector));
    }, events.failed);
  }

  /** Sends what a socket lacks, then what came meanwhile; from then on it is live. */
  function catchUp(guest: Guest, vector: Uint8Array): void {
    // What it was never given is its due.
    const isRepeat = guest.stage === 'live';
    guest.stage = 'catching';
    guest.wanted = undefined;
    document?.diff(vector).then(
      (state) => {
        if (!guest.open) return;
        counts.bytesOut += state.length;
        if (isRepeat) guest.allowance.spend(state.length);
        send(guest, wire.step2(state));
        for (const framed of guest.held) sendFramed(guest, framed);
        guest.held = [];
        guest.heldBytes = 0;
        guest.stage = guest.behind ? 'lagged' : 'live';
        if (guest.behind && guest.socket.buffered() === 0) drained(guest);
      },
      (error: unknown) => {
        if (!(error instanceof RangeError)) events.failed(error);
        else if (guest.open) broken(guest, error);
      },
    );
  }

  /** Gives a socket that has read everything what it is owed. */
  function drained(guest: Guest): void {
    if (!guest.open) return;
    guest.sent = 0;
    tellPresence(guest, takeMissed(guest));
    if (guest.unasked) ask(guest);
    if (guest.wantsStored && guest.told !== guest.stored) {
      settled.push(guest);
      soon();
    }
    const { missing, wanted } = guest;
    if ((wanted === undefined || guest.allowance.spent) && guest.stage !== 'lagged') return;
    if (guest.stage === 'live' && wanted) {
      catchUp(guest, wanted);
      return;
    }
    guest.stage = 'catching';
    guest.missing = new Map();
    guest.behind = false;
    // What was left out lies beyond what it asked with.
    if (wanted) catchUp(guest, wanted);
    else
      document?.vector().then((vector) => {
        if (guest.open) catchUp(guest, vectorWithout(decodeStateVector(vector), missing));
      }, events.failed);
  }

  /** Answers what it asked meanwhile. */
  function refilled(guest: Guest): void {
    if (!guest.open) return;
    if (guest.queried) tellAll(guest);
    if (guest.wanted && guest.stage !== 'catching' && !isFull(guest)) catchUp(guest, guest.wanted);
  }

  function take(guest: Guest, bytes: Uint8Array): void {
    const message = wire.readMessage(bytes);
    if (message.kind === 'update') {
      counts.updatesIn += 1;
      counts.bytesIn += message.bytes.length;
      document?.receive(message.bytes, guest.id, message.whole);
      if ((document?.waiting() ?? 0) > limits.waiting) guest.hold('storing');
    } else if (message.kind === 'vector') {
      guest.allowance.spend(0);
      // Asked twice: the first answer covers it.
      if (guest.stage === 'catching') return;
      if (isFull(guest) || guest.allowance.spent) guest.wanted = message.bytes;
      else catchUp(guest, message.bytes);
    } else if (message.kind === 'awareness') {
      guest.allowance.spend(bytes.length * guests.size);
      const { spoofed } = presence.take(guest, message.bytes);
      counts.spoofed += spoofed;
      // It may do so for ever, and is told of once.
      if (spoofed > 0 && !guest.spoofed)
        options.turnedAway?.(guest.id, 'spoofed: it spoke for another client or member');
      guest.spoofed ||= spoofed > 0;
      soon();
    } else if (message.kind === 'query') tellAll(guest);
    else guest.allowance.spend(bytes.length);
  }

  document = await options.documents.open(options.name, events);
  if (document === undefined) return undefined;

  return {
    get size() {
      return guests.size;
    },
    join(socket, id, wantsStored) {
      const guest = createGuest({ id, socket, wantsStored, timer, onRefilled: refilled });
      guests.set(id, guest);
      counts.sockets += 1;
      ask(guest);
      tellPresence(guest, presence.all());
      return {
        message(bytes) {
          if (!guest.open) return;
          try {
            take(guest, bytes);
          } catch (error) {
            broken(guest, error);
          }
        },
        drained: () => drained(guest),
        pinged: () => guest.allowance.spend(0),
        closed: () => leave(guest),
      };
    },
    round() {
      for (const guest of [...guests.values()]) {
        if (!guest.spoke) sendFramed(guest, keepAlive);
        guest.spoke = false;
        lookAfter(guest, limits.buffered);
      }
      presence.expire();
      soon();
    },
    async close(code, reason) {
      ended = true;
      for (const guest of [...guests.values()]) end(guest, code, reason);
      clearImmediate(turn);
      await document.close();
    },
  };
}
