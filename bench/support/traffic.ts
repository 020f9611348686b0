import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** Bytes of this process' connections, all layers above TCP. */
export interface Traffic {
  readonly received: number;
  readonly sent: number;
}

/** Counts what goes over the connections that this process dials from now on; asked for, it says how much it was. */
export function watchTraffic(): () => Traffic {
  const sockets: Socket[] = [];
  subscribe('net.client.socket', (message) => {
    const { socket } = message as { socket?: Socket };
    if (socket) sockets.push(socket);
  });
  return () => ({
    received: sockets.reduce((sum, socket) => sum + socket.bytesRead, 0),
    sent: sockets.reduce((sum, socket) => sum + socket.bytesWritten, 0),
  });
}
