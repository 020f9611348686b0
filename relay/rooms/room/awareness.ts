import { type AwarenessEntry, readAwareness } from './wire.ts';

/** What one update may hold. */
export interface AwarenessLimits {
  /** Bytes of an update. */
  readonly bytes: number;
  /** Clients that one socket may speak for. */
  readonly clients: number;
  /** Clients of a room. */
  readonly room: number;
  /** How deep the JSON of a state may nest: clients compare states by recursion. */
  readonly depth: number;
}

export const awarenessLimits: AwarenessLimits = { bytes: 64 * 1024, clients: 16, room: 4_096, depth: 32 };

/** Whoever speaks in a room. */
export interface Speaker {
  /** The number of its socket. */
  readonly id?: number;
  /** Asks whether the other end is still there, and cuts it off if not. */
  probe(): void;
}

/** Who is present in a room, as their own sockets say. */
export interface Presence {
  /**
   * Takes an update. Throws `RangeError`, `TypeError` or `SyntaxError` for one that no client sends. `spoofed` counts
   * entries that would have changed what another socket says of itself: they are left out.
   */
  take(speaker: Speaker, update: Uint8Array): { readonly spoofed: number };
  /** The newest state of each client that changed since this was asked last. */
  changes(): readonly AwarenessEntry[];
  /** Everybody who is present. */
  all(): readonly AwarenessEntry[];
  /** A socket is gone, and with it the clients that it spoke for. */
  leave(speaker: Speaker): void;
  /** Forgets clients that were not renewed since the call before the last. */
  expire(): void;
}

interface Present {
  clock: number;
  state: string;
  speaker: Speaker;
  /** Rounds of `expire` since it was renewed. */
  age: number;
}

function depthOf(value: unknown, most: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (most === 0) throw new RangeError('an awareness state nests too deep');
  for (const one of Object.values(value)) depthOf(one, most - 1);
}

const gone = 'null';

/**
 * A client belongs to the socket that speaks for it first, except that the client which a socket names alone in its
 * first update is its own: y-websocket begins so, and later also repeats what it heard of others. What is repeated has
 * no newer clock and changes nothing.
 */
export function openPresence(
  limits: AwarenessLimits = awarenessLimits,
  mayName: (speaker: Speaker, state: unknown) => boolean = () => true,
): Presence {
  const present = new Map<number, Present>();
  const own = new Map<Speaker, number | undefined>();
  const counts = new Map<Speaker, number>();
  let changed = new Map<number, AwarenessEntry>();

  const count = (speaker: Speaker, by: number): void => {
    const now = (counts.get(speaker) ?? 0) + by;
    if (now > 0) counts.set(speaker, now);
    else counts.delete(speaker);
  };

  function remove(client: number, { clock, speaker }: Present): void {
    present.delete(client);
    count(speaker, -1);
    changed.set(client, { client, clock, state: gone });
  }

  /** False for an entry of another's client that would have changed something. */
  function takeOne(speaker: Speaker, { client, clock, state }: AwarenessEntry): boolean {
    const known = present.get(client);
    const leaves = state === gone;
    if (known === undefined) {
      if (leaves || (counts.get(speaker) ?? 0) >= limits.clients || present.size >= limits.room) return true;
      present.set(client, { clock, state, speaker, age: 0 });
      count(speaker, 1);
      changed.set(client, { client, clock, state });
      return true;
    }
    const newer = clock > known.clock;
    if (known.speaker !== speaker) {
      const mine = own.get(speaker) === client;
      if (mine && own.get(known.speaker) !== client) {
        count(known.speaker, -1);
        count(speaker, 1);
        known.speaker = speaker;
      } else {
        // An echo; or a newcomer in the place of a connection that may be dead.
        if (newer || mine) known.speaker.probe();
        return !newer;
      }
    }
    if (leaves && clock >= known.clock) remove(client, { ...known, clock });
    else if (newer) {
      Object.assign(known, { clock, state, age: 0 });
      changed.set(client, { client, clock, state });
    }
    return true;
  }

  /** What was heard of others may be said again: it changes nothing. */
  const repeats = ({ client, clock }: AwarenessEntry): boolean => clock <= (present.get(client)?.clock ?? -1);

  return {
    take(speaker, update) {
      if (update.length > limits.bytes) throw new RangeError('an awareness update is too large');
      const entries = readAwareness(update, limits.room);
      const named: AwarenessEntry[] = [];
      for (const entry of entries) {
        const { state } = entry;
        const value: unknown = JSON.parse(state);
        depthOf(value, limits.depth);
        if (value === null && state !== gone) throw new RangeError('an awareness state is written oddly');
        if (repeats(entry) || mayName(speaker, value)) named.push(entry);
      }
      if (!own.has(speaker)) own.set(speaker, entries.length === 1 ? entries[0]?.client : undefined);
      let spoofed = entries.length - named.length;
      for (const entry of named) if (!takeOne(speaker, entry)) spoofed += 1;
      return { spoofed };
    },
    changes() {
      if (changed.size === 0) return [];
      const entries = [...changed.values()];
      changed = new Map();
      return entries;
    },
    all() {
      return [...present].map(([client, { clock, state }]) => ({ client, clock, state }));
    },
    leave(speaker) {
      own.delete(speaker);
      for (const [client, entry] of present) if (entry.speaker === speaker) remove(client, entry);
    },
    expire() {
      for (const [client, entry] of present) {
        entry.age += 1;
        if (entry.age > 4) remove(client, entry);
      }
    },
  };
}
