import type { ServerResponse } from 'node:http';

/**
 * For answers that take long or never end. A reader that closes its half of the connection may still wait for an
 * answer, and what is answered soon is answered. What waits, or streams, can't tell that from one that hung up, and
 * takes it for that: the connection is closed, so nothing goes on for nobody.
 */
export function endsWithReader(outgoing: ServerResponse): void {
  const { socket } = outgoing.req;
  const end = (): void => void socket.destroy();
  if (socket.readableEnded) end();
  else socket.once('end', end);
  outgoing.once('close', () => socket.off('end', end));
}

/** Aborts once nobody waits for the answer any more: the connection is closed, also by its reader's half. */
export function gone(outgoing: ServerResponse): AbortSignal {
  const controller = new AbortController();
  outgoing.once('close', () => controller.abort());
  endsWithReader(outgoing);
  return controller.signal;
}
