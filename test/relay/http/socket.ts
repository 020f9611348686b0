import type { EventSourceMessage } from 'eventsource-parser';
import { WebSocket } from 'ws';
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
  const events: EventSourceMessage[] = [];
  const waiting = new Set<() => void>();
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('message', (data) => {
    const {
      id,
      event,
      data: said,
    } = JSON.parse(String(data)) as { id?: string; event: string; data: unknown };
    events.push({ id, event, data: JSON.stringify(said) });
    for (const look of waiting) look();
  });
  return new Promise((opened, failed) => {
    socket.on('error', failed);
    socket.once('open', () =>
      opened({
        events,
        ended,
        until: (count) =>
          new Promise((enough, fail) => {
            const look = (): void => {
              if (events.length < count) return;
              waiting.delete(look);
              enough(events.slice(0, count));
            };
            waiting.add(look);
            void ended.then(() =>
              fail(new Error(`the socket closed after ${events.length} of ${count} events`)),
            );
            look();
          }),
        close: () => socket.terminate(),
      }),
    );
  });
}
