import { awarenessLimits } from './awareness.ts';
import type { Guest } from './guest.ts';
import type { AwarenessEntry } from './wire.ts';

/** Clients of which a socket may miss news: as many as may be there, and as many that left. */
const mostMissed = 2 * awarenessLimits.room;

/** Keeps news of presence for a socket that has enough to read; one that misses too much of it is cut off. */
export function missPresence(guest: Guest, entries: readonly AwarenessEntry[]): void {
  for (const entry of entries) guest.missed.set(entry.client, entry);
  if (guest.missed.size > mostMissed) guest.socket.cut();
}

/** News of presence that a socket is sent make up for what it missed of the same clients. */
export function tookPresence({ missed }: Guest, entries: readonly AwarenessEntry[]): void {
  if (missed.size > 0) for (const { client } of entries) missed.delete(client);
}

/** What a socket missed of presence; it is told so now. */
export function takeMissed(guest: Guest): AwarenessEntry[] {
  const missed = [...guest.missed.values()];
  guest.missed.clear();
  return missed;
}
