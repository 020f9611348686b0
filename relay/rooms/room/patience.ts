import type { Guest } from './guest.ts';

/** Rounds without a word before a ping, and before the end. */
const patience = { ping: 2, end: 6 } as const;

/**
 * One round: asks after a socket that nothing is heard of, and cuts off the one that stays silent or lets wait over
 * `most` bytes that the room did not send: pongs, which nothing else bounds.
 */
export function lookAfter(guest: Guest, most: number): void {
  const { socket } = guest;
  const buffered = socket.buffered();
  if (buffered === 0) guest.sent = 0;
  const heard = socket.heard();
  guest.quiet = heard > guest.heard ? 0 : guest.quiet + 1;
  guest.heard = heard;
  if (guest.quiet >= patience.end || buffered > guest.sent + most) socket.cut();
  else if (guest.quiet >= patience.ping) socket.ping();
}
