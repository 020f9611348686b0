import { WebSocket } from 'ws';
import { gathered } from './gathered.ts';
import type { Stream } from './support.ts';

/** The frames of `/v1/stream` as those of `/v1/events`. Resolves when the socket is open; rejects when it does not open. */
export function followSocket(
  url: string,
  token: string,
  since: string,
): Promise<Pick<Stream, 'events' | 'ended' | 'until' | 'close'>> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/stream?since=${since}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const { events, add, until } = gathered(ended);
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data)) as { id?: string; event: string; data: unknown };
    add({ id: frame.id, event: frame.event, data: JSON.stringify(frame.data) });
  });
  return new Promise((opened, failed) => {
    socket.on('error', failed);
    socket.once('open', () => opened({ events, ended, until, close: () => socket.terminate() }));
  });
}
